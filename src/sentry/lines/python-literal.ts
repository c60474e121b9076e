/**
 * Values as Python's `repr` prints them: texts as they are, numbers by their digits, `True`, and lists, tuples, sets and dicts as JSON.
 * Whatever else (`<WSGIRequest: GET '/'>`, `UUID('…')`) has no such form and is left to the caller.
 */

/** How deep lists may lie in lists. */
const MOST_DEPTH = 50;

const SIMPLE_STRING = /'([^'\\]*)'/y;
const STRING_START = /[bBuUrR]{0,2}(['"])/y;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /None|True|False/y;
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))/y;
const LETTERS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', f: '\f', v: '\v' };
const CLOSING: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}' };

/** A value and where the text goes on behind it; `value` undefined: None. */
export interface Literal {
  readonly value: string | undefined;
  readonly end: number;
}

/** Reads the value at a place of a text; `undefined` when it has no form that is known here. Never throws. */
export function readLiteral(text: string, at: number): Literal | undefined {
  SIMPLE_STRING.lastIndex = at;
  const simple = SIMPLE_STRING.exec(text);
  if (simple !== null) return { value: simple[1], end: SIMPLE_STRING.lastIndex };
  if (text[at]! in CLOSING) {
    const reader = new JsonReader(text, at);
    const json = reader.value(0);
    return json === undefined ? undefined : { value: json, end: reader.at };
  }
  const word = sticky(WORD, text, at);
  if (word !== undefined) return { value: word === 'None' ? undefined : word, end: at + word.length };
  const number = sticky(NUMBER, text, at);
  if (number !== undefined) return { value: number, end: at + number.length };
  return readString(text, at);
}

/** The text between quotes at a place, its escapes undone. */
function readString(text: string, at: number): { readonly value: string; readonly end: number } | undefined {
  STRING_START.lastIndex = at;
  const start = STRING_START.exec(text);
  if (start === null) return undefined;
  const quote = start[1]!;
  let from = STRING_START.lastIndex;
  let value = '';
  for (let i = from; i < text.length; i++) {
    const c = text[i]!;
    if (c === quote) return { value: value + text.slice(from, i), end: i + 1 };
    if (c !== '\\') continue;
    ESCAPE.lastIndex = i;
    const found = ESCAPE.exec(text);
    if (found === null) return undefined;
    value += text.slice(from, i) + unescaped(found);
    i = ESCAPE.lastIndex - 1;
    from = i + 1;
  }
  return undefined;
}

function unescaped([all, byte, short, long, letter]: RegExpExecArray): string {
  const code = byte ?? short ?? long;
  if (code !== undefined) {
    const point = Number.parseInt(code, 16);
    return point > 0x10ffff ? all : String.fromCodePoint(point);
  }
  // An unknown letter keeps its backslash; quotes and the backslash itself lose it.
  return LETTERS[letter!] ?? (/[\\'"]/.test(letter!) ? letter! : all);
}

/** Lists, tuples, sets and dicts as JSON text. */
class JsonReader {
  at: number;
  readonly #text: string;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  value(depth: number): string | undefined {
    const opening = this.#text[this.at];
    if (opening !== undefined && opening in CLOSING) return depth < MOST_DEPTH ? this.#list(opening, depth) : undefined;
    const found = readLiteral(this.#text, this.at);
    if (found === undefined) return undefined;
    const first = this.at;
    this.at = found.end;
    if (found.value === undefined) return 'null';
    const written = this.#text.slice(first, found.end);
    if (written === 'True' || written === 'False') return written.toLowerCase();
    return written === found.value ? written : JSON.stringify(found.value);
  }

  #list(opening: string, depth: number): string | undefined {
    const closing = CLOSING[opening]!;
    this.at++;
    let items = '';
    let isDict = opening === '{';
    for (let n = 0; ; n++) {
      if (this.#skip(closing)) return isDict ? `{${items}}` : `[${items}]`;
      let item = this.value(depth + 1);
      if (item === undefined) return undefined;
      if (isDict && this.#skip(':')) {
        this.#skip(' ');
        const value = this.value(depth + 1);
        if (value === undefined) return undefined;
        item = `${item.startsWith('"') ? item : JSON.stringify(item)}:${value}`;
      } else if (isDict && n === 0) isDict = false;
      else if (isDict) return undefined;
      items += items === '' ? item : `,${item}`;
      if (this.#skip(',')) this.#skip(' ');
      else if (this.#text[this.at] !== closing) return undefined;
    }
  }

  #skip(c: string): boolean {
    if (this.#text[this.at] !== c) return false;
    this.at++;
    return true;
  }
}

function sticky(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
