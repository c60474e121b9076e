/** The text is not JSON, not even as leniently as Gson reads it. */
export class JsonSyntaxError extends Error {}

/** What Flume's handler meets with a NullPointerException: `null` in the place of the list or of an event. */
export class JsonNullError extends Error {}

/** What Flume's handler meets with a NumberFormatException: `\\u` before what are no four hexadecimal digits. */
export class JsonEscapeError extends Error {}

/** What Gson passes over at the start of a text; servers put it there against inclusion as a script. */
const NON_EXECUTE_PREFIX = ")]}'\n";

const LITERAL = /[^\s{}[\]:,/\\;#=]+/y;
const BLANKS = /[ \t\r\n]*/y;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BACKSLASH = 0x5c;

/**
 * JSON as Gson's lenient reader takes it: single quotes, names and texts without quotes, comments, `=` and `=>` for a
 * colon, `;` for a comma. Numbers and booleans become the text they are written as. It pulls values from a text, so that the caller says what
 * must come and nothing is built that nobody asked for.
 */
export class LenientJson {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    if (text.charCodeAt(0) === 0xfeff) this.#at = 1;
  }

  /** Skips blanks and comments; the code of the next character, or -1 at the end. */
  peek(): number {
    const text = this.#text;
    for (;;) {
      const c = text.charCodeAt(this.#at);
      if (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) this.#at++;
      else if (c === 0x23) this.#skipTo('\n');
      else if (c === 0x2f && text.charCodeAt(this.#at + 1) === 0x2f) this.#skipTo('\n');
      else if (c === 0x2f && text.charCodeAt(this.#at + 1) === 0x2a) {
        const end = text.indexOf('*/', this.#at + 2);
        if (end < 0) throw this.wrong('a comment without an end');
        this.#at = end + 2;
      } else return Number.isNaN(c) ? -1 : c;
    }
  }

  /** Passes over Gson's non-execute prefix when the text begins with it. */
  prefix(): void {
    this.peek();
    if (this.#text.startsWith(NON_EXECUTE_PREFIX, this.#at)) this.#at += NON_EXECUTE_PREFIX.length;
  }

  /** Takes the character when it comes next. */
  take(char: string): boolean {
    if (this.peek() !== char.charCodeAt(0)) return false;
    this.#at++;
    return true;
  }

  /** Takes `null` when it comes next. */
  takeNull(): boolean {
    if ((this.peek() | 0x20) !== 0x6e || this.#literal().toLowerCase() !== 'null') return false;
    this.#at += 4;
    return true;
  }

  /** Calls `each` for the elements of an array; `each` consumes one. An element left out (`[1,]`) throws as null does, or `leftOut`. */
  array(each: () => void, leftOut: Error = new JsonNullError('an element of the array is null')): void {
    if (!this.take('[')) throw this.wrong('[ expected');
    if (this.take(']')) return;
    for (;;) {
      const next = this.peek();
      if (next === 0x5d || next === 0x2c || next === 0x3b) throw leftOut;
      each();
      if (this.take(']')) return;
      if (!this.take(',') && !this.take(';')) throw this.wrong(', or ] expected');
    }
  }

  /** Calls `each` with the name of each field of an object; `each` consumes the value. */
  object(each: (name: string) => void): void {
    if (!this.take('{')) throw this.wrong('{ expected');
    if (this.take('}')) return;
    for (;;) {
      const first = this.peek();
      const name = first === QUOTE || first === APOSTROPHE ? this.#quoted(first) : this.#bare();
      if (this.take('=')) {
        if (this.#text.charCodeAt(this.#at) === 0x3e) this.#at++;
      } else if (!this.take(':')) throw this.wrong(': expected');
      each(name);
      if (this.take('}')) return;
      if (!this.take(',') && !this.take(';')) throw this.wrong(', or } expected');
    }
  }

  /** A value as text: a string, a number, a boolean; `undefined` for null. */
  string(): string | undefined {
    const first = this.peek();
    if (first === QUOTE || first === APOSTROPHE) return this.#quoted(first);
    const bare = this.#bare();
    if (bare.length > 5) return bare;
    const lower = bare.toLowerCase();
    if (lower === 'null') return undefined;
    return lower === 'true' || lower === 'false' ? lower : bare;
  }

  /** Passes over a value of any kind. */
  skip(): void {
    // By depth, not by recursion: a hostile text may nest as deep as it is long.
    const closers: string[] = [];
    do {
      const top = closers.at(-1);
      if (top !== undefined && this.take(top)) closers.pop();
      else if (this.take('[')) closers.push(']');
      else if (this.take('{')) closers.push('}');
      else if (top === undefined || !(this.take(',') || this.take(';') || this.take(':') || this.take('=')))
        this.string();
    } while (closers.length > 0);
  }

  /** Throws unless nothing but blanks is left; here Gson takes no comment either. */
  end(): void {
    BLANKS.lastIndex = this.#at;
    this.#at += BLANKS.exec(this.#text)?.[0].length ?? 0;
    if (this.#at < this.#text.length) throw this.wrong('text after the end');
  }

  wrong(what: string): JsonSyntaxError {
    return new JsonSyntaxError(`${what}, at character ${this.#at + 1}`);
  }

  #skipTo(text: string): void {
    const end = this.#text.indexOf(text, this.#at);
    this.#at = end < 0 ? this.#text.length : end + text.length;
  }

  #literal(): string {
    LITERAL.lastIndex = this.#at;
    return LITERAL.exec(this.#text)?.[0] ?? '';
  }

  #bare(): string {
    const literal = this.#literal();
    if (literal === '') throw this.wrong(this.peek() < 0 ? 'it ends too early' : 'a value expected');
    this.#at += literal.length;
    return literal;
  }

  #quoted(quote: number): string {
    const text = this.#text;
    const start = ++this.#at;
    const end = text.indexOf(quote === QUOTE ? '"' : "'", start);
    if (end < 0) throw this.wrong('a string without an end');
    const plain = text.slice(start, end);
    if (!plain.includes('\\')) {
      this.#at = end + 1;
      return plain;
    }
    return this.#escaped(quote);
  }

  #escaped(quote: number): string {
    const text = this.#text;
    let out = '';
    let from = this.#at;
    for (;;) {
      const c = text.charCodeAt(this.#at);
      if (Number.isNaN(c)) throw this.wrong('a string without an end');
      if (c === quote) {
        out += text.slice(from, this.#at++);
        return out;
      }
      if (c !== BACKSLASH) {
        this.#at++;
        continue;
      }
      out += text.slice(from, this.#at++);
      out += this.#escape();
      from = this.#at;
    }
  }

  #escape(): string {
    const c = this.#text[this.#at++];
    switch (c) {
      case 'u': {
        const hex = this.#text.slice(this.#at, this.#at + 4);
        if (hex.length < 4) throw this.wrong('an escape without an end');
        if (!/^[0-9a-fA-F]{4}$/.test(hex))
          throw new JsonEscapeError(`four hexadecimal digits expected, at character ${this.#at + 1}`);
        this.#at += 4;
        return String.fromCharCode(Number.parseInt(hex, 16));
      }
      case 't':
        return '\t';
      case 'b':
        return '\b';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 'f':
        return '\f';
      case '\n':
      case "'":
      case '"':
      case '\\':
      case '/':
        return c;
      default:
        throw this.wrong('an unknown escape');
    }
  }
}
