/**
 * The tokens of a JSON text, passed over from front to back. Lenient: what is no mark of JSON's counts as a number or word, so that bare NaN does no
 * harm.
 */
export class JsonTokens {
  readonly text: string;
  /** Where the next token begins, or blanks before it. */
  at: number;
  /** Whether the string read last has escapes. */
  sawEscape = false;
  /** The next backslash: strings without are most. */
  #slash: number;

  constructor(text: string) {
    this.text = text;
    this.at = text.startsWith('\xef\xbb\xbf') ? 3 : 0;
    this.#slash = text.indexOf('\\');
  }

  /** Where the string ends whose inside begins at `start`, with `at` behind it; -1 if it does not. Notes whether it has escapes. */
  endOfString(start: number): number {
    const text = this.text;
    let end = text.indexOf('"', start);
    if (end < 0) return -1;
    let slash = this.#slash;
    if (slash >= 0 && slash < start) slash = text.indexOf('\\', start);
    this.sawEscape = slash >= 0 && slash < end;
    let from = start;
    while (slash >= 0 && slash < end) {
      from = slash + 2;
      if (end < from) end = text.indexOf('"', from);
      if (end < 0) return -1;
      slash = text.indexOf('\\', from);
    }
    this.#slash = slash;
    this.at = end + 1;
    return end;
  }

  /** Where the string ends that begins at `at`, which stays. */
  peekString(): number {
    const at = this.at;
    // Brought up to here first, so that going back does not mean to search once more.
    if (this.#slash >= 0 && this.#slash <= at) this.#slash = this.text.indexOf('\\', at + 1);
    const slash = this.#slash;
    const end = this.endOfString(at + 1);
    this.at = at;
    this.#slash = slash;
    return end;
  }

  /** Goes behind the value that begins at `start`, and says where that is; -1 if it does not end. */
  endOfValue(start: number): number {
    const text = this.text;
    let depth = 0;
    let at = start;
    do {
      at = this.pastBlanks(at);
      const c = text.charCodeAt(at);
      if (c === 0x22) {
        if (this.endOfString(at + 1) < 0) return -1;
        at = this.at;
      } else if (c === 0x7b || c === 0x5b) {
        depth++;
        at++;
      } else if (c === 0x7d || c === 0x5d) {
        depth--;
        at++;
      } else if ((c === 0x2c || c === 0x3a) && depth > 0) {
        at++;
      } else {
        const end = this.endOfScalar(at);
        if (end === at) return -1;
        at = end;
      }
    } while (depth > 0);
    this.at = at;
    return depth < 0 ? -1 : at;
  }

  /** Behind a number, `true`, `null`, `NaN` …: what is none of JSON's marks. */
  endOfScalar(start: number): number {
    const text = this.text;
    let at = start;
    for (; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (c <= 0x20 || c === 0x2c || c === 0x7d || c === 0x5d || c === 0x3a || c === 0x22 || c === 0x7b || c === 0x5b)
        break;
    }
    return at;
  }

  /** Goes to the next character that is no blank and gives it; NaN at the end. */
  blank(): number {
    this.at = this.pastBlanks(this.at);
    return this.text.charCodeAt(this.at);
  }

  pastBlanks(from: number): number {
    let at = from;
    for (;;) {
      const c = this.text.charCodeAt(at);
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return at;
      at++;
    }
  }
}
