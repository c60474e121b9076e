import { isBigNumber } from '../json.ts';
import { trim } from './trim.ts';

/** JSON of untrusted values: bounded, without lone surrogates, whole numbers with all their digits. */

const DEEPEST = 12;
const MOST_DIGITS = 400;

/** The JSON of a value in about `most` characters: longer texts are cut, what does not fit at all is left out, what is nested too deeply becomes "...". */
export function boundedJson(value: unknown, most: number): string | undefined {
  const whole = stringify(value);
  if (whole !== undefined && whole.length <= most) return wellFormed(whole);
  const writer = new Writer(most);
  writer.value(value, 0);
  return wellFormed(writer.out);
}

/** The JSON of a map of maps, each cut by itself: contexts. */
export function boundedMap(map: { readonly [key: string]: unknown }, mostEach: number, most: number): string {
  const whole = stringify(map);
  if (whole !== undefined && whole.length <= mostEach) return wellFormed(whole);
  let out = '{';
  for (const key of Object.keys(map)) {
    const value = boundedJson(map[key], mostEach);
    const name = JSON.stringify(trim(key, 200));
    if (value === undefined || out.length + name.length + value.length > most) continue;
    out += `${out === '{' ? '' : ','}${wellFormed(name)}:${value}`;
  }
  return `${out}}`;
}

/** `undefined` when there is nothing to write, or when it is nested deeper than the stack. */
function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** Lone surrogates come out of `JSON.stringify` as escapes, which readers refuse. A pair of backslashes is no escape. */
function wellFormed(json: string): string {
  if (!json.includes('\\ud')) return json;
  return json.replace(/\\(?:\\|u[dD][89a-fA-F][0-9a-fA-F]{2})/g, (found) => (found === '\\\\' ? found : '\ufffd'));
}

class Writer {
  out = '';
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get #left(): number {
    return this.#most - this.out.length;
  }

  value(value: unknown, depth: number): void {
    if (typeof value === 'string') this.out += JSON.stringify(trim(value, Math.max(16, this.#left)));
    else if (typeof value !== 'object' || value === null) this.out += stringify(value) ?? 'null';
    else if (isBigNumber(value)) this.out += value.rawJSON.length > MOST_DIGITS ? '"..."' : value.rawJSON;
    else if (depth >= DEEPEST) this.out += '"..."';
    else if (Array.isArray(value)) this.#array(value, depth + 1);
    else this.#object(value as { readonly [key: string]: unknown }, depth + 1);
  }

  #array(values: readonly unknown[], depth: number): void {
    this.out += '[';
    for (let i = 0; i < values.length && this.#left > 0; i++) {
      if (i > 0) this.out += ',';
      this.value(values[i], depth);
    }
    this.out += ']';
  }

  #object(values: { readonly [key: string]: unknown }, depth: number): void {
    this.out += '{';
    let first = true;
    for (const key of Object.keys(values)) {
      if (this.#left <= 0) break;
      this.out += `${first ? '' : ','}${JSON.stringify(trim(key, 200))}:`;
      this.value(values[key], depth);
      first = false;
    }
    this.out += '}';
  }
}
