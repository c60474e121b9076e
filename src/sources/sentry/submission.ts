import { randomUUID } from 'node:crypto';
import { Refusal } from '../../rpc/http/refusal.ts';
import type { Envelope } from '../../sentry/envelope/read-envelope.ts';
import { type Fields, fieldsOf, textOf } from '../../sentry/payload.ts';
import { parseTime } from '../../sentry/time.ts';

/** An item on its way to become an event. */
export interface Item {
  readonly type: string;
  readonly payload: Buffer;
  /** The item's own headers. */
  readonly headers: Fields;
  /** Of an item that has another id than the rest of its request. */
  readonly eventId?: string;
}

/** What a request brings, whatever its endpoint. */
export interface Submission {
  readonly project: string;
  /** 32 hexadecimal digits; `undefined`: the event says it, or gets one. */
  readonly eventId: string | undefined;
  /** Milliseconds since 1970, by our clock. */
  readonly received: number;
  /** Milliseconds since 1970 by the clock of the client, or NaN. */
  readonly sentAt: number;
  readonly sdk: string | undefined;
  /** The share of transactions that the SDK sends, as it says. */
  readonly sampleRate?: string | undefined;
  readonly items: readonly Item[];
  readonly release?: string | undefined;
  readonly environment?: string | undefined;
}

/** What a request tells besides its body. */
export interface Sender {
  readonly project: string;
  readonly received: number;
  readonly sentAt: number;
  readonly client: string | undefined;
}

/** An envelope has one of these at the most. */
const EVENTS: ReadonlySet<string> = new Set(['event', 'transaction', 'feedback', 'security', 'raw_security']);

/** Have no part in the event that they come with: its id is none of theirs. */
const APART: ReadonlySet<string> = new Set([
  'session',
  'sessions',
  'client_report',
  'log',
  'otel_log',
  'span',
  'otel_span',
  'trace_metric',
  'metric',
  'statsd',
  'metric_buckets',
  'profile_chunk',
]);

export function isEvent(type: string): boolean {
  return EVENTS.has(type);
}

/** Whether an item of this type belongs to the event of its envelope. */
export function belongsToEvent(type: string): boolean {
  return !APART.has(type);
}

/**
 * @throws Refusal 400 for an envelope of several events
 */
export function ofEnvelope({ headers, items }: Envelope, sender: Sender): Submission {
  if (items.length > 1) {
    let events = 0;
    for (const { type } of items) if (EVENTS.has(type)) events++;
    if (events > 1) throw new Refusal(400, 'event submission rejected with_reason: DuplicateItem');
  }
  const sentAt = parseTime(headers['sent_at']) / 1000;
  return {
    project: sender.project,
    eventId: eventIdOf(headers['event_id']),
    received: sender.received,
    sentAt: Number.isNaN(sentAt) ? sender.sentAt : sentAt,
    sdk: sdkOf(headers['sdk']) ?? sender.client,
    sampleRate: textOf(fieldsOf(headers['trace'])?.['sample_rate'])?.slice(0, 32),
    items,
  };
}

/** Name and version of an SDK, as in `sentry.python/2.75.0`. */
function sdkOf(value: unknown): string | undefined {
  const sdk = fieldsOf(value);
  const name = textOf(sdk?.['name']);
  if (name === undefined) return undefined;
  const version = textOf(sdk?.['version']);
  return (version === undefined ? name : `${name}/${version}`).slice(0, 200);
}

/** 32 hexadecimal digits in lower case of any spelling of a UUID, or `undefined`. */
export function eventIdOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (/^[0-9a-f]{32}$/.test(value)) return value;
  return /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(value)
    ? value.replaceAll('-', '').toLowerCase()
    : undefined;
}

export function newEventId(): string {
  return randomUUID().replaceAll('-', '');
}
