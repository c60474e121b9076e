import { type Fields, isFields } from '../payload.ts';

/**
 * Envelopes: a line of JSON, then items, each a line of JSON and a payload. With a `length` the payload is exactly so many bytes and a line feed
 * or the end stands behind it; without one it goes to the next line feed or the end. Blank lines before a header are skipped, as Relay
 * does, and at the end, too, where Relay does not.
 */

/** An item of an envelope. */
export interface EnvelopeItem {
  readonly type: string;
  readonly headers: Fields;
  /** The bytes of its payload, sharing memory with the envelope. */
  readonly payload: Buffer;
}

export interface Envelope {
  readonly headers: Fields;
  readonly items: readonly EnvelopeItem[];
}

/** Why bytes are no envelope, for the `detail` of the answer. */
export class EnvelopeError extends Error {}

/** SDKs write some hundred bytes; the trace header of the longest is below 8 KiB. */
const LONGEST_HEADER = 64 << 10;

/** Relay takes 100 sessions, 30 attachments and 25 spans, and one of most others. */
const MOST_ITEMS = 1000;

/** Before a header; 200 MB of them would take 0.4 s. */
const MOST_BLANKS = 64 << 10;

const LINE_FEED = 0x0a;

/**
 * Reads an envelope, byte-exact.
 * @throws EnvelopeError
 */
export function readEnvelope(bytes: Buffer): Envelope {
  let at = skipBlanks(bytes, 0);
  if (at === bytes.length) throw new EnvelopeError('empty request body');
  let end = lineEnd(bytes, at);
  const headers = readHeader(bytes, at, end, 'invalid envelope header');
  const items: EnvelopeItem[] = [];
  for (;;) {
    at = skipBlanks(bytes, end);
    if (at === bytes.length) return { headers, items };
    if (items.length === MOST_ITEMS) throw new EnvelopeError(`too many items: more than ${MOST_ITEMS}`);
    end = lineEnd(bytes, at);
    const header = readHeader(bytes, at, end, 'invalid item header');
    const { type } = header;
    if (typeof type !== 'string' || type === '') throw new EnvelopeError('invalid item header: no type');
    const start = Math.min(end + 1, bytes.length);
    end = payloadEnd(bytes, start, header['length']);
    items.push({ type, headers: header, payload: bytes.subarray(start, end) });
  }
}

/** Where the payload that begins at `start` ends. */
function payloadEnd(bytes: Buffer, start: number, length: unknown): number {
  if (length === undefined || length === null) return lineEnd(bytes, start);
  if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0) {
    throw new EnvelopeError('invalid item header: length is no number of bytes');
  }
  const end = start + length;
  if (end > bytes.length) throw new EnvelopeError('unexpected end of file');
  if (end < bytes.length && bytes[end] !== LINE_FEED)
    throw new EnvelopeError('missing newline after header or payload');
  return end;
}

function readHeader(bytes: Buffer, start: number, end: number, wrong: string): Fields {
  if (end - start > LONGEST_HEADER) throw new EnvelopeError(`${wrong}: longer than ${LONGEST_HEADER} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8', start, end));
  } catch {
    throw new EnvelopeError(wrong);
  }
  if (!isFields(value)) throw new EnvelopeError(wrong);
  return value;
}

function lineEnd(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(LINE_FEED, from);
  return end < 0 ? bytes.length : end;
}

/** What JSON takes for blanks. */
function skipBlanks(bytes: Buffer, from: number): number {
  let at = from;
  const most = from + MOST_BLANKS;
  for (; at < bytes.length; at++) {
    const c = bytes[at];
    if (c !== 0x20 && c !== LINE_FEED && c !== 0x0d && c !== 0x09) break;
    if (at === most) throw new EnvelopeError(`more than ${MOST_BLANKS} blanks`);
  }
  return at;
}
