import type { SentryRow } from '../columns.ts';
import { firstLine, LIMITS, trim, trimmed } from '../event/trim.ts';
import type { Given } from '../headers.ts';
import { headerRow } from './base-row.ts';

/** A character of UTF-8 has four bytes at most, so these make a message in full. */
const MOST_BYTES = LIMITS.text * 4;
/** Files and recordings: what stands in them is nobody's message. */
const FILES: ReadonlySet<string | undefined> = new Set([
  'attachment',
  'minidump',
  'replay_recording',
  'replay_video',
  'unreal_report',
]);
/** Bytes that are no UTF-8 look so; NUL stands in hardly any text. */
const BINARY = /[\u0000\ufffd]/;

/** The row of an item whose bytes are kept for themselves: an attachment has its name as message, text is its own. */
export function rawRow(itemType: string | undefined, body: Buffer, given: Given): SentryRow {
  const said = FILES.has(itemType) ? undefined : textOf(body);
  const message = given.filename === undefined ? said : trim(given.filename, LIMITS.host);
  return {
    ...headerRow(itemType, given),
    type: trimmed(given.attachmentType, LIMITS.label),
    message,
    title: message === undefined ? undefined : trim(firstLine(message), LIMITS.title),
  };
}

/** The row of what should have been JSON and is none: its text is the message. */
export function unreadableRow(itemType: string | undefined, body: Buffer, given: Given): SentryRow {
  const message = trim(body.toString('utf8', 0, MOST_BYTES), LIMITS.text);
  return { ...headerRow(itemType, given), message: message === '' ? undefined : message };
}

function textOf(body: Buffer): string | undefined {
  const text = body.toString('utf8', 0, MOST_BYTES);
  // The cut may have taken the last character apart.
  const whole = body.length > MOST_BYTES ? text.slice(0, -1) : text;
  return whole === '' || BINARY.test(whole) ? undefined : trim(whole, LIMITS.text);
}
