import type { SentryRow } from '../columns.ts';
import type { Format } from '../formats.ts';
import type { Given } from '../headers.ts';
import { parseJson } from '../json.ts';
import { type Fields, fieldsOf } from '../payload.ts';
import { parseTime, timeText } from '../time.ts';
import { asDockerRecord } from './docker.ts';
import { type LogLine, titleOf } from './log-row.ts';
import { readNginx } from './nginx.ts';
import { readRelayJson } from './relay-json.ts';
import { readRelayText } from './relay-text.ts';
import { readSentryHuman } from './sentry-human.ts';
import { readSentryMachine } from './sentry-machine.ts';

/** What a line was found to be. */
export interface ReadLine {
  readonly format: Format;
  readonly row: SentryRow;
  /** When it was written, in ms since 1970; NaN when neither it nor what is given says so. */
  readonly timestamp: number;
}

/** The formats that `readLine` reads. */
export type LineFormat = 'relay' | 'relay-json' | 'sentry' | 'sentry-json' | 'nginx';

type TextFormat = 'relay' | 'sentry' | 'nginx';

const LINE_FORMATS: ReadonlySet<string> = new Set<LineFormat>([
  'relay',
  'relay-json',
  'sentry',
  'sentry-json',
  'nginx',
]);

const TEXTS: { readonly [format in TextFormat]: (text: string, near: number) => LogLine | undefined } = {
  relay: readRelayText,
  sentry: readSentryHuman,
  nginx: readNginx,
};

const OPENING = 0x7b;
const DASH = 0x2d;
const COLON = 0x3a;

/** Whether a format is one of lines. */
export function isLineFormat(format: string | undefined): format is LineFormat {
  return format !== undefined && LINE_FORMATS.has(format);
}

/**
 * Reads a log line (with the lines that continue it), also in docker's wrapper. `format` undefined: it is found out.
 * @returns undefined for what is of no known format. Never throws.
 */
export function readLine(body: Buffer, given: Given, format: Format | undefined): ReadLine | undefined {
  if (format !== undefined && !isLineFormat(format)) return undefined;
  const near = (Number.isNaN(given.timestamp) ? given.received : given.timestamp) * 1000;
  const text = masked(body.toString());
  if (body[0] !== OPENING) return readText(text, near, given, format);
  const { fields, more } = readObject(text);
  if (fields === undefined) return undefined;
  const record = more === '' ? asDockerRecord(fields) : undefined;
  if (record === undefined) return readFields(fields, more, near, given, format);
  const time = parseTime(record.time);
  return readInner(record.log.replace(/\r?\n$/, ''), Number.isNaN(time) ? near : time, given, format);
}

/** What stood in docker's wrapper. */
function readInner(text: string, near: number, given: Given, format: LineFormat | undefined): ReadLine | undefined {
  if (text.charCodeAt(0) !== OPENING) return readText(text, near, given, format);
  const { fields, more } = readObject(text);
  return fields && readFields(fields, more, near, given, format);
}

/** A line that is no JSON: its first bytes say what it is. */
function readText(text: string, near: number, given: Given, format: LineFormat | undefined): ReadLine | undefined {
  if (format === 'relay-json' || format === 'sentry-json') return undefined;
  const found = format ?? guess(text);
  return found && finish(found, TEXTS[found](text, near), given);
}

function guess(text: string): TextFormat | undefined {
  const c = text.charCodeAt(0);
  if (text.charCodeAt(4) === DASH && text.charCodeAt(7) === DASH) return 'relay';
  if (text.charCodeAt(2) === COLON && text.charCodeAt(8) === 0x20) return 'sentry';
  // An address, or the word `unix:` of a local socket.
  const isHex = (c >= 0x30 && c <= 0x39) || (c >= 0x61 && c <= 0x66) || (c >= 0x41 && c <= 0x46);
  return isHex || c === COLON || c === 0x75 ? 'nginx' : undefined;
}

/** A line of JSON: its members say what it is. */
function readFields(
  fields: Fields,
  more: string,
  near: number,
  given: Given,
  format: LineFormat | undefined,
): ReadLine | undefined {
  if (format === undefined || format === 'sentry-json') {
    const line = readSentryMachine(fields, near);
    if (line !== undefined) return finish('sentry-json', withMore(line, more), given);
  }
  // Events have times, levels, messages and loggers, too, but no target.
  const mayBeRelay =
    format === 'relay-json' ||
    (format === undefined && (!('event_id' in fields) || typeof fields['target'] === 'string'));
  return mayBeRelay ? finish('relay-json', withMore(readRelayJson(fields), more), given) : undefined;
}

function finish(format: LineFormat, line: LogLine | undefined, given: Given): ReadLine | undefined {
  if (line === undefined) return undefined;
  const { row, time } = line;
  row.timestamp = timeText(time);
  row.title = titleOf(row);
  row.received = timeText(given.received * 1000);
  row.item_type = given.itemType ?? (format === 'nginx' ? 'access' : 'log');
  row.event_id = given.eventId ?? row.event_id;
  row.project_id = given.projectId ?? row.project_id;
  row.issue_id = given.issueId;
  row.sdk = given.sdk ?? row.sdk;
  return { format, row, timestamp: Math.floor(time / 1000) };
}

/** The object that a text begins with, and the lines behind it: what something else printed meanwhile. */
function readObject(text: string): { readonly fields: Fields | undefined; readonly more: string } {
  const end = text.indexOf('\n');
  const first = end < 0 ? undefined : parseObject(text.slice(0, end));
  if (first !== undefined) return { fields: first, more: text.slice(end + 1).trimEnd() };
  return { fields: parseObject(text), more: '' };
}

function parseObject(text: string): Fields | undefined {
  try {
    return fieldsOf(parseJson(text));
  } catch {
    return undefined;
  }
}

function withMore(line: LogLine | undefined, more: string): LogLine | undefined {
  if (line !== undefined && more !== '') line.row.message = `${line.row.message ?? ''}\n${more}`;
  return line;
}

const KEYS = /(sentry_(?:key|secret)=)[\w%.-]+/g;

/** The text without the keys that SDKs in browsers put into addresses. */
function masked(text: string): string {
  return text.includes('sentry_') ? text.replace(KEYS, '$1[Filtered]') : text;
}
