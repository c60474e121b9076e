import { isIPv4, isIPv6 } from 'node:net';
import { endOfIban, isLuhn } from './checksums.ts';
import { FILTERED, IP, type Ranges } from './ranges.ts';
import { MAY } from './triggers.ts';

/**
 * Secrets that are known by their look, wherever they stand in a text: what Relay looks for, more strictly (check digits) where a number could be
 * anything. Each regular expression is linear: what may repeat stops at what the next attempt begins with, or has a bound.
 */

const SCHEME = /\b(bearer|basic)(\s+)([^\s"'<>]+)/gi;
const PEM = /-----BEGIN [A-Z0-9 ]{0,64}(?:PRIVATE|PUBLIC) KEY(?: BLOCK)?-----/g;
const PEM_END = '-----END ';
/** A password in a URL, and the keys of a DSN. */
const URL_PASSWORD = /\/\/([^\s"'<>/?#:@]*):([^\s"'<>/?#]+)@/g;
const DSN_KEY = /\/\/([0-9a-fA-F]{32})@/g;
// Amex; Visa; MasterCard, the newer range too; Discover. Twelve digits more, one blank or dash before each at most. A fraction's digits are none.
const CARD =
  /(?<![\dA-Za-z]|\d\.)(?:3[47]\d|4\d{3}|5[1-5]\d\d|2[2-7]\d\d|65\d\d|6011)(?:[- ]?\d){12}(?![\dA-Za-z]|\.\d)/g;
const ONE_CARD = new RegExp(CARD, '');
const MOST_GAPS = 5;
const SSN = /(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])/g;
const IBAN = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}/g;
// In lower case `/users/` is a route of a web application, and `/home/` behind a host is, too.
const HOME = /(?<![\w.\]-])\/(?:home|Users)\/([^/\\\s"'<>:|*?,;()[\]&]+)/g;
const WINDOWS_HOME =
  /[A-Za-z]:[\\/]{1,4}(?:users|documents and settings)[\\/]{1,4}([^/\\\s"'<>:|*?,;()[\]]+(?: [^/\\\s"'<>:|*?,;()[\]]+){0,3}(?=[/\\])|[^/\\\s"'<>:|*?,;()[\]]+)/gi;
// What has been replaced counts as a part of it: else a second look would find more.
const IPV4 = /(?<![\w.]|\[ip\]|\[Filtered\])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w.]*\d)/g;
const IPV6 = /(?<![\w:.]|\[ip\]|\[Filtered\])[\da-fA-F]{0,4}:[\da-fA-F:]{0,40}(?:[\d.]{0,15})(?![\w:])/g;

/**
 * Adds what is found in `text`.
 * @param may bits of `MAY`: what to look for
 */
export function addValues(text: string, may: number, found: Ranges): void {
  if (may & MAY.scheme) addSchemes(text, found);
  if (may & MAY.pem) addPems(text, found);
  if (may & MAY.url) addUrls(text, found);
  if (may & MAY.card) {
    for (const { 0: card, index } of text.matchAll(CARD)) {
      if (isCard(card)) found.add(index, index + card.length, FILTERED);
    }
  }
  if (may & MAY.ssn) for (const { 0: ssn, index } of text.matchAll(SSN)) found.add(index, index + ssn.length, FILTERED);
  if (may & MAY.iban) {
    for (const { index } of text.matchAll(IBAN)) {
      const end = endOfIban(text, index);
      if (end > 0) found.add(index, end, FILTERED);
    }
  }
  if (may & MAY.home) {
    addGroup(text, HOME, found);
    addGroup(text, WINDOWS_HOME, found);
  }
  if (may & MAY.ip) addAddresses(text, found);
}

/** Whether all of it is the number of a card. */
export function isCardNumber(text: string): boolean {
  const match = ONE_CARD.exec(text);
  return match !== null && match[0].length === text.length && isCard(text);
}

function isCard(card: string): boolean {
  let gaps = 0;
  for (let i = 0; i < card.length; i++) if (card.charCodeAt(i) < 0x30) gaps++;
  return gaps <= MOST_GAPS && isLuhn(card);
}

function addSchemes(text: string, found: Ranges): void {
  SCHEME.lastIndex = 0;
  for (let match = SCHEME.exec(text); match !== null; match = SCHEME.exec(text)) {
    const token = match[3]!;
    if (token.startsWith(FILTERED)) continue;
    let length = token.length;
    while (length > 1 && ',;)]}'.includes(token[length - 1]!)) length--;
    if (match[1]!.length === 5 && !isUserAndPassword(token.slice(0, length))) {
      // An ordinary word: what stands behind it may be one, too.
      SCHEME.lastIndex = match.index + 5;
      continue;
    }
    found.add(match.index, match.index + match[0].length - token.length + length, FILTERED);
  }
}

/** Whether it is the base64 of `user:password`: "basic" also stands in front of ordinary words. */
function isUserAndPassword(token: string): boolean {
  if (!/^[A-Za-z0-9+/_-]{4,}={0,2}\.?$/.test(token)) return false;
  const bytes = Buffer.from(token, 'base64');
  return bytes.includes(0x3a) && bytes.every((byte) => byte >= 0x20 && byte !== 0x7f);
}

function addPems(text: string, found: Ranges): void {
  PEM.lastIndex = 0;
  for (let match = PEM.exec(text); match !== null; match = PEM.exec(text)) {
    let start = match.index + match[0].length;
    const mark = text.indexOf(PEM_END, start);
    // A key that was cut off goes to the end of the text.
    let end = mark < 0 ? text.length : mark;
    while (start < end && text.charCodeAt(start) <= 0x20) start++;
    while (end > start && text.charCodeAt(end - 1) <= 0x20) end--;
    if (end > start && text.slice(start, end) !== FILTERED) found.add(start, end, FILTERED);
    if (mark < 0) return;
    PEM.lastIndex = mark;
  }
}

function addUrls(text: string, found: Ranges): void {
  for (const match of text.matchAll(URL_PASSWORD)) {
    const user = match.index + 2;
    const password = user + match[1]!.length + 1;
    const end = password + match[2]!.length;
    if (/^[0-9a-fA-F]{32}$/.test(match[1]!)) found.add(user, password - 1, FILTERED);
    if (match[2] !== FILTERED) found.add(password, end, FILTERED);
  }
  for (const { index } of text.matchAll(DSN_KEY)) found.add(index + 2, index + 34, FILTERED);
}

/** The first group is at the end of each match. */
function addGroup(text: string, pattern: RegExp, found: Ranges): void {
  for (const match of text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    found.add(end - match[1]!.length, end, FILTERED);
  }
}

function addAddresses(text: string, found: Ranges): void {
  for (const { 0: ip, index } of text.matchAll(IPV4)) if (isIPv4(ip)) found.add(index, index + ip.length, IP);
  for (const { 0: match, index } of text.matchAll(IPV6)) {
    // The full stop of a sentence is none of it.
    const ip = match.replace(/\.+$/, '');
    if (isIPv6(ip) && ip !== '::') found.add(index, index + ip.length, IP);
  }
}
