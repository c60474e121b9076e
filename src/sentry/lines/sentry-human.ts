import { levelOf } from '../event/fields.ts';
import { type LogLine, type OpenRow, Pairs } from './log-row.ts';
import { readLiteral } from './python-literal.ts';
import { nearestDay } from './time.ts';
import { readTraceback } from './traceback.ts';

/*
 * Sentry's own form for people: `HH:MM:SS [LEVEL] logger: event (key='v' other=200)`, in UTC, without a date; the lines behind it are a traceback or
 * go on with the message.
 */

const HEAD = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d) \[([A-Z]{1,20})\] ([^:\n]{1,500}): ?/;
const PAIRS_START = / \([^\s=()'"]{1,200}=/g;
const NAME = /([^\s=()'"]{1,200})=/y;
const NEXT_NAME = / [^\s=()'"<>]{1,200}=/y;
/** How many opening brackets of a message are tried. */
const MOST_TRIES = 8;

export function readSentryHuman(text: string, near: number): LogLine | undefined {
  const head = HEAD.exec(text);
  if (head === null) return undefined;
  const [{ length: from }, hour, minute, second, level, logger] = head;
  const row: OpenRow = { level: levelOf(level!), logger: logger! };
  const lineEnd = text.indexOf('\n', from);
  const line = (lineEnd < 0 ? text.slice(from) : text.slice(from, lineEnd)).trimEnd();
  const rest = lineEnd < 0 ? '' : text.slice(lineEnd + 1);
  const pairsAt = line.endsWith(')') ? readPairs(line, row) : -1;
  const said = pairsAt < 0 ? line : line.slice(0, pairsAt);
  const traceback = rest === '' ? -1 : readTraceback(rest, row);
  const more = (traceback < 0 ? rest : rest.slice(0, traceback)).trimEnd();
  row.message = more === '' ? said : `${said}\n${more}`;
  return { time: nearestDay(Number(hour) * 3600 + Number(minute) * 60 + Number(second), near), row };
}

/** Reads `(key='v' other=200)` at the end of a line. @returns where it begins, or -1: the brackets are part of the message */
function readPairs(line: string, row: OpenRow): number {
  PAIRS_START.lastIndex = 0;
  for (let n = 0; n < MOST_TRIES; n++) {
    const start = PAIRS_START.exec(line);
    if (start === null) return -1;
    const found = pairsIn(line, start.index + 2);
    if (found === undefined) continue;
    const pairs = new Pairs(row);
    for (const [name, value] of found) pairs.add(name, value);
    pairs.close();
    return start.index;
  }
  return -1;
}

/** The pairs from a place up to the bracket that ends the line. */
function pairsIn(line: string, from: number): [string, string][] | undefined {
  const pairs: [string, string][] = [];
  const last = line.length - 1;
  const other = new OtherValues(line, last);
  let at = from;
  for (;;) {
    NAME.lastIndex = at;
    const name = NAME.exec(line)?.[1];
    if (name === undefined) return undefined;
    at += name.length + 1;
    const literal = readLiteral(line, at);
    const isWhole = literal !== undefined && literal.end <= last && (literal.end === last || nameAt(line, literal.end));
    const end = isWhole ? literal.end : other.end(at);
    if (end < 0) return undefined;
    const value = isWhole ? literal.value : line.slice(at, end);
    if (value !== undefined) pairs.push([name, value]);
    if (end >= last) return pairs;
    at = end + 1;
  }
}

function nameAt(line: string, at: number): boolean {
  NEXT_NAME.lastIndex = at;
  return NEXT_NAME.test(line);
}

/** Finds the end of values that are no literals, such as `<WSGIRequest: GET '/?q=1'>`. */
class OtherValues {
  readonly #line: string;
  readonly #last: number;
  /** Brackets do not match up: that is found out once only, so that a long line takes no longer than its length. */
  #isOdd = false;

  constructor(line: string, last: number) {
    this.#line = line;
    this.#last = last;
  }

  /** Where the next name begins outside of brackets, with the blank before it; else the last bracket. -1 when the bracket round all is closed before. */
  end(from: number): number {
    if (!this.#isOdd) {
      const line = this.#line;
      let depth = 0;
      for (let at = from; at < this.#last; at++) {
        const c = line[at]!;
        if (c === ' ' && depth === 0 && nameAt(line, at)) return at;
        if (c === '<' || c === '(' || c === '[' || c === '{') depth++;
        else if (c === ')' && depth === 0) return -1;
        else if ((c === '>' || c === ')' || c === ']' || c === '}') && depth > 0) depth--;
      }
      if (depth === 0) return this.#last;
      this.#isOdd = true;
    }
    return this.#nextName(from);
  }

  #nextName(from: number): number {
    for (let at = this.#line.indexOf(' ', from); at >= 0 && at < this.#last; at = this.#line.indexOf(' ', at + 1)) {
      if (nameAt(this.#line, at)) return at;
    }
    return this.#last;
  }
}
