import { DIGIT, HEX, HEX_LOWER, HEX_UPPER, isAt, isBoundary, matchEnd, runEnd } from './characters.ts';

/** Numbers and ids. */

const LONGEST_HEX = 128;
const MOST_INT_DIGITS = 7;

const TRACEPARENT = /00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]|1-[0-9a-f]{8}-[0-9a-f]{24}/y;
const UUID = /[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}/y;
const SWIFT = /tx[0-9a-f]{21}-[0-9a-f]{10}\S*/y;
const PREFIXED_HEX = /0[xX]/y;

export function traceparent(text: string, at: number): number {
  return boundedEnd(TRACEPARENT, text, at);
}

export function uuid(text: string, at: number): number {
  return boundedEnd(UUID, text, at);
}

export function swiftTransaction(text: string, at: number): number {
  return matchEnd(SWIFT, text, at);
}

/** The end, if a word ends there. */
function boundedEnd(pattern: RegExp, text: string, at: number): number {
  const end = matchEnd(pattern, text, at);
  return end > 0 && isBoundary(text, end) ? end : -1;
}

/** The name of the hexadecimal number without a prefix that begins at a place, where a word does: its length decides. */
export function hexName(text: string, at: number): 'sha1' | 'md5' | undefined {
  const length = runEnd(text, at, HEX, at + 41) - at;
  if (length !== 40 && length !== 32) return undefined;
  if (!isBoundary(text, at + length)) return undefined;
  return length === 40 ? 'sha1' : 'md5';
}

/** Where `0x…` that begins at a place ends, or -1. */
export function prefixedHex(text: string, at: number): number {
  const start = matchEnd(PREFIXED_HEX, text, at);
  if (start < 0) return -1;
  const end = runEnd(text, start, HEX, text.length);
  return end > start && isBoundary(text, end) ? end : -1;
}

/** Where 8 to 128 digits of one case, one of them 0 to 9, end, or -1. */
export function hexEnd(text: string, at: number): number {
  const limit = at + LONGEST_HEX + 1;
  for (const letters of [HEX_LOWER, HEX_UPPER]) {
    const end = runEnd(text, at, DIGIT | letters, limit);
    if (end - at < 8 || end === limit || !isBoundary(text, end)) continue;
    if (runEnd(text, at, letters, end) < end) return end;
  }
  return -1;
}

/** Where an abbreviated commit ends, or -1: seven digits of lower case, of both kinds. */
export function commitEnd(text: string, at: number): number {
  const end = runEnd(text, at, DIGIT | HEX_LOWER, at + 8);
  if (end - at !== 7 || !isBoundary(text, end)) return -1;
  return runEnd(text, at, HEX_LOWER, end) < end && runEnd(text, at, DIGIT, end) < end ? end : -1;
}

/** Decimal numbers of one text, from left to right. Remembers where runs of digits end, so that it sees each digit few times. */
export class Decimals {
  readonly #text: string;
  /** Of the digits that were looked at last: where they end, and where those behind their point do (or the same). */
  #end = 0;
  #fractionEnd = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Where `12ms` or `1.5s` that begins with the digit at a place ends, or -1. */
  duration(at: number): number {
    this.#look(at);
    const text = this.#text;
    const end = this.#end;
    if (text.startsWith('ms', end) && isBoundary(text, at)) return end + 2;
    const unit = this.#fractionEnd;
    return text.charCodeAt(unit) === 0x73 && isBoundary(text, unit + 1) ? unit + 1 : -1;
  }

  /** Where the number with a point whose first digit stands at a place ends, or -1. */
  float(at: number): number {
    this.#look(at);
    return this.#fractionEnd > this.#end && isBoundary(this.#text, this.#fractionEnd) ? this.#fractionEnd : -1;
  }

  /** Where the whole number whose first digit stands at a place ends, or -1. */
  int(at: number): number {
    this.#look(at);
    return this.#end - at <= MOST_INT_DIGITS && isBoundary(this.#text, this.#end) ? this.#end : -1;
  }

  #look(at: number): void {
    if (at < this.#end) return;
    const text = this.#text;
    // The digits behind a point that was looked at before.
    const end = at < this.#fractionEnd ? this.#fractionEnd : runEnd(text, at, DIGIT, text.length);
    const point = text.charCodeAt(end) === 0x2e && isAt(text, end + 1, DIGIT);
    this.#fractionEnd = point ? runEnd(text, end + 1, DIGIT, text.length) : end;
    this.#end = end;
  }
}
