import { classAt, DIGIT, HEX, isBoundary, LABEL, LOCAL, WORD } from './characters.ts';
import { digitDate, namedDate } from './dates.ts';
import { Hosts } from './hosts.ts';
import { commitEnd, Decimals, hexEnd, hexName, prefixedHex, swiftTransaction, traceparent, uuid } from './numbers.ts';

/** What is replaced, the first that fits at a place first. */
export type Parameter =
  | 'email'
  | 'url'
  | 'hostname'
  | 'ip'
  | 'traceparent'
  | 'uuid'
  | 'sha1'
  | 'md5'
  | 'date'
  | 'duration'
  | 'swift_txn_id'
  | 'hex'
  | 'git_sha'
  | 'float'
  | 'int'
  | 'quoted_str'
  | 'bool';

/** Every parameter holds one of these. */
const WORTH_A_LOOK = /[0-9@.:=]/;

const BOOLEAN = /[Tt]rue|[Ff]alse/y;

/**
 * Replaces what changes from event to event: `user 42 at 10.1.2.3` is `user <int> at <ip>`. One scan from left to right; at each
 * place the first parameter of the list that fits counts. A scan by hand, since a regular expression of all of them takes
 * time by the square of the length for long runs of letters or digits.
 */
export function parameterise(text: string): string {
  return WORTH_A_LOOK.test(text) ? new Scan(text).run() : text;
}

class Scan {
  readonly #text: string;
  readonly #hosts: Hosts;
  readonly #decimals: Decimals;
  readonly #hasColon: boolean;
  readonly #hasDot: boolean;
  /** Where the parameter that was found ends. */
  #end = 0;

  constructor(text: string) {
    this.#text = text;
    this.#hosts = new Hosts(text);
    this.#decimals = new Decimals(text);
    this.#hasColon = text.includes(':');
    this.#hasDot = text.includes('.');
  }

  run(): string {
    const text = this.#text;
    let out = '';
    let from = 0;
    let at = 0;
    while (at < text.length) {
      const name = this.#find(at);
      if (name === undefined) {
        at++;
        continue;
      }
      out += `${text.slice(from, at)}<${name}>`;
      at = this.#end;
      from = at;
    }
    return from === 0 ? text : out + text.slice(from);
  }

  /** The parameter that begins at a place. */
  #find(at: number): Parameter | undefined {
    const text = this.#text;
    const mask = classAt(text, at);
    if ((mask & LOCAL) !== 0 && this.#to(this.#hosts.email(at))) return 'email';
    const c = text.charCodeAt(at);
    if ((mask & WORD) === 0) return this.#findAtSign(at, c);
    if (isBoundary(text, at)) return this.#findAtWord(at, mask, c);
    return this.#findInWord(at, mask, c);
  }

  #findAtSign(at: number, c: number): Parameter | undefined {
    const text = this.#text;
    if (c === 0x3a) return this.#to(this.#hosts.ip(at)) ? 'ip' : undefined;
    if (c === 0x2d) {
      if (this.#hasDot && isBoundary(text, at) && this.#to(this.#hosts.hostname(at))) return 'hostname';
      if ((classAt(text, at + 1) & DIGIT) === 0) return undefined;
      if (this.#to(this.#decimals.float(at + 1))) return 'float';
      return !isBoundary(text, at) && this.#to(this.#decimals.int(at + 1)) ? 'int' : undefined;
    }
    if ((c !== 0x22 && c !== 0x27) || text.charCodeAt(at - 1) !== 0x3d) return undefined;
    const close = text.indexOf(c === 0x22 ? '"' : "'", at + 1);
    return close > at + 1 && this.#to(close + 1) ? 'quoted_str' : undefined;
  }

  /** Where a word begins all is possible. */
  #findAtWord(at: number, mask: number, c: number): Parameter | undefined {
    const text = this.#text;
    const hosts = this.#hosts;
    if ((c === 0x77 || c === 0x68 || c === 0x66) && this.#to(hosts.url(at))) return 'url';
    if (this.#hasDot && (mask & LABEL) !== 0 && this.#to(hosts.hostname(at))) return 'hostname';
    if ((mask & HEX) !== 0) {
      if ((this.#hasDot || this.#hasColon) && this.#to(hosts.ip(at))) return 'ip';
      if ((mask & DIGIT) !== 0 && this.#to(traceparent(text, at))) return 'traceparent';
      if (this.#to(uuid(text, at))) return 'uuid';
      const name = hexName(text, at);
      if (name !== undefined) {
        this.#end = at + (name === 'sha1' ? 40 : 32);
        return name;
      }
    }
    const inner = this.#findInWord(at, mask, c);
    if (inner !== undefined) return inner;
    if (c === 0x74) return this.#to(swiftTransaction(text, at)) ? 'swift_txn_id' : undefined;
    if ((mask & HEX) === 0) return undefined;
    if (c === 0x30 && this.#to(prefixedHex(text, at))) return 'hex';
    if (this.#to(hexEnd(text, at))) return 'hex';
    if (this.#to(commitEnd(text, at))) return 'git_sha';
    if ((mask & DIGIT) === 0) return undefined;
    if (this.#to(this.#decimals.float(at))) return 'float';
    return this.#to(this.#decimals.int(at)) ? 'int' : undefined;
  }

  /** What needs no word to begin. */
  #findInWord(at: number, mask: number, c: number): Parameter | undefined {
    const text = this.#text;
    if ((mask & DIGIT) !== 0) {
      if (this.#to(digitDate(text, at))) return 'date';
      return this.#to(this.#decimals.duration(at)) ? 'duration' : undefined;
    }
    if (mayBeginDate(c) && this.#to(namedDate(text, at))) return 'date';
    if (text.charCodeAt(at - 1) !== 0x3d || (c !== 0x54 && c !== 0x74 && c !== 0x46 && c !== 0x66)) return undefined;
    BOOLEAN.lastIndex = at;
    return BOOLEAN.test(text) && this.#to(BOOLEAN.lastIndex) ? 'bool' : undefined;
  }

  /** Takes the end of a parameter; whether there is one. */
  #to(end: number): boolean {
    if (end < 0) return false;
    this.#end = end;
    return true;
  }
}

/** Days and months, and `datetime.datetime(`. */
function mayBeginDate(c: number): boolean {
  switch (c) {
    case 0x41: // A
    case 0x44: // D
    case 0x46: // F
    case 0x4a: // J
    case 0x4d: // M
    case 0x4e: // N
    case 0x4f: // O
    case 0x53: // S
    case 0x54: // T
    case 0x57: // W
    case 0x64: // d
      return true;
    default:
      return false;
  }
}
