/**
 * The kinds of options. A component declares its options once, as data: Flume's name, kind, default, one sentence, range. From the
 * declaration come the TypeScript type, the check at start-up, `sluice help`, `conf/REFERENCE.md` and the hints.
 */

/** What reading one text gives: a value, or what is wrong with it and, where there is one, the nearest valid word. */
/** A value, or what is wrong with the text; a lenient option then has `instead`, or else its default. */
export type Parsed<T> =
  | { readonly value: T }
  | { readonly problem: string; readonly hint?: string; readonly instead?: T };

interface OptionCommon<T> {
  /** One or two sentences: what it does. */
  readonly doc: string;
  readonly required: boolean;
  readonly default: T | undefined;
  /** The unit of a number: ms, s, bytes, events. */
  readonly unit?: string;
  /** The allowed values in words, for the reference. */
  readonly range?: string;
  /** Older names of the same option. */
  readonly formerly?: readonly string[];
  /** Never shown in a log or a reference to the value. */
  readonly secret?: boolean;
  /** A wrong value is a warning and gives the default, as Flume does here; else it is an error. */
  readonly lenient?: boolean;
  /** Not of Flume: an addition of Sluice. */
  readonly ours?: boolean;
}

/** An option with one text as its value. */
export interface ScalarOption<T> extends OptionCommon<T> {
  readonly shape: 'scalar';
  /** The kind in one word, for the reference: text, integer, boolean, … */
  readonly kind: string;
  parse(text: string): Parsed<T>;
}

/**
 * An option whose keys the user chooses: `filegroups.<name>`, `header.<name>`; in the table it stands as `filegroups.*`. The value
 * maps what stands behind the prefix to the text; further dots belong to the name.
 */
export interface EntriesOption extends OptionCommon<ReadonlyMap<string, string>> {
  readonly shape: 'entries';
  /** What the name stands for, for the reference: `filegroups.<group>`. */
  readonly of: string;
}

/** An option that names another component (`serializer = TEXT`); the keys below its name (`serializer.appendNewline`) are that one's options. */
export interface NestedOption extends OptionCommon<NestedValue> {
  readonly shape: 'nested';
  /** The kind of the component: serializer, … */
  readonly component: string;
  /** The type that is taken when none is given. */
  readonly defaultType: string;
}

/** A nested component, checked and bound; `component/declaration.ts` makes one from it. */
export interface NestedValue {
  /** The declaration, opaque at this floor. */
  readonly declaration: { readonly kind: string; readonly type: string };
  readonly options: Readonly<Record<string, unknown>>;
}

export type Option<T> = ScalarOption<T>;
export type AnyOption = ScalarOption<unknown> | EntriesOption | NestedOption;

/** The options of a component, by Flume's names. */
export type OptionTable = Readonly<Record<string, AnyOption>>;

/** The values of an option table: `{ 'hdfs.path': string, … }`. */
export type OptionValues<T extends OptionTable> = {
  readonly [K in keyof T]: T[K] extends ScalarOption<infer V>
    ? V
    : T[K] extends EntriesOption
      ? ReadonlyMap<string, string>
      : T[K] extends NestedOption
        ? NestedValue
        : never;
};

interface Spec<T> {
  readonly doc: string;
  readonly required?: boolean;
  readonly default?: T;
  readonly formerly?: readonly string[];
  readonly ours?: boolean;
}

/** The value's type: never undefined when required or with a default. */
type Given<T, S> = S extends { readonly required: true } ? T : S extends { readonly default: T } ? T : T | undefined;

function scalar<T, S extends Spec<T>>(
  kind: string,
  spec: S,
  parse: (text: string) => Parsed<T>,
  more: { unit?: string; range?: string; secret?: boolean; lenient?: boolean } = {},
): ScalarOption<Given<T, S>> {
  return {
    shape: 'scalar',
    kind,
    doc: spec.doc,
    required: spec.required ?? false,
    default: spec.default as Given<T, S> | undefined,
    formerly: spec.formerly,
    ours: spec.ours,
    parse: parse as (text: string) => Parsed<Given<T, S>>,
    ...more,
  };
}

