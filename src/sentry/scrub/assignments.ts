import { KEY, type KeyRules } from './keys.ts';
import { FILTERED, type Ranges } from './ranges.ts';
import type { WordScan } from './word-scan.ts';

/**
 * Secrets in a text that stand behind their name: `password=x&`, `api_key: x`, `'token': 'x'` of a dict, `("Authorization", "x")` of a list,
 * `<password>x</password>`, `--password x`, a header with cookies. One walk from name to name; each character is looked at a bounded number of times.
 */

/** A character of a key. */
const KEY_CHARACTER = /[\w.\-[\]%$\x80-\xff]/;
const LONGEST_KEY = 64;
/** So many blanks may stand between a key and its value. */
const MOST_BLANKS = 16;
/** What is no secret: nothing, or a place for one in a template. */
const NOTHING = /^(?:null|none|nil|true|false|undefined|nan|%s|%r|%\(\w{1,64}\)s|\$?\{\w{0,64}\}|\?|\*+|\.+|\[ip\])$/i;
/** How the value of an Authorization header begins; what follows is the secret. */
const SCHEME = /^(?:basic|bearer|token|apikey|negotiate|ntlm|key|sentry)$/i;
const LONG_SCHEME = /^(?:digest|aws4-hmac-sha256|hawk|oauth|signature)$/i;
/** Words that stand in front of a colon in prose as well: there the value must look like a secret. */
const WEAK = /^(?!.*(?:passw|passphrase|secret|key))/i;
const PROSE =
  /(?:error|exception|warning|failure|failed|found|invalid|expired|missing|required|service|controller|handler|manager|provider)$/i;
const COOKIE_HEADER = /^(?:set-|http_)?cookie$/i;
const COOKIE_NAME = /^[\w-]*(?:sess\w{0,8}id|csrf|xsrf|jwt|sentrysid)[\w-]*$/i;

/** Finds secrets behind their names. */
export class Assignments {
  readonly #rules: KeyRules;
  readonly #words: WordScan;
  /** In the text at hand: up to here no equals sign follows, so that a line is searched once, however many headers it seems to have. */
  #noCookies = 0;

  constructor(rules: KeyRules, words: WordScan) {
    this.#rules = rules;
    this.#words = words;
  }

