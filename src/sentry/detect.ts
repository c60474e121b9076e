import type { Format } from './formats.ts';
import { kafkaMessageOf } from './items/kafka-event.ts';
import { isFields } from './payload.ts';

/** What JSON is by its content, where no header says it: formats whose messages are JSON, apart from those of logs. */

/** A field of an event that no line of a log has. */
const EVENT_KEYS = [
  'exception',
  'logentry',
  'sentry.interfaces.Exception',
  'sentry.interfaces.Message',
  'stacktrace',
  'threads',
  'breadcrumbs',
  'csp',
] as const;

/** The format of a value that `parseJson` read; `undefined` when it is none of these. */
export function jsonFormat(value: unknown): Format | undefined {
  if (Array.isArray(value)) return kafkaMessageOf(value) === undefined ? undefined : 'kafka-events';
  if (!isFields(value)) return undefined;
  if ('outcome' in value && 'category' in value && 'project_id' in value) return 'kafka-outcomes';
  if ('action' in value && isFields(value['data']) && ('installation' in value || 'actor' in value)) return 'webhook';
  if ('project_slug' in value && ('triggering_rules' in value || isFields(value['event']))) return 'webhook';
  if (EVENT_KEYS.some((key) => isFields(value[key]) || Array.isArray(value[key]))) return 'event';
  // Log lines in JSON have a message and a level, too, but none of these; the header of an envelope has no message.
  const says = 'message' in value || 'transaction' in value || 'level' in value || 'timestamp' in value;
  return says && ('event_id' in value || 'platform' in value || 'sdk' in value) ? 'event' : undefined;
}

/** Whether it looks like an envelope: its first line is a JSON object, and the second is one that has a type. */
export function looksLikeEnvelope(body: Buffer): boolean {
  const end = body.indexOf(0x0a);
  if (body[0] !== 0x7b || end < 1) return false;
  const next = body.indexOf(0x0a, end + 1);
  const header = body.toString('utf8', end + 1, Math.min(next < 0 ? body.length : next, end + 4096));
  return header.startsWith('{') && /"type"\s*:\s*"\w+"/.test(header);
}
