import { isSlip, nearest } from './nearest.ts';
import type { AnyOption, NestedOption, NestedValue, OptionTable } from './option.ts';
import type { Location, Problem } from './problem.ts';
import { trim } from './trim.ts';

/** A text of the configuration, where its key stands, and where it stands itself. */
export interface RawValue {
  readonly text: string;
  readonly at?: Location;
  readonly valueAt?: Location;
}

/** The keys of one component, without its prefix. */
export type RawOptions = ReadonlyMap<string, RawValue>;

/** A component type as binding sees it. */
export interface Bindable {
  readonly kind: string;
  readonly type: string;
  readonly options: OptionTable;
  /** Further checks over all values, for rules between options; see `component/declaration.ts`. */
  check?(values: Readonly<Record<string, unknown>>, report: Report): void;
}

/** How a check reports: the option concerned, what is wrong, and what to do. */
export type Report = (severity: 'error' | 'warning', option: string, message: string, hint?: string) => void;

/** Finds nested component types; returns the names that are valid when there is none of that name. */
export type Lookup = (kind: string, type: string) => Bindable | { readonly known: readonly string[] };

export interface Bound {
  readonly values: Readonly<Record<string, unknown>>;
  readonly problems: readonly Problem[];
}

/**
 * Turns the texts of a component into the values of its option table: defaults filled in, numbers parsed, nested
 * components bound. Never throws: whatever is wrong is in `problems`, each with its place and a hint.
 *
 * @param component how problems name the component: `sink k1`
 * @param at where the component itself stands, for what is missing
 */
export function bind(target: Bindable, raw: RawOptions, component: string, lookup: Lookup, at?: Location): Bound {
  const binder = new Binder(target, raw, component, lookup, at);
  return binder.run();
}

class Binder {
  readonly #target: Bindable;
  readonly #raw: RawOptions;
  readonly #component: string;
  readonly #lookup: Lookup;
  readonly #at: Location | undefined;
  readonly #used = new Set<string>();
  readonly #problems: Problem[] = [];

  constructor(target: Bindable, raw: RawOptions, component: string, lookup: Lookup, at: Location | undefined) {
    this.#target = target;
    this.#raw = raw;
    this.#component = component;
    this.#lookup = lookup;
    this.#at = at;
  }

  run(): Bound {
    const values: Record<string, unknown> = {};
    for (const [name, option] of Object.entries(this.#target.options)) values[name] = this.#value(name, option);
    this.#reportUnused();
    if (!this.#problems.some((problem) => problem.severity === 'error')) {
      this.#target.check?.(values, (severity, option, message, hint) =>
        this.#report(
          severity,
          `${option}: ${message}`,
          hint,
          this.#raw.get(option)?.valueAt ?? this.#raw.get(option)?.at ?? this.#at,
        ),
      );
    }
    return { values, problems: this.#problems };
  }

  #report(severity: 'error' | 'warning', message: string, hint: string | undefined, at: Location | undefined): void {
    this.#problems.push({ severity, component: this.#component, message, hint, at });
  }

  #value(name: string, option: AnyOption): unknown {
    switch (option.shape) {
      case 'entries':
        return this.#entries(name, option.required);
      case 'nested':
        return this.#nested(name, option);
      case 'scalar': {
        const raw = this.#take(name, option.formerly);
        if (raw === undefined) {
          if (option.required) this.#missing(name);
          return option.default;
        }
        const parsed = option.parse(trim(raw.text));
        if ('value' in parsed) return parsed.value;
        if (option.lenient) {
          const instead = parsed.instead ?? option.default;
          const fallback = instead === undefined ? 'ignored' : `${instead} is used`;
          this.#report('warning', `${name}: ${parsed.problem}; ${fallback}`, parsed.hint, raw.valueAt ?? raw.at);
          return instead;
        }
        this.#report('error', `${name}: ${parsed.problem}`, parsed.hint, raw.valueAt ?? raw.at);
        return option.default;
      }
    }
  }

  #missing(name: string): void {
    const misspelt = nearest(
      name,
      [...this.#raw.keys()].filter((key) => !(key in this.#target.options)),
    );
    this.#report(
      'error',
      `${name} is missing`,
      misspelt === undefined ? undefined : `is "${misspelt}" meant to be it?`,
      (misspelt === undefined ? undefined : this.#raw.get(misspelt)?.at) ?? this.#at,
    );
  }

  #take(name: string, formerly: readonly string[] = []): RawValue | undefined {
    let found: RawValue | undefined;
    for (const key of [name, ...formerly]) {
      const raw = this.#raw.get(key);
      if (raw === undefined) continue;
      this.#used.add(key);
      found ??= raw;
    }
    return found;
  }

  #below(name: string): Map<string, RawValue> {
    const found = new Map<string, RawValue>();
    const prefix = `${name}.`;
    for (const [key, raw] of this.#raw) {
      if (!key.startsWith(prefix) || key.length === prefix.length) continue;
      if (Object.hasOwn(this.#target.options, key)) continue;
      found.set(key.slice(prefix.length), raw);
      this.#used.add(key);
    }
    return found;
  }

  #entries(name: string, required: boolean): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    const prefix = name.replace(/\*$/, '');
    const siblings = Object.keys(this.#target.options).filter((one) => one.startsWith(prefix) && one !== name);
    for (const [key, raw] of this.#below(prefix.slice(0, -1))) {
      found.set(key, trim(raw.text));
      // Any name is allowed here, but one that is nearly a declared option was hardly chosen freely.
      const near = nearest(prefix + key, siblings);
      if (near === undefined || this.#raw.has(near)) continue;
      this.#report('warning', `"${prefix}${key}" is not an option of its own`, `did you mean ${near}?`, raw.at);
    }
    if (required && found.size === 0) this.#missing(name);
    return found;
  }

  #nested(name: string, option: NestedOption): NestedValue | undefined {
    const raw = this.#take(name);
    const below = this.#below(name);
    const type = raw === undefined ? option.defaultType : trim(raw.text);
    const target = this.#lookup(option.component, type);
    if ('known' in target) {
      const near = nearest(type, target.known);
      const hint = near === undefined ? `known: ${target.known.join(', ')}` : `did you mean ${near}?`;
      this.#report(
        'error',
        `${name}: there is no ${option.component} "${type}"`,
        hint,
        raw?.valueAt ?? raw?.at ?? this.#at,
      );
      return undefined;
    }
    const bound = bind(target, below, `${this.#component}, ${name}`, this.#lookup, raw?.at ?? this.#at);
    for (const problem of bound.problems) this.#problems.push(problem);
    return { declaration: target, options: bound.values };
  }

  #reportUnused(): void {
    const known: string[] = [];
    for (const [name, option] of Object.entries(this.#target.options)) {
      if (option.shape !== 'entries') known.push(name);
    }
    for (const [key, raw] of this.#raw) {
      if (this.#used.has(key)) continue;
      const near = nearest(key, known);
      // A slip would silently change what the agent does; anything else may be a leftover of another version, and Flume
      // runs with it.
      if (near !== undefined && !this.#raw.has(near) && isSlip(key, near)) {
        this.#report('error', `unknown option "${key}"`, `did you mean ${near}?`, raw.at);
      } else {
        this.#report(
          'warning',
          `unknown option "${key}" is ignored`,
          near === undefined || this.#raw.has(near)
            ? `see: sluice help ${this.#target.kind} ${this.#target.type}`
            : `did you mean ${near}?`,
          raw.at,
        );
      }
    }
  }
}
