import type { ColumnName, SentryRow } from './columns.ts';
import { jsonFormat, looksLikeEnvelope } from './detect.ts';
import { readEnvelope } from './envelope/read-envelope.ts';
import type { Crash } from './event/stacktrace.ts';
import { FORMATS, type Format } from './formats.ts';
import type { Given } from './headers.ts';
import { headerRow, leftOutRow } from './items/base-row.ts';
import { MOST_ROWS } from './items/entries.ts';
import { givenOfItem } from './items/envelope-item.ts';
import { itemRows } from './items/item-rows.ts';
import { kafkaMessageOf, kafkaRow, storedType } from './items/kafka-event.ts';
import { isItemType, kindOf } from './items/kinds.ts';
import { outcomeRow } from './items/outcome.ts';
import { rawRow, unreadableRow } from './items/raw-row.ts';
import { webhookRow } from './items/webhook.ts';
import { parseJson } from './json.ts';
import { asDockerRecord } from './lines/docker.ts';
import { readLine } from './lines/index.ts';
import { isFields } from './payload.ts';

export interface RowOptions {
  /** Whether a stack trace ends with the frame that crashed, as Python prints it, or begins with it, as Java does. */
  readonly crash: Crash;
}

/**
 * The rows of an event: one, or one for each entry of a container (logs, spans, aggregated sessions, discarded events). What the headers say wins. Never throws: what cannot
 * be read gives a row of what the headers say, with the text as its message.
 */
export function rowsOf(body: Buffer, given: Given, options: RowOptions): readonly SentryRow[] {
  let rows: readonly SentryRow[];
  try {
    rows = read(body, given, options.crash);
  } catch {
    // Not JSON, no envelope, or deeper than the stack.
    rows = [unreadableRow(given.itemType, body, given)];
  }
  for (const row of rows) makeWellFormed(row);
  return rows;
}

/** Half a surrogate pair cannot be written as UTF-8. Most texts have one byte a character and are done at once. */
function makeWellFormed(row: { [name in ColumnName]?: string | undefined }): void {
  for (const name in row) {
    const text = row[name as ColumnName];
    if (text !== undefined && !text.isWellFormed()) row[name as ColumnName] = text.toWellFormed();
  }
}

function read(body: Buffer, given: Given, crash: Crash): readonly SentryRow[] {
  const format =
    given.format !== undefined && Object.hasOwn(FORMATS, given.format) ? (given.format as Format) : undefined;
  if (format === 'item' || (format === undefined && given.itemType !== undefined && isItemType(given.itemType))) {
    return readItem(body, given, crash);
  }
  if (format === 'envelope') return readItems(body, given, crash);
  if (format === undefined) return readUnknown(body, given, crash);
  const rows = isJsonFormat(format) ? readJson(parseJson(body.toString()), format, given, crash) : undefined;
  return rows ?? readText(body, format, given);
}

function readItem(body: Buffer, given: Given, crash: Crash): readonly SentryRow[] {
  const type = given.itemType ?? 'event';
  // Attachments of 200 MB are no text.
  if (kindOf(type) === 'raw') return [rawRow(given.itemType, body, given)];
  return itemRows(type, parseJson(body.toString()), given, crash) ?? [unreadableRow(type, body, given)];
}

/** Every item of a whole envelope. */
function readItems(body: Buffer, given: Given, crash: Crash): readonly SentryRow[] {
  const envelope = readEnvelope(body);
  const rows: SentryRow[] = [];
  let left = 0;
  for (const item of envelope.items) {
    for (const row of itemOfEnvelope(item.payload, givenOfItem(envelope.headers, item, given), crash)) {
      if (rows.length < MOST_ROWS) rows.push(row);
      else left++;
    }
  }
  if (left > 0) rows.push(leftOutRow(undefined, given, left));
  return rows.length === 0 ? [headerRow(given.itemType, given)] : rows;
}

/** One that cannot be read does no harm to the others. */
function itemOfEnvelope(payload: Buffer, given: Given, crash: Crash): readonly SentryRow[] {
  try {
    return readItem(payload, given, crash);
  } catch {
    return [unreadableRow(given.itemType, payload, given)];
  }
}

/** By its content. */
function readUnknown(body: Buffer, given: Given, crash: Crash): readonly SentryRow[] {
  if (looksLikeEnvelope(body)) return readItems(body, given, crash);
  const opening = body[0];
  if (opening === 0x7b || opening === 0x5b) {
    const line = readLine(body, given, undefined);
    if (line !== undefined) return [line.row];
    const rows = readJson(parseJson(body.toString()), undefined, given, crash);
    return rows ?? [unreadableRow(given.itemType, body, given)];
  }
  return readText(body, undefined, given);
}

function readText(body: Buffer, format: Format | undefined, given: Given): readonly SentryRow[] {
  const line = readLine(body, given, format);
  return [line === undefined ? unreadableRow(given.itemType, body, given) : line.row];
}

type JsonFormat = 'event' | 'kafka-events' | 'kafka-outcomes' | 'webhook';

const JSON_FORMATS: ReadonlySet<Format> = new Set<JsonFormat>(['event', 'kafka-events', 'kafka-outcomes', 'webhook']);

function isJsonFormat(format: Format): format is JsonFormat {
  return JSON_FORMATS.has(format);
}

/** `undefined` for what is not of the format, or of none. */
function readJson(
  value: unknown,
  format: Format | undefined,
  given: Given,
  crash: Crash,
): readonly SentryRow[] | undefined {
  const record = isFields(value) ? asDockerRecord(value) : undefined;
  if (record !== undefined) return readJson(parseJson(record.log), format, given, crash);
  const found = format ?? jsonFormat(value);
  if (found === undefined) return undefined;
  const stored = format === undefined ? { ...given, format: found } : given;
  if (found === 'kafka-events') {
    const message = kafkaMessageOf(value);
    return message && [kafkaRow(message, stored, crash)];
  }
  if (!isFields(value)) return undefined;
  if (found === 'kafka-outcomes') return [outcomeRow(value, stored)];
  if (found === 'webhook') return [webhookRow(value, stored, crash)];
  return itemRows(given.itemType ?? storedType(value), value, stored, crash);
}
