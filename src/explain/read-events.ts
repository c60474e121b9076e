import { jsonFormat } from '../sentry/detect.ts';
import { EnvelopeError, readEnvelope } from '../sentry/envelope/read-envelope.ts';
import { kafkaMessageOf, storedEventOf, storedType } from '../sentry/items/kafka-event.ts';
import { isGrouped, kindOf } from '../sentry/items/kinds.ts';
import { securityEvent } from '../sentry/items/security.ts';
import { webhookEvent } from '../sentry/items/webhook.ts';
import { parseJson } from '../sentry/json.ts';
import { asDockerRecord } from '../sentry/lines/docker.ts';
import { type Fields, isFields } from '../sentry/payload.ts';
import { whereBroken } from './json-error.ts';

/** An event of a file. */
export interface FoundEvent {
  /** Which one: `line 3`, `item 1`; empty where there is but one. */
  readonly place: string;
  readonly payload: Fields;
  /** What the envelope says. */
  readonly eventId?: unknown;
}

/** What was found in a file, in order. */
export interface Takings {
  readonly event: (event: FoundEvent) => void;
  /** What could not be read, and what to do. */
  readonly problem: (place: string, text: string) => void;
  /** What needs no reading. */
  readonly note: (place: string, text: string) => void;
}

const LINE_FEED = 0x0a;
/** How gzip and zstd begin. */
const COMPRESSED = [Buffer.of(0x1f, 0x8b), Buffer.of(0x28, 0xb5, 0x2f, 0xfd)];
const KINDS_READ =
  'an event as JSON, an envelope, a line of the Kafka topic events, the body of a webhook, or many of these, one a line';

/** Reads the events of a file of any of the kinds that it finds out by itself. */
export function readEvents(bytes: Buffer, takings: Takings): void {
  const body = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
  if (body.every((byte) => byte <= 0x20)) {
    takings.problem('', `it is empty. Give ${KINDS_READ}.`);
  } else if (COMPRESSED.some((magic) => body.subarray(0, magic.length).equals(magic))) {
    takings.problem(
      '',
      'it is compressed. Give what it holds: `zcat FILE | sluice sentry explain -` (for zstd, `zstdcat`).',
    );
  } else if (isEnvelope(body)) readItems(body, takings);
  else if (!readWhole(body, takings)) readLines(body, takings);
}

const ENVELOPE_KEYS = ['event_id', 'dsn', 'sdk', 'sent_at', 'trace'] as const;

/** Whether the first line is the header of an envelope: an object that is no event, and there are lines behind it. */
function isEnvelope(body: Buffer): boolean {
  const end = body.indexOf(LINE_FEED);
  if (end < 0 || end === body.length - 1) return false;
  const header = parsed(body.subarray(0, end));
  if (!isFields(header) || jsonFormat(header) !== undefined || asDockerRecord(header) !== undefined) return false;
  const item = parsed(body.subarray(end + 1, lineEnd(body, end + 1)));
  if (isFields(item) && typeof item['type'] === 'string' && jsonFormat(item) === undefined) return true;
  const keys = Object.keys(header);
  return keys.length > 0 && keys.every((key) => ENVELOPE_KEYS.some((known) => known === key));
}

function readItems(body: Buffer, takings: Takings): void {
  let envelope: ReturnType<typeof readEnvelope>;
  try {
    envelope = readEnvelope(body);
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error;
    takings.problem(
      '',
      `it begins as an envelope but is none: ${error.message}. Its bytes must be kept as they came: lengths count bytes, and a file that was edited or printed has others.`,
    );
    return;
  }
  const others: string[] = [];
  for (const [i, { type, payload }] of envelope.items.entries()) {
    if (!isGrouped(type)) {
      others.push(type);
      continue;
    }
    const place = envelope.items.length === 1 ? '' : `item ${i + 1}`;
    const value = parsed(payload);
    if (!isFields(value)) takings.problem(place, `the payload is no JSON object, as one of type ${type} must be.`);
    else takings.event({ place, payload: unwrapped(type, value), eventId: envelope.headers['event_id'] });
  }
  if (others.length > 0) takings.note('', `items that are not grouped: ${others.join(', ')}`);
  else if (envelope.items.length === 0) takings.note('', 'an envelope without items');
}

/** One JSON text; whether it is. */
function readWhole(body: Buffer, takings: Takings): boolean {
  const value = parsed(body);
  if (value === undefined) return false;
  if (Array.isArray(value) && kafkaMessageOf(value) === undefined) {
    for (const [i, entry] of value.entries()) take(entry, `entry ${i + 1}`, takings);
    if (value.length === 0) takings.problem('', `it is an empty list. Give ${KINDS_READ}.`);
  } else take(value, '', takings);
  return true;
}

function readLines(body: Buffer, takings: Takings): void {
  const first = body.indexOf(LINE_FEED);
  if (first < 0 || parsed(body.subarray(0, first)) === undefined) {
    const next = parsed(body.subarray(first + 1, lineEnd(body, first + 1)));
    if (first < 0 || next === undefined) {
      takings.problem('', `it is not JSON: ${whereBroken(body.toString())}. Give ${KINDS_READ}.`);
      return;
    }
  }
  let number = 0;
  for (let at = 0; at < body.length; ) {
    const end = lineEnd(body, at);
    const line = body.subarray(at, end);
    number++;
    if (!line.every((byte) => byte <= 0x20)) {
      const value = parsed(line);
      if (value !== undefined) take(value, `line ${number}`, takings);
      else
        takings.problem(
          `line ${number}`,
          `it is not JSON: byte ${at} of the file and on, ${whereBroken(line.toString()).replace('line 1, ', '')}.`,
        );
    }
    at = end + 1;
  }
}

function lineEnd(body: Buffer, from: number): number {
  const end = body.indexOf(LINE_FEED, from);
  return end < 0 ? body.length : end;
}

/** Takes a JSON value that is an event, or holds one. */
function take(value: unknown, place: string, takings: Takings): void {
  const message = kafkaMessageOf(value);
  if (message !== undefined) {
    const event = storedEventOf(message);
    if (event === undefined) takings.note(place, `no event but an operation on issues: ${message.operation}`);
    else takeEvent(event, place, takings);
    return;
  }
  const record = asDockerRecord(value);
  if (record !== undefined) {
    const inner = parsed(Buffer.from(record.log));
    if (inner === undefined || asDockerRecord(inner) !== undefined) {
      takings.problem(place, "it is a line of docker's log, and what it holds is not JSON.");
    } else take(inner, place, takings);
    return;
  }
  if (!isFields(value)) {
    takings.problem(place, `it is JSON, but no object. Give ${KINDS_READ}.`);
    return;
  }
  const event = webhookEvent(value) ?? unwrapped('security', value);
  if (event !== value || jsonFormat(value) === 'event') takeEvent(event, place, takings);
  else if ('hash' in value && 'issue_id' in value) {
    takings.problem(place, 'it is a row of a table: it has the hash but not what was hashed. Give the event itself.');
  } else takings.problem(place, 'it is JSON, but no event of Sentry: it has no exception, message or event_id.');
}

function takeEvent(payload: Fields, place: string, takings: Takings): void {
  if (!isGrouped(storedType(payload))) takings.note(place, 'a transaction, which is not grouped');
  else takings.event({ place, payload });
}

/** The event that is made of a report of a browser. */
function unwrapped(type: string, payload: Fields): Fields {
  return kindOf(type) === 'security' ? securityEvent(payload) : payload;
}

function parsed(bytes: Buffer): unknown {
  try {
    return parseJson(bytes.toString());
  } catch {
    return undefined;
  }
}
