import { HEX, isAt, isBoundary, LABEL, LOCAL, matchEnd, runEnd, WORD } from './characters.ts';

/** E-mail addresses, URLs, names of hosts and IP addresses. */

const LONGEST_LABEL = 63;

/** The commonest top-level domains: all of them would take half of English. */
const TOP_LEVEL =
  'com net org edu gov info biz mobi news link club site online wiki jobs tips pro app cat xxx xyz jp de uk fr br it ru es me pl ca au cn co in nl eu ch id at kr cz mx be tv se tr tw al ua ir vn cl sk ly cc to no fi us pt dk ar hu tk gr il ro my ie za nz sg ee th io pe bg hk rs lt ph by la ga cf hr ng kz ug gq ae is lv fm ms sa';
const TOP_LEVEL_DOMAINS: ReadonlySet<string> = new Set(
  TOP_LEVEL.split(' ').flatMap((name) => [name, name.toUpperCase()]),
);
const LONGEST_TOP_LEVEL = 6;

const URL_START = /(?:wss?|https?|ftp):\/\/[^\s/$.?#][^\n]/y;
const BLANK = /\s/g;
const IP_V4 = /(?:(?:25[0-5]|(?:2[0-4]|1?[0-9])?[0-9])\.){3}(?:25[0-5]|(?:2[0-4]|1?[0-9])?[0-9])/y;

/** Of an IPv6 address. */
const GROUPS = 8;

/** Looks for hosts in one text, from left to right. Remembers what it has seen, so that it sees each character few times. */
export class Hosts {
  readonly #text: string;
  readonly #hasAddress: boolean;
  readonly #hasUrl: boolean;
  /** Where the run of characters that may stand before an @ ends. */
  #localEnd = 0;
  /** No name of a host begins before. */
  #noHostBefore = 0;

  constructor(text: string) {
    this.#text = text;
    this.#hasAddress = text.includes('@');
    this.#hasUrl = text.includes('://');
  }

  /** Where the e-mail address that begins at a place ends, or -1. */
  email(at: number): number {
    if (!this.#hasAddress) return -1;
    const text = this.#text;
    if (at >= this.#localEnd) this.#localEnd = runEnd(text, at, LOCAL, text.length);
    const sign = this.#localEnd;
    if (sign === at || text.charCodeAt(sign) !== 0x40) return -1;
    let end = runEnd(text, sign + 1, LABEL, text.length);
    if (end === sign + 1) return -1;
    while (text.charCodeAt(end) === 0x2e && isAt(text, end + 1, LABEL)) {
      end = runEnd(text, end + 1, LABEL, text.length);
    }
    return end;
  }

  /** Where the URL that begins at a place ends, or -1. */
  url(at: number): number {
    if (!this.#hasUrl) return -1;
    const start = matchEnd(URL_START, this.#text, at);
    if (start < 0) return -1;
    BLANK.lastIndex = start;
    return BLANK.exec(this.#text)?.index ?? this.#text.length;
  }

  /** Where the name of a host that begins at a place ends, or -1: behind the first label that is a top-level domain. */
  hostname(at: number): number {
    if (at < this.#noHostBefore) return -1;
    const text = this.#text;
    let label = at;
    for (;;) {
      const dot = runEnd(text, label, LABEL, Math.min(text.length, label + LONGEST_LABEL + 1));
      if (dot === label || dot - label > LONGEST_LABEL || text.charCodeAt(dot) !== 0x2e) {
        // Whoever begins at one of the labels before comes to this one.
        this.#noHostBefore = label;
        return -1;
      }
      const end = runEnd(text, dot + 1, WORD, Math.min(text.length, dot + 2 + LONGEST_TOP_LEVEL));
      if (end > dot + 2 && TOP_LEVEL_DOMAINS.has(text.slice(dot + 1, end))) return end;
      label = dot + 1;
    }
  }

  /** Where the IP address that begins at a place ends, or -1. */
  ip(at: number): number {
    const text = this.#text;
    if (at === 0 || !isAt(text, at - 1, WORD)) {
      const end = this.#v6(at);
      if (end > 0) return end;
    }
    const c = text.charCodeAt(at);
    if (c < 0x30 || c > 0x39 || !isBoundary(text, at)) return -1;
    const end = matchEnd(IP_V4, text, at);
    return end > 0 && isBoundary(text, end) ? end : -1;
  }

  #v6(at: number): number {
    const text = this.#text;
    let groups = 0;
    let group = at;
    let end = at;
    let hasGap = text.startsWith('::', at);
    if (hasGap) end += 2;
    while (groups < GROUPS) {
      group = end;
      end = runEnd(text, group, HEX, group + 5);
      if (end - group > 4) return -1;
      if (end === group) break;
      groups++;
      if (text.charCodeAt(end) !== 0x3a) break;
      if (text.charCodeAt(end + 1) !== 0x3a) {
        // Else a colon of the sentence.
        if (groups === GROUPS || !isAt(text, end + 1, HEX)) break;
        end++;
      } else {
        if (hasGap) break;
        hasGap = true;
        end += 2;
      }
    }
    if (groups > 0 && text.charCodeAt(end) === 0x2e) {
      // `::ffff:10.0.0.1`: the last group is the first number of an IPv4 address, which counts for two.
      const v4 = matchEnd(IP_V4, text, group);
      if (v4 > 0 && !isAt(text, v4, WORD) && (hasGap ? groups < GROUPS - 1 : groups === GROUPS - 1)) return v4;
    }
    if (hasGap ? groups >= GROUPS : groups !== GROUPS) return -1;
    return isAt(text, end, WORD) && text.charCodeAt(end) !== 0x5f ? -1 : end;
  }
}
