import { addEscaped, unescapeJson } from './escapes.ts';
import { JsonTokens } from './json-tokens.ts';
import { KEY, type KeyRules } from './keys.ts';
import { FILTERED, Ranges } from './ranges.ts';
import type { Texts } from './texts.ts';
import { MAY } from './triggers.ts';
import { isCardNumber } from './values.ts';

const QUOTED = `"${FILTERED}"`;
/** What has these is no name; nor is what is longer. */
const NO_NAME = /[\s=:;,/]/;
const LONGEST_NAME = 200;
/** JSON in a text in JSON, and so on: so deep. */
const MOST_NESTED = 3;

/** What holds within an object or a list, and what is in it; bits beside those of `KEY`, which pass down where they are meant to. */
const FRAME = 1 << 17;
/** The members of the value of a sensitive attribute: all but `type` are replaced. */
const FILTER = 1 << 18;
/** A member `key` or `name` names something sensitive. */
const NAMED = 1 << 19;
/** In a list: it begins with a sensitive name. */
const AFTER_NAME = 1 << 20;
/** In a list: the element before is a sensitive name, of a header or an option of a command. */
const BEFORE_VALUE = 1 << 21;
const IS_LIST = 1 << 22;
/** A list in a list: maybe a name and a value. */
const PAIR = 1 << 23;
const INHERITED = KEY.cookies | KEY.source;

/**
 * Walks over the tokens of a JSON text from front to back and notes what is to be replaced. Nothing is parsed into values, so that what stays is
 * untouched, and nesting of any depth takes no stack.
 */
export class JsonWalk {
  readonly #rules: KeyRules;
  readonly #texts: Texts;
  readonly #text: string;
  readonly #tokens: JsonTokens;
  readonly #may: number;
  /** Where something may be found, in order, and the next of them. */
  readonly #spots: readonly number[];
  #spot = 0;
  readonly #nested: number;
  readonly #found: Ranges;
  /** By depth: bits of the object or list; how many elements came. */
  readonly #bits: number[] = [];
  readonly #counts: number[] = [];
  /** By depth: where the value begins that may have to be replaced when more is known, or -1; those that ended already, as start and end. */
  readonly #pending: number[] = [];
  readonly #values: (number[] | undefined)[] = [];

  constructor(
    rules: KeyRules,
    texts: Texts,
    text: string,
    may: number,
    spots: readonly number[],
    found: Ranges,
    nested = 0,
  ) {
    this.#rules = rules;
    this.#texts = texts;
    this.#text = text;
    this.#tokens = new JsonTokens(text);
    this.#may = may;
    this.#spots = spots;
    this.#found = found;
    this.#nested = nested;
  }

  /** Whether it is one JSON text; what was found is of no use otherwise. */
  run(): boolean {
    let depth = this.#value(0, 0);
    if (depth < 0) return false;
    while (depth > 0) {
      depth = this.#member(depth);
      if (depth < 0) return false;
    }
    this.#tokens.blank();
    return this.#tokens.at >= this.#text.length;
  }

