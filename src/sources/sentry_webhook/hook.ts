import { EventBatch } from '../../event/event-batch.ts';
import { ConstantColumn, type HeaderColumn } from '../../event/header-columns.ts';
import { factsOf } from '../../sentry/event/facts.ts';
import { HEADER } from '../../sentry/headers.ts';
import { webhookEvent, webhookType } from '../../sentry/items/webhook.ts';
import { type Fields, fieldsOf, textOf } from '../../sentry/payload.ts';

/** What is known of a webhook besides its body. */
export interface HookTimes {
  /** When Sentry sent it, in ms; NaN when it does not say. */
  readonly sent: number;
  /** Milliseconds since 1970. */
  readonly received: number;
}

type Headers = Readonly<Partial<Record<string, string | number | undefined>>>;

/** Longer texts are in the body, and no headers. */
const MOST_TEXT = 1000;

/** Whether it is of the legacy plugin, which signs nothing: an alert about an event. */
export function isLegacy(payload: Fields): boolean {
  return !('data' in payload) && webhookEvent(payload) !== undefined;
}

/**
 * One event of one webhook: its body, and what it tells as headers: of an issue, of an event (an error, or the one that set off an alert), or of another
 * webhook. Never throws.
 * @param body as it is to be kept
 */
export function hookBatch(body: Buffer, payload: Fields, times: HookTimes): EventBatch {
  const columns: HeaderColumn[] = [];
  const known: Headers = {
    ...headersOf(payload, times),
    [HEADER.received]: times.received,
    [HEADER.format]: 'webhook',
    [HEADER.status]: 'ok',
  };
  for (const [name, value] of Object.entries(known)) {
    const text = typeof value === 'number' ? wholeText(value) : value;
    if (text !== undefined && text.length <= MOST_TEXT) columns.push(new ConstantColumn(name, text));
  }
  return new EventBatch({ body, starts: Uint32Array.of(0), ends: Uint32Array.of(body.length), headers: columns });
}

function wholeText(value: number): string | undefined {
  return Number.isNaN(value) ? undefined : value.toFixed(0);
}

function headersOf(payload: Fields, times: HookTimes): Headers {
  const type = webhookType(payload);
  const event = webhookEvent(payload);
  const at = Number.isNaN(times.sent) ? times.received : times.sent;
  if (event !== undefined) {
    const facts = { ...ofEvent(event, times), [HEADER.itemType]: type };
    return type === 'alert' ? { ...facts, [HEADER.timestamp]: at } : facts;
  }
  const happened = { [HEADER.itemType]: type, [HEADER.timestamp]: at, action: textOf(payload['action']) };
  const issue = fieldsOf(fieldsOf(payload['data'])?.['issue']);
  if (issue === undefined) return happened;
  return {
    ...happened,
    [HEADER.projectId]: textOf(fieldsOf(issue['project'])?.['id']),
    [HEADER.platform]: textOf(issue['platform']),
    [HEADER.level]: textOf(issue['level']),
    [HEADER.issueId]: textOf(issue['id']),
    status: textOf(issue['status']),
  };
}

function ofEvent(event: Fields, { received }: HookTimes): Headers {
  const unknown = Number.NaN;
  const given = { itemType: 'event', received, sentAt: unknown, timestamp: unknown, format: 'webhook' };
  const facts = factsOf('event', event, given);
  return {
    [HEADER.eventId]: facts.eventId,
    [HEADER.projectId]: textOf(event['project']),
    [HEADER.timestamp]: facts.timestamp,
    [HEADER.platform]: facts.platform,
    [HEADER.level]: facts.level,
    [HEADER.release]: facts.release,
    [HEADER.environment]: facts.environment,
    [HEADER.sdk]: facts.sdk,
    [HEADER.hash]: facts.hash,
    [HEADER.issueId]: facts.issueId,
  };
}
