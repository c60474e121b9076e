/** What a character may be part of. */
export const DIGIT = 1;
/** a to f. */
export const HEX_LOWER = 2;
/** A to F. */
export const HEX_UPPER = 4;
/** Of words: what `\w` takes. */
export const WORD = 8;
/** Of the labels of host names: letters, digits, dash. */
export const LABEL = 16;
/** Of what stands before the @ of an e-mail address. */
export const LOCAL = 32;
export const HEX = DIGIT | HEX_LOWER | HEX_UPPER;

const CLASSES = new Uint8Array(128);
const LOCAL_SIGNS = ".!#$%&'*+/=?^_`{|}~-";
for (let c = 0; c < 128; c++) {
  const char = String.fromCharCode(c);
  const alphanumeric = /[0-9A-Za-z]/.test(char);
  let mask = 0;
  if (/[0-9]/.test(char)) mask |= DIGIT;
  if (/[a-f]/.test(char)) mask |= HEX_LOWER;
  if (/[A-F]/.test(char)) mask |= HEX_UPPER;
  if (alphanumeric || char === '_') mask |= WORD;
  if (alphanumeric || char === '-') mask |= LABEL;
  if (alphanumeric || LOCAL_SIGNS.includes(char)) mask |= LOCAL;
  CLASSES[c] = mask;
}

const OTHER_WORD = /[\p{L}\p{N}]/u;

/** The classes of the character at a place; none behind the end. Letters of all scripts are of words. */
export function classAt(text: string, at: number): number {
  const c = text.charCodeAt(at);
  if (c < 128) return CLASSES[c]!;
  return c >= 128 && OTHER_WORD.test(String.fromCharCode(c)) ? WORD : 0;
}

export function isAt(text: string, at: number, mask: number): boolean {
  return (classAt(text, at) & mask) !== 0;
}

/** Whether a word begins or ends before the character at a place: what `\b` takes. */
export function isBoundary(text: string, at: number): boolean {
  return at === 0 ? isAt(text, 0, WORD) : isAt(text, at - 1, WORD) !== isAt(text, at, WORD);
}

/** Where the characters of a class that begin at a place end, looked for no further than `limit`. */
export function runEnd(text: string, from: number, mask: number, limit: number): number {
  let at = from;
  while (at < limit && isAt(text, at, mask)) at++;
  return at;
}

/** Where a sticky pattern that matches at a place ends, or -1. */
export function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}
