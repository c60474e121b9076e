import type { SentryRow } from '../columns.ts';
import { numberText, tagsText } from '../event/event-row.ts';
import { entrySdk } from '../event/facts.ts';
import { levelOf } from '../event/fields.ts';
import { firstLine, LIMITS, trim, trimmed } from '../event/trim.ts';
import type { Given } from '../headers.ts';
import { anyText, type Fields, isFields, tagText, textOf } from '../payload.ts';
import { parseTime, secondsBetween } from '../time.ts';
import { baseRow } from './base-row.ts';
import { attributeOf, attributesOf, entriesOf, type MakeRow } from './entries.ts';

/** The rows of a container of spans, logs or metrics: one for each entry. */
export function* entryRows(itemType: string, payload: Fields, given: Given): Generator<MakeRow> {
  for (const entry of entriesOf(payload)) yield () => entryRow(itemType, entry, given);
}

function entryRow(itemType: string, entry: Fields, given: Given): SentryRow {
  switch (itemType) {
    case 'span':
    case 'otel_span':
      return spanRow(entry, given);
    case 'log':
    case 'otel_log':
      return logRow(entry, given);
    default:
      return metricRow(entry, given);
  }
}

/** A span; the topmost one of a service stands for what was a transaction, and its name is the transaction's. */
function spanRow(entry: Fields, given: Given): SentryRow {
  const attributes = attributesOf(entry);
  const name = trimmed(textOf(entry['name']) ?? textOf(entry['description']) ?? textOf(entry['op']), LIMITS.text);
  const segment = entry['is_segment'] === true;
  const named =
    textOf(attributeOf(attributes, 'sentry.segment.name')) ?? textOf(attributeOf(attributes, 'transaction'));
  const end = entry['end_timestamp'] ?? entry['timestamp'];
  return {
    ...common('span', entry, attributes, given, end),
    message: name,
    title: name === undefined ? undefined : trim(firstLine(name), LIMITS.title),
    transaction: trimmed(named ?? (segment ? name : undefined), LIMITS.name),
    type: trimmed(textOf(entry['op']) ?? textOf(attributeOf(attributes, 'sentry.op')), LIMITS.label),
    is_segment: segment ? 'true' : 'false',
    status: trimmed(textOf(entry['status']), LIMITS.label),
    duration: secondsBetween(parseTime(entry['start_timestamp']), parseTime(end)),
    sample_rate:
      given.sampleRate ??
      numberText(attributeOf(attributes, 'sentry.client_sample_rate') ?? attributeOf(attributes, 'sentry.sample_rate')),
  };
}

function logRow(entry: Fields, given: Given): SentryRow {
  const attributes = attributesOf(entry);
  const body = entry['body'];
  const message = trimmed(
    anyText(isFields(body) ? (body['string_value'] ?? body['stringValue'] ?? body) : body),
    LIMITS.text,
  );
  return {
    ...common('log', entry, attributes, given, entry['timestamp']),
    level: levelOf(entry['level'] ?? entry['severity_text']) ?? severity(entry['severity_number']) ?? 'info',
    logger: named(attributes, 'logger.name', LIMITS.label),
    message,
    title: message === undefined ? undefined : trim(firstLine(message), LIMITS.title),
  };
}

/** By OpenTelemetry's numbers: four to a level, from trace at 1 to fatal at 21. */
function severity(value: unknown): string | undefined {
  if (typeof value !== 'number' || !(value >= 1)) return undefined;
  if (value < 9) return 'debug';
  if (value < 13) return 'info';
  if (value < 17) return 'warning';
  return value < 21 ? 'error' : 'fatal';
}

/** A measurement: its name is the message, its kind the type. */
function metricRow(entry: Fields, given: Given): SentryRow {
  const name = trimmed(textOf(entry['name']), LIMITS.name);
  return {
    ...common('trace_metric', entry, attributesOf(entry), given, entry['timestamp']),
    message: name,
    title: name,
    type: trimmed(textOf(entry['type']), LIMITS.label),
    value: trimmed(textOf(entry['value']), LIMITS.name),
  };
}

/** Attributes that columns hold. */
const COLUMN_ATTRIBUTES: ReadonlySet<string> = new Set([
  'sentry.release',
  'sentry.environment',
  'sentry.sdk.name',
  'sentry.sdk.version',
  'server.address',
  'user.id',
  'logger.name',
]);

function common(
  itemType: string,
  entry: Fields,
  attributes: Fields | undefined,
  given: Given,
  time: unknown,
): SentryRow {
  const base = baseRow(itemType, entry, given, time);
  return {
    ...base,
    release: named(attributes, 'sentry.release', LIMITS.name) ?? base.release,
    environment: named(attributes, 'sentry.environment', LIMITS.label) ?? base.environment,
    sdk: given.sdk ?? entrySdk(attributes),
    server_name: named(attributes, 'server.address', LIMITS.host),
    user_id: named(attributes, 'user.id', LIMITS.host),
    trace_id: trimmed(textOf(entry['trace_id']), LIMITS.label),
    span_id: trimmed(textOf(entry['span_id']), LIMITS.label),
    tags: attributes === undefined ? undefined : tagsText(textsOf(attributes)),
  };
}

/** The text of an attribute. */
function named(attributes: Fields | undefined, name: string, most: number): string | undefined {
  return trimmed(textOf(attributeOf(attributes, name)), most);
}

function textsOf(attributes: Fields): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const name of Object.keys(attributes)) {
    if (COLUMN_ATTRIBUTES.has(name)) continue;
    const value = attributeOf(attributes, name);
    // Numbers keep their fractions here, unlike in tags.
    const text = typeof value === 'number' ? String(value) : (tagText(value) ?? anyText(value));
    if (text !== undefined) texts.set(name, text);
  }
  return texts;
}
