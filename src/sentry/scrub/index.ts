import { JsonWalk } from './json-walk.ts';
import { KeyRules } from './keys.ts';
import { Ranges, replaceRanges } from './ranges.ts';
import { Texts } from './texts.ts';
import { MAY } from './triggers.ts';

/** What is taken out besides Relay's default rules. */
export interface ScrubOptions {
  /** IP addresses, too. */
  readonly ipAddresses: boolean;
  /** More words that make a key sensitive, wherever they stand in it; case does not matter. */
  readonly keys: readonly string[];
  /** Keys that are left alone, whatever they hold; whole names. */
  readonly safeKeys: readonly string[];
}

/** As JSON begins, a mark of the order of bytes or blanks before it. */
const JSON_LIKE = /^(?:\xef\xbb\xbf)?\s{0,16}[{[]/;

/**
 * Takes out what must not be kept: passwords, tokens, card numbers, keys. Names of members are judged by their words, texts are searched for
 * secrets behind a name and for secrets that are known by their look. Not looked for: secrets in names of members, in base64 or percent encoding,
 * full-width letters in values, tokens without a name or scheme in front.
 */
export class Scrubber {
  readonly #rules: KeyRules;
  readonly #texts: Texts;

  constructor(options: ScrubOptions) {
    this.#rules = new KeyRules(options);
    this.#texts = new Texts(options, this.#rules);
  }

  /**
   * The JSON with its sensitive values replaced; the same Buffer when there are none. Numbers, order and spelling of the rest stay as they were.
   * What is no JSON is scrubbed as text.
   */
  json(bytes: Buffer): Buffer {
    const text = bytes.toString('latin1');
    const may = this.#texts.may(text, bytes);
    if (may === 0) return bytes;
    const spots = this.#texts.spots(text, may);
    if (spots.length === 0 && !(may & MAY.disguise)) return bytes;
    const found = new Ranges();
    if (new JsonWalk(this.#rules, this.#texts, text, may, spots, found).run()) {
      return found.size === 0 ? bytes : replaceRanges(bytes, found);
    }
    return this.#plain(bytes, text, may);
  }

  /** The same for plain text: log lines, messages. Text that is JSON is treated as such. */
  text(bytes: Buffer): Buffer {
    const text = bytes.toString('latin1');
    if (JSON_LIKE.test(text)) return this.json(bytes);
    const may = this.#texts.may(text, bytes);
    return may === 0 ? bytes : this.#plain(bytes, text, may);
  }

  #plain(bytes: Buffer, text: string, may: number): Buffer {
    const found = this.#texts.find(text, may, 0);
    return found.size === 0 ? bytes : replaceRanges(bytes, found);
  }
}