  /** Reads what comes next within an object or list; returns the depth behind it, or -1. */
  #member(depth: number): number {
    const level = depth - 1;
    const bits = this.#bits[level]!;
    if (this.#pending[level]! >= 0) this.#endPending(level);
    let c = this.#tokens.blank();
    if (c === 0x7d || c === 0x5d) return this.#close(level, c);
    if (this.#counts[level]! > 0) {
      if (c !== 0x2c) return -1;
      this.#tokens.at++;
      c = this.#tokens.blank();
    }
    this.#counts[level]!++;
    if (bits & IS_LIST) return this.#element(level, bits, c);
    if (c !== 0x22) return -1;
    const start = this.#tokens.at + 1;
    const end = this.#tokens.endOfString(start);
    if (end < 0) return -1;
    const raw = this.#text.slice(start, end);
    const key = this.#tokens.sawEscape ? unescapeJson(raw) : raw;
    if (this.#tokens.blank() !== 0x3a) return -1;
    this.#tokens.at++;
    return this.#keyed(depth, bits, this.#rules.of(key));
  }

  /** Reads the value behind a key. */
  #keyed(depth: number, bits: number, key: number): number {
    const c = this.#tokens.blank();
    if (key & KEY.safe || (key & KEY.safeAtTop && depth === 1) || (key & KEY.safeInFrame && bits & FRAME))
      return this.#skip(depth);
    if (key & KEY.ip && this.#texts.addresses) return this.#replaceAddress(depth, bits, c);
    if (bits & FILTER) {
      if (
        !(key & KEY.value) &&
        c === 0x22 &&
        /^"[a-z]{1,10}(?:\[\])?"/.test(this.#text.slice(this.#tokens.at, this.#tokens.at + 16))
      )
        return this.#skip(depth);
      return this.#replace(depth, c, bits & KEY.count);
    }
    if (key & KEY.sensitive || (key & KEY.cookie && bits & KEY.cookies)) {
      if (!(bits & KEY.attributes && c === 0x7b)) return this.#replace(depth, c, key & KEY.count);
      return this.#value(depth, FILTER | (key & KEY.count));
    }
    if (key & KEY.value) {
      if (bits & NAMED) return this.#replace(depth, c, 0);
      this.#pending[depth - 1] = this.#tokens.at;
    } else if (key & KEY.name && c === 0x22) {
      const named = this.#peekName();
      if (named & (KEY.sensitive | KEY.cookies) || (named & KEY.cookie && bits & KEY.cookies)) {
        this.#bits[depth - 1]! |= NAMED;
        const values = this.#values[depth - 1] ?? [];
        for (let i = 0; i < values.length; i += 2) this.#filter(values[i]!, values[i + 1]!);
      }
    }
    return this.#value(depth, key | (bits & INHERITED));
  }

  /** Notes where the value ends that began at `#pending`. */
  #endPending(level: number): void {
    const start = this.#pending[level]!;
    this.#pending[level] = -1;
    const values = this.#values[level];
    if (values === undefined) this.#values[level] = [start, this.#tokens.at];
    else values.push(start, this.#tokens.at);
  }

  /** Reads an element of a list. */
  #element(level: number, bits: number, c: number): number {
    const depth = level + 1;
    const first = this.#counts[level] === 1;
    if (bits & BEFORE_VALUE) {
      this.#bits[level] = bits & ~BEFORE_VALUE;
      return this.#replace(depth, c, 0);
    }
    if (this.#counts[level] === 2 && bits & AFTER_NAME) this.#pending[level] = this.#tokens.at;
    if (bits & PAIR && bits & KEY.safe) return this.#skip(depth);
    let passed = bits & (INHERITED | KEY.id | KEY.route);
    if (bits & KEY.frames) passed |= FRAME;
    const option = c === 0x22 && this.#text.charCodeAt(this.#tokens.at + 1) === 0x2d;
    if (c === 0x22 && (first || option || bits & KEY.headers) && !(bits & KEY.source)) {
      const name = this.#peekName();
      const sensitive = name & KEY.sensitive || (name & KEY.cookie && bits & KEY.cookies);
      if (sensitive && (option || bits & KEY.headers)) this.#bits[level]! |= BEFORE_VALUE;
      else if (sensitive) this.#bits[level]! |= AFTER_NAME;
      else if (first && bits & PAIR) this.#bits[level]! |= name & (KEY.cookies | KEY.safe | KEY.id | KEY.route);
    }
    return this.#value(depth, passed | PAIR);
  }

  /** Reads a value: opens an object or list, looks through a text or number. */
  #value(depth: number, bits: number): number {
    const c = this.#tokens.blank();
    if (c === 0x7b || c === 0x5b) {
      this.#tokens.at++;
      this.#bits[depth] = bits | (c === 0x5b ? IS_LIST : 0);
      this.#counts[depth] = 0;
      this.#pending[depth] = -1;
      this.#values[depth] = undefined;
      return depth + 1;
    }
    if (c === 0x22) {
      const start = this.#tokens.at + 1;
      const end = this.#tokens.endOfString(start);
      if (end < 0) return -1;
      this.#look(start, end, this.#tokens.sawEscape, bits);
      return depth;
    }
    const start = this.#tokens.at;
    const end = this.#tokens.endOfScalar(start);
    if (end === start) return -1;
    this.#tokens.at = end;
    if (end - start >= 15 && end - start <= 16 && this.#may & MAY.card && !(bits & KEY.id)) {
      if (isCardNumber(this.#text.slice(start, end))) this.#found.add(start, end, QUOTED);
    }
    return depth;
  }

  #close(level: number, c: number): number {
    const list = (this.#bits[level]! & IS_LIST) !== 0;
    if (list !== (c === 0x5d)) return -1;
    if (this.#bits[level]! & AFTER_NAME && this.#counts[level] === 2) {
      const [start, end] = this.#values[level]!;
      this.#filter(start!, end!);
    }
    this.#tokens.at++;
    return level;
  }

  /** Looks for secrets in the text between `start` and `end`. */
  #look(start: number, end: number, escaped: boolean, bits: number): void {
    const spots = this.#spots;
    while (spots[this.#spot]! < start) this.#spot++;
    // Behind an escape there may be what cannot be seen from here.
    if (!(spots[this.#spot]! < end) && !(bits & KEY.cookies) && !(escaped && this.#may & MAY.disguise)) return;
    const raw = this.#text.slice(start, end);
    const text = escaped ? unescapeJson(raw) : raw;
    // What an escape stood for has not been seen yet.
    const may = escaped ? this.#texts.may(text) : this.#may;
    if (may === 0 && !(bits & KEY.cookies)) return;
    const own = new Ranges();
    const c = text.charCodeAt(0);
    let done = false;
    if (
      (c === 0x7b || c === 0x5b || c <= 0x20) &&
      this.#nested < MOST_NESTED &&
      /^\s{0,16}[[{]\s{0,16}["[{\]}\d]/.test(text)
    ) {
      const walk = new JsonWalk(
        this.#rules,
        this.#texts,
        text,
        may,
        this.#texts.spots(text, may),
        own,
        this.#nested + 1,
      );
      done = walk.run();
    }
    const found = done ? own.settled() : this.#texts.find(text, may, bits);
    if (found.size === 0) return;
    if (escaped) {
      addEscaped(raw, found, this.#found, start);
      return;
    }
    const { size, starts, ends, texts } = found;
    for (let i = 0; i < size; i++) {
      this.#found.add(start + starts[i]!, start + ends[i]!, texts[i]!.replaceAll('\\', '\\\\').replaceAll('"', '\\"'));
    }
  }

  /** What the text at hand says as a key; it stays unread. */
  #peekName(): number {
    const start = this.#tokens.at + 1;
    const end = this.#tokens.peekString();
    if (end < 0 || end - start > LONGEST_NAME) return 0;
    const raw = this.#text.slice(start, end);
    const name = this.#tokens.sawEscape ? unescapeJson(raw) : raw;
    return NO_NAME.test(name) ? 0 : this.#rules.of(name);
  }

  /** Replaces the value at hand. */
  #replace(depth: number, c: number, count: number): number {
    const start = this.#tokens.at;
    const end = this.#tokens.endOfValue(start);
    if (end < 0) return -1;
    if (!(count && isDigit(c))) this.#filter(start, end);
    return depth;
  }

  /** Replaces a value; true, false, null, empty texts and what has been replaced stay. */
  #filter(start: number, end: number): void {
    const c = this.#text.charCodeAt(start);
    if (c !== 0x22 && c !== 0x7b && c !== 0x5b && !isDigit(c)) return;
    const length = end - start;
    if ((length === 2 && !isDigit(c)) || (length === QUOTED.length && this.#text.startsWith(QUOTED, start))) return;
    this.#found.add(start, end, QUOTED);
  }

  /** Puts null in place of an address; in place of the member `value` if it is an attribute. */
  #replaceAddress(depth: number, bits: number, c: number): number {
    if (bits & KEY.attributes && c === 0x7b) return this.#value(depth, 0);
    const start = this.#tokens.at;
    const end = this.#tokens.endOfValue(start);
    if (end < 0) return -1;
    if (this.#text.slice(start, end) !== 'null') this.#found.add(start, end, 'null');
    return depth;
  }

  #skip(depth: number): number {
    return this.#tokens.endOfValue(this.#tokens.at) < 0 ? -1 : depth;
  }
}

function isDigit(c: number): boolean {
  return c === 0x2d || (c >= 0x30 && c <= 0x39);
}