  /**
   * Adds what is found in `text`.
   * @param source it is source code: only literals count, since names stand for values there
   * @param cookies it is the value of a cookie header: more names count
   */
  add(text: string, source: boolean, cookies: boolean, found: Ranges): void {
    if (cookies) {
      this.#addCookies(text, found);
      return;
    }
    this.#noCookies = 0;
    let from = 0;
    for (;;) {
      const at = this.#words.next(text, from);
      if (at < 0) return;
      const start = startOfKey(text, at, from);
      const end = endOfKey(text, at);
      from = Math.max(end, this.#value(text, start, end, source, found));
    }
  }

  /**
   * Adds where in a JSON text there may be a name with a value behind it, be it the name of a member or in a text. Most words are not: in source code, in
   * names of classes. It must not overlook any: what has no spot is not looked at more closely.
   */
  spots(text: string, spots: number[]): void {
    let from = 0;
    let quote = 0;
    for (let at = this.#words.next(text, 0); at >= 0; at = this.#words.next(text, from)) {
      const start = startOfKey(text, at, from);
      const end = endOfKey(text, at);
      from = end;
      if (text[end] !== '"') {
        // A name of a member with other signs in it.
        if (quote >= 0 && quote < end) quote = text.indexOf('"', end);
        if (quote >= 0 && text[skipWhite(text, quote + 1)] === ':') {
          spots.push(at);
          continue;
        }
      }
      const key = text.slice(Math.max(start, end - LONGEST_KEY * 2), end);
      const sensitive = this.#rules.of(key.replace(/^-+/, '')) & (KEY.sensitive | KEY.cookies);
      if ((sensitive || COOKIE_NAME.test(key)) && (key.startsWith('--') || mayAssign(text, end))) spots.push(at);
    }
  }

  /** Looks for a value behind the key; returns where to go on. */
  #value(text: string, keyStart: number, keyEnd: number, source: boolean, found: Ranges): number {
    // A key that goes on and on is none; its last characters are as good as any.
    const key = text.slice(Math.max(keyStart, keyEnd - LONGEST_KEY * 2), keyEnd);
    const bits = this.#rules.of(key.replace(/^-+/, ''));
    const header = COOKIE_HEADER.test(key);
    if (!(bits & KEY.sensitive) && !header && !COOKIE_NAME.test(key)) return keyEnd;
    if (bits & KEY.safe) return keyEnd;
    let at = keyEnd;
    const quoted = quoteAt(text, at);
    if (quoted > 0) at += quoted;
    const afterKey = at;
    at = skipBlanks(text, at);
    const separator = text[at];
    const before = text[keyStart - 1] ?? '';
    if (separator === ':' || separator === '=') {
      at++;
      const twice = text[at] === '=';
      if (twice && source) return at;
      // `=>`, `:=`, `==`
      if (text[at] === '>' || twice) at++;
    } else if (separator === ',' && quoted > 0) {
      // A name and its value in a list or tuple.
      if (!/[([]\s?[bru]?\\*["']$/i.test(text.slice(Math.max(0, keyStart - 8), keyStart))) return keyEnd;
      at++;
    } else if (separator === '>' && before === '<' && at === keyEnd) {
      const close = text.indexOf('<', at + 1);
      return this.#take(text, at + 1, close < 0 ? text.length : close, found);
    } else if (!(key.startsWith('--') && at > afterKey)) {
      return keyEnd;
    }
    const valueStart = skipBlanks(text, at);
    const prefix = /^[bru]{0,2}(?=\\{0,8}["'])/i.exec(text.slice(valueStart, valueStart + 12))?.[0].length ?? 0;
    const quote = quoteAt(text, valueStart + prefix);
    if (quote > 0) {
      const inside = valueStart + prefix + quote;
      return this.#take(text, inside, closingQuote(text, inside, quote), found);
    }
    const query = before === '?' || before === '&';
    if (source && !query) return keyEnd;
    if (header) {
      if (valueStart < this.#noCookies) return keyEnd;
      const lineEnd = endOfLine(text, valueStart);
      if (text.slice(valueStart, lineEnd).includes('=')) return this.#take(text, valueStart, lineEnd, found);
      this.#noCookies = lineEnd;
      return keyEnd;
    }
    if ('([{'.includes(text[valueStart] ?? ' ')) {
      if (text.startsWith(FILTERED, valueStart)) return valueStart + FILTERED.length;
      if (separator === ',' || (separator === '=' && /\s/.test(text[valueStart - 1]!))) return keyEnd;
      return this.#take(text, valueStart, closingBracket(text, valueStart), found);
    }
    if (separator === ',') return keyEnd;
    const end = endOfValue(text, valueStart);
    const value = text.slice(valueStart, end);
    // The host of a URL with its port; a line of a file.
    if (separator === ':' && (before === '/' || /^[\d:]+$/.test(value))) return end;
    if (bits & KEY.count && /^\d+$/.test(value)) return end;
    if (separator !== ':' && separator !== '=' && value.startsWith('-')) return keyEnd;
    const loose = separator === ':' || (separator === '=' && at - keyEnd > 1);
    if (
      loose &&
      (WEAK.test(key) || PROSE.test(key)) &&
      !SCHEME.test(value) &&
      !LONG_SCHEME.test(value) &&
      !looksSecret(value)
    )
      return keyEnd;
    if (LONG_SCHEME.test(value)) return this.#take(text, valueStart, endOfLine(text, valueStart), found);
    if (SCHEME.test(value) && text[end] === ' ') return this.#take(text, valueStart, endOfValue(text, end + 1), found);
    return this.#take(text, valueStart, end, found);
  }

  /** `a=b; c=d` */
  #addCookies(text: string, found: Ranges): void {
    let at = 0;
    while (at < text.length) {
      const semicolon = text.indexOf(';', at);
      const end = semicolon < 0 ? text.length : semicolon;
      const equals = text.indexOf('=', at);
      if (equals < 0) return;
      if (equals < end) {
        const bits = this.#rules.of(text.slice(at, equals).trim());
        if (bits & (KEY.sensitive | KEY.cookie) && !(bits & KEY.safe)) this.#take(text, equals + 1, end, found);
      }
      at = end + 1;
    }
  }

  #take(text: string, start: number, end: number, found: Ranges): number {
    if (
      end > start &&
      !text.startsWith(FILTERED, start) &&
      !(end - start <= 80 && NOTHING.test(text.slice(start, end)))
    ) {
      found.add(start, end, FILTERED);
    }
    return end;
  }
}

/** Whether what stands behind a key may part it from a value. In JSON any of it may be escaped. */
function mayAssign(text: string, keyEnd: number): boolean {
  const at = skipWhite(text, keyEnd + quoteAt(text, keyEnd));
  return ':=,>}\\'.includes(text[at] ?? ' ');
}

function startOfKey(text: string, at: number, least: number): number {
  let start = at;
  while (start > least && at - start < LONGEST_KEY && isKeyCharacter(text, start - 1)) start--;
  return start;
}

function endOfKey(text: string, at: number): number {
  let end = at;
  while (end < text.length && isKeyCharacter(text, end)) end++;
  // What looked like a word may be a sign.
  return Math.max(end, at + 1);
}

function isKeyCharacter(text: string, at: number): boolean {
  return KEY_CHARACTER.test(text[at]!);
}

function skipWhite(text: string, at: number): number {
  let end = at;
  while (end - at < MOST_BLANKS && text.charCodeAt(end) <= 0x20) end++;
  return end;
}

function skipBlanks(text: string, at: number): number {
  let end = at;
  while (end - at < MOST_BLANKS && (text[end] === ' ' || text[end] === '\t')) end++;
  return end;
}

/** How long the quotation mark at `at` is, with the backslashes in front of it; 0 if there is none. */
function quoteAt(text: string, at: number): number {
  let end = at;
  while (end - at < 8 && text[end] === '\\') end++;
  return text[end] === '"' || text[end] === "'" ? end - at + 1 : 0;
}

/** Where the quotation ends whose inside begins at `inside`; the end of the text if it never does. */
function closingQuote(text: string, inside: number, width: number): number {
  const mark = text.slice(inside - width, inside);
  let end = text.indexOf(mark, inside);
  if (width === 1) {
    while (end > 0 && text[end - 1] === '\\') {
      let slashes = 1;
      while (text[end - 1 - slashes] === '\\' && end - 1 - slashes >= inside) slashes++;
      if (slashes % 2 === 0) break;
      end = text.indexOf(mark, end + 1);
    }
  }
  return end < 0 ? text.length : end;
}

/** Behind the bracket that closes the one at `at`; the end of the text if none does. Quotations are passed over. */
function closingBracket(text: string, at: number): number {
  let depth = 0;
  let end = at;
  while (end < text.length) {
    const quote = quoteAt(text, end);
    if (quote > 0) {
      const close = closingQuote(text, end + quote, quote);
      end = close + quote;
      continue;
    }
    const c = text[end]!;
    end++;
    if (c === '(' || c === '[' || c === '{') depth++;
    else if ((c === ')' || c === ']' || c === '}') && --depth === 0) return end;
  }
  return text.length;
}

const END_OF_VALUE = /[\s&;,"'<>)}\]|`\\]/g;
const END_OF_LINE = /[\r\n"]/g;

function endOfValue(text: string, from: number): number {
  END_OF_VALUE.lastIndex = from;
  return END_OF_VALUE.exec(text)?.index ?? text.length;
}

function endOfLine(text: string, from: number): number {
  END_OF_LINE.lastIndex = from;
  return END_OF_LINE.exec(text)?.index ?? text.length;
}

/** Long, or with a digit in it: as tokens are, and words are not. */
function looksSecret(value: string): boolean {
  return value.length >= 20 || (value.length >= 6 && /\d/.test(value));
}