/** Any text. `secret` keeps it out of logs. `check` returns what is wrong with it. */
export function text<const S extends Spec<string> & { secret?: boolean; check?: (text: string) => string | undefined }>(
  spec: S,
): ScalarOption<Given<string, S>> {
  return scalar<string, S>(
    'text',
    spec,
    (value) => {
      const problem = spec.check?.(value);
      return problem === undefined ? { value } : { problem };
    },
    { secret: spec.secret },
  );
}

/** A whole number as Java reads it: decimal digits, no unit. */
export function integer<
  const S extends Spec<number> & { min?: number; max?: number; unit?: string; lenient?: boolean },
>(spec: S): ScalarOption<Given<number, S>> {
  const min = spec.min ?? Number.NEGATIVE_INFINITY;
  const max = spec.max ?? Number.POSITIVE_INFINITY;
  const range =
    spec.min === undefined && spec.max === undefined
      ? undefined
      : spec.max === undefined
        ? `at least ${min}`
        : spec.min === undefined
          ? `at most ${max}`
          : `${min} to ${max}`;
  return scalar<number, S>(
    'integer',
    spec,
    (value) => {
      if (!/^[+-]?\d+$/.test(value)) {
        const digits = /^[+-]?\d+/.exec(value)?.[0];
        return {
          problem: `"${value}" is not a whole number`,
          hint:
            digits === undefined
              ? 'digits only'
              : `digits only, without a unit: ${digits}${spec.unit ? ` means ${digits} ${spec.unit}` : ''}`,
        };
      }
      const number = Number(value);
      if (number < min || number > max) return { problem: `${value} is out of range`, hint: range };
      return { value: number };
    },
    { unit: spec.unit, range, lenient: spec.lenient },
  );
}

/** True for "true" in any case, as in Flume; everything else is false, with a warning unless it is "false". */
export function bool<const S extends Spec<boolean>>(spec: S): ScalarOption<Given<boolean, S>> {
  return scalar<boolean, S>(
    'boolean',
    spec,
    (value) => {
      if (/^true$/i.test(value)) return { value: true };
      if (/^false$/i.test(value)) return { value: false };
      return { problem: `"${value}" is neither true nor false`, hint: 'as in Flume', instead: false };
    },
    { lenient: true, range: 'true, false' },
  );
}

/** One of several words, in any case unless `exactCase`; the value is spelt as declared. */
export function choice<const C extends string, const S extends Spec<NoInfer<C>> & { exactCase?: boolean }>(
  words: readonly C[],
  spec: S,
): ScalarOption<Given<C, S>> {
  return scalar<C, S>(
    'choice',
    spec,
    (value) => {
      const found = words.find(
        (word) => word === value || (!spec.exactCase && word.toLowerCase() === value.toLowerCase()),
      );
      return found === undefined
        ? { problem: `"${value}" is not known`, hint: `one of ${words.join(', ')}` }
        : { value: found };
    },
    { range: words.join(', ') },
  );
}

/** Several words; separated by white space unless told otherwise. */
export function words<const S extends Spec<readonly string[]> & { separator?: RegExp }>(
  spec: S,
): ScalarOption<Given<readonly string[], S>> {
  return scalar<readonly string[], S>('words', spec, (value) => ({
    value: value.split(spec.separator ?? /\s+/).filter((word) => word !== ''),
  }));
}

/** Keys that the user chooses behind a prefix; its name in the table is the prefix and `.*`. */
export function entries(spec: { doc: string; of: string; required?: boolean; ours?: boolean }): EntriesOption {
  return {
    shape: 'entries',
    doc: spec.doc,
    of: spec.of,
    required: spec.required ?? false,
    default: new Map<string, string>(),
    ours: spec.ours,
  };
}

/** Another component named by its type, its options below the same prefix. */
export function nested(spec: { component: string; default: string; doc: string; ours?: boolean }): NestedOption {
  return {
    shape: 'nested',
    component: spec.component,
    defaultType: spec.default,
    doc: spec.doc,
    required: false,
    default: undefined,
    ours: spec.ours,
  };
}
