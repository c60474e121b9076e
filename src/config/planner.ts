import { type Declaration, findDeclaration, type Kind, type Registry } from '../component/declaration.ts';
import type { ComponentPlan } from '../component/plan.ts';
import { bind, type Lookup, type RawValue } from '../options/bind.ts';
import { nearest } from '../options/nearest.ts';
import type { OptionTable, OptionValues } from '../options/option.ts';
import type { Location, Problem } from '../options/problem.ts';
import { flumeTypeName, flumeTypeNames } from './flume-types.ts';

/** How a problem is said: its component in words, what is wrong, what to do, where. */
type Say = (component: string, message: string, hint?: string, at?: Location) => void;

type Raw = ReadonlyMap<string, RawValue>;

/** What the planning of every kind of component shares: the registry, the list of problems, types and binding. */
export class Planner {
  readonly registry: Registry;
  readonly strict: boolean;
  readonly problems: Problem[] = [];
  readonly #lookup: Lookup;

  constructor(registry: Registry, strict: boolean) {
    this.registry = registry;
    this.strict = strict;
    this.#lookup = (kind, type) => findDeclaration(registry, kind as Kind, type) ?? { known: this.types(kind as Kind) };
  }

  readonly error: Say = (component, message, hint, at) => {
    this.problems.push({ severity: 'error', component, message, hint, at });
  };

  readonly warn: Say = (component, message, hint, at) => {
    this.problems.push({ severity: 'warning', component, message, hint, at });
  };

  /** What Sluice makes good and Flume refuses: a warning, but an error when strict. */
  readonly tolerate: Say = (component, message, hint, at) => {
    this.problems.push({ severity: this.strict ? 'error' : 'warning', component, message, hint, at });
  };

  types(kind: Kind): string[] {
    return this.registry.components.filter((one) => one.kind === kind).map((one) => one.type);
  }

  /** The declaration of a type; a problem says why there is none. */
  declaration<K extends Kind>(kind: K, type: RawValue, component: string): Declaration<K> | undefined {
    const found = findDeclaration(this.registry, kind, type.text);
    if (found === undefined) this.#unknownType(kind, type, component);
    return found;
  }

  #unknownType(kind: Kind, type: RawValue, component: string): void {
    const at = type.valueAt ?? type.at;
    const known = this.types(kind);
    const list = `known: ${known.join(', ')}`;
    const ofFlume = flumeTypeName(kind, type.text);
    if (ofFlume !== undefined) {
      this.error(component, `Flume's ${kind} "${ofFlume}" is not in Sluice`, list, at);
      return;
    }
    const near = nearest(type.text, [
      ...known,
      ...this.registry.components.filter((one) => one.kind === kind).flatMap((one) => one.classNames),
      ...flumeTypeNames(kind),
    ]);
    const other = (['source', 'channel', 'sink', 'interceptor', 'selector', 'processor'] as const).find(
      (one) => one !== kind && findDeclaration(this.registry, one, type.text) !== undefined,
    );
    const hint =
      near !== undefined
        ? `did you mean ${near}?`
        : other !== undefined
          ? `it is a ${other}`
          : (strayHint(type.text) ?? list);
    this.error(component, `there is no ${kind} type "${type.text}"`, hint, at);
  }

  /** Says that `type` is missing, and where a misspelt one stands. */
  missingType(component: string, raw: Raw | undefined, prefix: string, at: Location | undefined): void {
    const slip = [...(raw?.keys() ?? [])].find(
      (key) => key.split('.').length === 1 && nearest(key, ['type']) === 'type',
    );
    if (slip !== undefined) {
      this.error(component, `unknown option "${slip}"`, 'did you mean type?', raw?.get(slip)?.at);
    } else {
      this.error(component, 'has no type', `add ${prefix}type = …`, at);
    }
  }

  /**
   * Binds the options of a component.
   *
   * @param own keys that the agent reads itself, such as `channel`: misspelt ones are found, too
   */
  bind<K extends Kind>(
    name: string,
    declaration: Declaration<K>,
    raw: Raw,
    component: string,
    own: readonly string[],
    at: Location | undefined,
  ): ComponentPlan<K> {
    const options = new Map<string, RawValue>();
    const words = new Set([...raw.keys()].map((key) => key.split('.', 1)[0]!));
    const candidates = [...own.filter((key) => !words.has(key)), ...Object.keys(declaration.options)];
    for (const [key, value] of raw) {
      const word = key.split('.', 1)[0]!;
      if (own.includes(word)) continue;
      const near = isOption(declaration.options, key) ? [] : [word, key].map((part) => nearest(part, candidates));
      const slip = near.find((one) => one !== undefined && own.includes(one));
      if (slip !== undefined) {
        this.error(component, `unknown option "${key}"`, `did you mean ${slip}${key.slice(word.length)}?`, value.at);
      } else {
        options.set(key, value);
      }
    }
    const bound = bind(declaration, options, component, this.#lookup, at);
    for (const problem of bound.problems) this.problems.push(problem);
    return { name, declaration, options: bound.values, at };
  }

  /** Binds the options that all components of a kind have. */
  bindCommon<T extends OptionTable>(kind: Kind, options: T, raw: Raw, component: string): OptionValues<T> {
    const mine = new Map([...raw].filter(([key]) => key in options));
    const bound = bind({ kind, type: '', options }, mine, component, this.#lookup);
    for (const problem of bound.problems) this.problems.push(problem);
    return bound.values as OptionValues<T>;
  }
}

function isOption(table: OptionTable, key: string): boolean {
  return Object.entries(table).some(
    ([name, option]) =>
      name === key ||
      (option.shape === 'scalar' && option.formerly?.includes(key)) ||
      (option.shape !== 'scalar' && key.startsWith(`${name.replace(/\.\*$/, '')}.`)),
  );
}

/** The keys below a prefix, without it; places are kept. */
export function below(raw: Raw, prefix: string): Map<string, RawValue> {
  const found = new Map<string, RawValue>();
  for (const [key, value] of raw) if (key.startsWith(prefix)) found.set(key.slice(prefix.length), value);
  return found;
}

/** Names that are looked at and shown; more would be no hint. */
const MAX_KNOWN = 50;

/** `did you mean x?`, or what there is. */
export function suggest(word: string, valid: readonly string[], none: string): string {
  const few = valid.slice(0, MAX_KNOWN);
  const near = nearest(word, few);
  if (near !== undefined) return `did you mean ${near}?`;
  return valid.length === 0 ? none : `known: ${few.join(', ')}${few.length < valid.length ? ', …' : ''}`;
}

/** What to say of a text that holds what other formats allow and properties do not. */
export function strayHint(text: string): string | undefined {
  if (/(^|\s)(#|\/\/)/.test(text)) return 'a comment stands on a line of its own';
  if (/^["'].*["']$/.test(text)) return 'write it without quotes';
  return /[,;]/.test(text) ? 'names are separated by blanks' : undefined;
}
