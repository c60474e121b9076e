import type { Problem } from '../options/problem.ts';
import { formatDate } from './date-pattern.ts';
import { platformValue, standardSystemProperty } from './platform.ts';
import type { Property } from './properties.ts';

/** What variables are taken from. */
export interface VariableSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `-Dname=value` gave. */
  readonly systemProperties: ReadonlyMap<string, string>;
  /** Milliseconds since 1970, for `${date:…}`. */
  readonly now: number;
}

/** A property whose variables are replaced, and what was wrong with them. */
export interface ResolvedProperty extends Property {
  readonly problems: readonly Problem[];
}

export interface Resolved {
  readonly properties: readonly ResolvedProperty[];
  /** The keys that stood in a variable: definitions rather than slips, also where they name no component. */
  readonly used: ReadonlySet<string>;
}

/** Variables inside variables, at the most. */
const MAX_DEPTH = 32;
/** Characters of a value with its variables replaced, and of all of them together. */
const MAX_VALUE_CHARS = 1 << 20;
const MAX_TOTAL_CHARS = 64 << 20;
/** With this value of -DpropertiesImplementation, `${NAME}` reads the environment. */
const ENV_RESOLVER = 'org.apache.flume.node.EnvVarResolverProperties';
/** `${f['key']}`: for a configuration filter, later. */
export const FILTER_PLACEHOLDER = /^[^[\]{}:]+\[(['"]?)[-_a-zA-Z0-9]+\1\]$/;

/**
 * Replaces `${env:X}`, `${sys:X}`, `${java:X}`, `${date:pattern}` and `${other.key}` in all values, as the StringSubstitutor
 * of commons-text does: prefixes in any case, `:-default`, `$${` for a literal `${`, variables inside variables and in what they stand
 * for. What has no value stays as it is written, with a warning. A variable that leads back to itself is an error, and so is
 * an unknown `${java:…}`. Where Flume finds `${other.key}` only by luck of its hash order, it is always found here.
 */
export function resolveVariables(properties: readonly Property[], sources: VariableSources): Resolved {
  const resolver = new Resolver(properties, sources);
  return { properties: properties.map((property) => resolver.property(property)), used: resolver.used };
}

/** Why a value cannot be resolved; becomes a problem with the place of the value. */
class VariableError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

class Resolver {
  readonly used = new Set<string>();
  readonly #byKey: ReadonlyMap<string, Property>;
  readonly #sources: VariableSources;
  readonly #bareEnv: boolean;
  readonly #done = new Map<string, ResolvedProperty>();
  /** The keys being resolved, outermost first. */
  readonly #open: string[] = [];
  #total = 0;

  constructor(properties: readonly Property[], sources: VariableSources) {
    this.#byKey = new Map(properties.map((property) => [property.key, property]));
    this.#sources = sources;
    this.#bareEnv = sources.systemProperties.get('propertiesImplementation') === ENV_RESOLVER;
  }

  property(property: Property): ResolvedProperty {
    const done = this.#done.get(property.key);
    if (done !== undefined) return done;
    const problems: Problem[] = [];
    let value = property.value;
    const report = (severity: 'error' | 'warning', message: string, hint?: string): void => {
      const component = `property ${property.key}`;
      problems.push({ severity, component, message, hint, at: property.valueAt });
    };
    this.#open.push(property.key);
    try {
      if (value.includes('${')) {
        const unresolved = new Set<string>();
        value = this.#bounded(this.#substitute(value, [], unresolved, 0));
        for (const expression of unresolved) {
          if (FILTER_PLACEHOLDER.test(expression)) continue;
          report('warning', `\${${expression}} has no value and stays as it is`, this.#advice(expression));
        }
      }
    } catch (error) {
      if (!(error instanceof VariableError)) throw error;
      report('error', error.message, error.hint);
    } finally {
      this.#open.pop();
    }
    const resolved = { ...property, value, problems };
    this.#done.set(property.key, resolved);
    return resolved;
  }

  #bounded(value: string): string {
    this.#total += value.length;
    if (value.length > MAX_VALUE_CHARS || this.#total > MAX_TOTAL_CHARS) {
      throw new VariableError('the variables make the value too long', `at most ${MAX_VALUE_CHARS} characters`);
    }
    return value;
  }

  #advice(expression: string): string | undefined {
    if (/^env:/i.test(expression))
      return `set it in the environment of the agent, or give a default: \${${expression}:-default}`;
    if (/^sys:/i.test(expression)) return `give it with -D, or a default: \${${expression}:-default}`;
    if (/^\w+$/.test(expression))
      return `for the environment write \${env:${expression}}; for a literal $\${${expression}}`;
    return undefined;
  }

  /** @param prior the variables whose values are being looked into */
  #substitute(text: string, prior: readonly string[], unresolved: Set<string>, depth: number): string {
    if (depth > MAX_DEPTH) throw new VariableError('variables are nested too deep', `at most ${MAX_DEPTH} levels`);
    if (text.length > MAX_VALUE_CHARS) this.#bounded(text);
    let out = '';
    let position = 0;
    while (position < text.length) {
      const start = text.indexOf('${', position);
      if (start < 0) break;
      if (start > position && text[start - 1] === '$') {
        out += `${text.slice(position, start - 1)}$`;
        position = start + 1;
        continue;
      }
      const end = closing(text, start + 2);
      if (end < 0) break;
      const written = text.slice(start + 2, end);
      const expression = this.#substitute(written, [], unresolved, depth + 1);
      const delimiter = expression.indexOf(':-');
      const name = delimiter < 0 ? expression : expression.slice(0, delimiter);
      if (prior.includes(name)) throw new VariableError(`\${${name}} leads back to itself`);
      const value = this.#lookUp(name) ?? (delimiter < 0 ? undefined : expression.slice(delimiter + 2));
      out += text.slice(position, start);
      if (value === undefined) {
        unresolved.add(expression);
        out += text.slice(start, end + 1);
      } else {
        out += value.includes('${') ? this.#substitute(value, [...prior, name], unresolved, depth + 1) : value;
      }
      if (out.length > MAX_VALUE_CHARS) this.#bounded(out);
      position = end + 1;
    }
    return out + text.slice(position);
  }

  #lookUp(variable: string): string | undefined {
    const colon = variable.indexOf(':');
    if (colon < 0) return this.#plain(variable);
    const name = variable.slice(colon + 1);
    return this.#prefixed(variable.slice(0, colon).toLowerCase(), name) ?? this.#plain(name);
  }

  #prefixed(prefix: string, name: string): string | undefined {
    switch (prefix) {
      case 'env':
        return this.#sources.env[name];
      case 'sys':
        return this.#sources.systemProperties.get(name) ?? standardSystemProperty(name, this.#sources.env);
      case 'java': {
        const value = platformValue(name, this.#sources.env);
        if (typeof value === 'string') return value;
        throw new VariableError(`there is no \${java:${name}}`, `known: ${value.known.join(', ')}`);
      }
      case 'date': {
        const date = formatDate(name, this.#sources.now);
        if ('text' in date) return date.text;
        throw new VariableError(`\${date:${name}}: ${date.problem}`);
      }
      default:
        return undefined;
    }
  }

  #plain(name: string): string | undefined {
    const property = this.#byKey.get(name);
    if (property !== undefined) {
      this.used.add(name);
      if (this.#open.includes(name)) {
        throw new VariableError(`the variables go round in a circle: ${[...this.#open, name].join(' -> ')}`);
      }
      if (this.#open.length > MAX_DEPTH)
        throw new VariableError('variables are nested too deep', `at most ${MAX_DEPTH} levels`);
      const resolved = this.property(property);
      const error = resolved.problems.find((problem) => problem.severity === 'error');
      if (error !== undefined) throw new VariableError(error.message, error.hint);
      return resolved.value;
    }
    return this.#bareEnv ? this.#sources.env[name] : undefined;
  }
}

/** The place of the `}` that ends the variable whose name begins at `from`, or -1. */
function closing(text: string, from: number): number {
  let nested = 0;
  for (let i = from; i < text.length; i++) {
    if (text[i] === '}') {
      if (nested === 0) return i;
      nested--;
    } else if (text[i] === '$' && text[i + 1] === '{') {
      nested++;
      i++;
    }
  }
  return -1;
}
