import type { Bindable, Report } from '../options/bind.ts';
import type { NestedValue, OptionTable, OptionValues } from '../options/option.ts';
import type { Channel, ChannelContext } from './channel.ts';
import type { FileSystemDeclaration } from './file-system.ts';
import type { Interceptor, InterceptorContext } from './interceptor.ts';
import type { Processor, ProcessorContext } from './processor.ts';
import type { Selector, SelectorContext } from './selector.ts';
import type { Serializer, SerializerContext } from './serializer.ts';
import type { Sink, SinkContext } from './sink.ts';
import type { Source, SourceContext } from './source.ts';

/** The kinds of components, what each makes, and from what. */
export interface Kinds {
  source: { product: Source; context: SourceContext };
  channel: { product: Channel; context: ChannelContext };
  sink: { product: Sink; context: SinkContext };
  interceptor: { product: Interceptor; context: InterceptorContext };
  selector: { product: Selector; context: SelectorContext };
  processor: { product: Processor; context: ProcessorContext };
  serializer: { product: Serializer; context: SerializerContext };
}

export type Kind = keyof Kinds;

interface DeclarationParts<K extends Kind, T extends OptionTable> {
  /** The name in a configuration; it is matched in any case. */
  readonly type: string;
  /** Flume's class names for it; matched exactly. */
  readonly classNames?: readonly string[];
  /** One sentence for `sluice help`. */
  readonly summary: string;
  readonly options: T;
  /** Rules between options, and advice; called only when each option for itself is right. */
  readonly check?: (values: OptionValues<T>, report: Report) => void;
  /** The option that says how many events make a batch; Flume refuses one above the channel's transactionCapacity. */
  readonly batchSize?: (values: OptionValues<T>) => number;
  /** Whether Flume reports counters of it; true unless said otherwise. */
  readonly counted?: boolean;
  /** A source: whether it reads again, in its next life, what was not settled in this one. */
  readonly replays?: boolean | ((values: OptionValues<T>) => boolean);
  /** Makes a component. Opens and touches nothing yet; may throw a SluiceError for what cannot work. */
  readonly create: (options: OptionValues<T>, context: Kinds[K]['context']) => Kinds[K]['product'];
}

/** A component type: what stands in the registry. */
export interface Declaration<K extends Kind = Kind> extends Bindable {
  readonly kind: K;
  readonly classNames: readonly string[];
  readonly summary: string;
  readonly batchSize?: (values: Readonly<Record<string, unknown>>) => number;
  readonly counted: boolean;
  readonly replays: (values: Readonly<Record<string, unknown>>) => boolean;
  create(options: Readonly<Record<string, unknown>>, context: Kinds[K]['context']): Kinds[K]['product'];
}

/** Declares a component type. The option table gives `create` its types; binding guarantees that the values fit them. */
export function declare<const K extends Kind, const T extends OptionTable>(
  kind: K,
  parts: DeclarationParts<K, T>,
): Declaration<K> {
  // The one place where the table's types are taken for the bound values': `bind` fills every option by its declaration.
  type Values = Readonly<Record<string, unknown>>;
  return {
    kind,
    type: parts.type,
    classNames: parts.classNames ?? [],
    summary: parts.summary,
    options: parts.options,
    check: parts.check as ((values: Values, report: Report) => void) | undefined,
    batchSize: parts.batchSize as ((values: Values) => number) | undefined,
    counted: parts.counted ?? true,
    replays: replaysBy(parts.replays),
    create: (options, context) => parts.create(options as OptionValues<T>, context),
  };
}

function replaysBy<T extends OptionTable>(
  replays: boolean | ((values: OptionValues<T>) => boolean) | undefined,
): Declaration['replays'] {
  if (typeof replays === 'function') return replays as Declaration['replays'];
  return () => replays ?? false;
}

/** Every component there is, as a value that is handed down: nothing registers itself. */
export interface Registry {
  readonly components: readonly Declaration[];
  readonly fileSystems: readonly FileSystemDeclaration[];
}

/** Finds a component by its type in any case, or by a class name (also with `$Builder` behind it). */
export function findDeclaration<K extends Kind>(registry: Registry, kind: K, type: string): Declaration<K> | undefined {
  const lower = type.toLowerCase();
  const className = type.replace(/\$Builder$/, '');
  for (const declaration of registry.components) {
    if (declaration.kind !== kind) continue;
    if (declaration.type.toLowerCase() === lower) return declaration as Declaration<K>;
    if (declaration.classNames.some((name) => name === type || name === className))
      return declaration as Declaration<K>;
  }
  return undefined;
}

/** Makes a nested component from its bound value. */
export function createNested<K extends Kind>(
  kind: K,
  value: NestedValue,
  context: Kinds[K]['context'],
): Kinds[K]['product'] {
  const declaration = value.declaration as Declaration<K>;
  if (declaration.kind !== kind) throw new TypeError(`${declaration.type} is a ${declaration.kind}, not a ${kind}`);
  return declaration.create(value.options, context);
}
