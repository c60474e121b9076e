/** Four characters of each word of `KeyRules`, and of what stands before a token in a header, that stand in it however it is spelt. `sentry_key` is known by the rarer ones of its own. */
const WINDOWS =
  'pass priv secr cred cook csrf xsrf toke auth sess apik api_ api- api. twof two_ two- two. l_pw y_ke bear basi'
    .split(' ')
    .concat('api ', 'two ');
const WIDTH = 4;

/**
 * Finds where a sensitive word may begin or be. A table says by two characters how far the next word is at least (Wu and Manber's way); upper and lower
 * case fall together, and so do some signs with letters, which does no harm. Takes 0.6 to 1.1 ns a character, a regular expression of these words twice that.
 */
export class WordScan {
  readonly #shifts = new Uint8Array(1 << 10).fill(WIDTH - 1);
  readonly #windows = new Uint8Array(1 << 17);
  /** Words that are too short for the table or have other letters. */
  readonly #others: RegExp | undefined;
  /** The next of those in `#text` from `#from` on. */
  #text = '';
  #from = 0;
  #other = -1;
  #window = -1;

  constructor(keys: readonly string[]) {
    for (const window of WINDOWS) this.#add([...window].map(fold));
    // Three letters: whatever stands before them.
    for (let before = 0; before < 32; before++) this.#add([before, fold('o'), fold('t'), fold('p')]);
    const others: string[] = [];
    for (const key of keys) {
      const word = key.trim().toLowerCase();
      if (/^[!-~]{4,}$/.test(word)) this.#add([...word.slice(0, WIDTH)].map(fold));
      else if (word !== '')
        others.push(
          Buffer.from(word)
            .toString('latin1')
            .replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
        );
    }
    if (others.length > 0) this.#others = new RegExp(others.join('|'), 'gi');
  }

  /** Where the next one is, behind `from`: a character within it; -1 if there is none. */
  next(text: string, from: number): number {
    if (this.#others === undefined) return this.#nextWindow(text, from);
    // Kept until it is passed: else each call would go to the end of a text without one.
    const same = text === this.#text && from >= this.#from;
    const kept = same && !(this.#other >= 0 && this.#other < from);
    // Found from here it begins a character before.
    if (!same || (this.#window >= 0 && this.#window <= from)) this.#window = this.#nextWindow(text, from);
    const at = this.#window;
    // Even when it is kept: to compare a text with itself takes no time, with one that is alike all of its length.
    this.#text = text;
    this.#from = from;
    if (!kept) {
      this.#others.lastIndex = from;
      this.#other = this.#others.exec(text)?.index ?? -1;
    }
    const other = this.#other;
    return other >= 0 && (at < 0 || other < at) ? other : at;
  }

  #nextWindow(text: string, from: number): number {
    if (from === 0 && /^otp/i.test(text)) return 0;
    const shifts = this.#shifts;
    const windows = this.#windows;
    const last = text.length - 1;
    let at = from + WIDTH - 2;
    while (at < last) {
      const pair = ((text.charCodeAt(at) & 31) << 5) | (text.charCodeAt(at + 1) & 31);
      const shift = shifts[pair]!;
      if (shift !== 0) {
        at += shift;
        continue;
      }
      const hash = ((text.charCodeAt(at - 2) & 31) << 15) | ((text.charCodeAt(at - 1) & 31) << 10) | pair;
      if (windows[hash >>> 3]! & (1 << (hash & 7))) return at - 1;
      at++;
    }
    return -1;
  }

  #add(window: readonly number[]): void {
    let hash = 0;
    for (let i = 0; i < WIDTH; i++) {
      hash = (hash << 5) | window[i]!;
      if (i === 0) continue;
      const pair = (window[i - 1]! << 5) | window[i]!;
      this.#shifts[pair] = Math.min(this.#shifts[pair]!, WIDTH - 1 - i);
    }
    this.#windows[hash >>> 3]! |= 1 << (hash & 7);
  }
}

/** Letters alike in both cases. */
function fold(c: string): number {
  return c.charCodeAt(0) & 31;
}
