import type { SentryRow } from './columns.ts';
import { jsonFormat, looksLikeEnvelope } from './detect.ts';
import { readEnvelope } from './envelope/read-envelope.ts';
import { factsOf, type ItemFacts } from './event/facts.ts';
import { projectOf } from './event/fields.ts';
import type { Format } from './formats.ts';
import type { Given } from './headers.ts';
import { givenOfItem } from './items/envelope-item.ts';
import { kafkaMessageOf, kafkaRow, storedEventOf, storedType } from './items/kafka-event.ts';
import { kindOf } from './items/kinds.ts';
import { outcomeRow } from './items/outcome.ts';
import { webhookRow } from './items/webhook.ts';
import { parseJson } from './json.ts';
import { asDockerRecord } from './lines/docker.ts';
import { isLineFormat, type ReadLine, readLine } from './lines/index.ts';
import { type Fields, isFields } from './payload.ts';
import { parseTime } from './time.ts';

/** What the headers of an event can say, read from its body. */
export interface BodyFacts extends ItemFacts {
  readonly format: Format;
  readonly itemType: string | undefined;
  readonly projectId: string | undefined;
}

const NOTHING: Fields = {};
const BRACE = 0x7b;
const BRACKET = 0x5b;

/**
 * Reads what a body of any format says for the headers, as `rowsOf` reads it for a row. `format` undefined: it is found out.
 * @returns undefined for what is of no known format, or not of this one. Never throws.
 */
export function bodyFacts(body: Buffer, given: Given, format: Format | undefined): BodyFacts | undefined {
  try {
    return format === undefined ? ofUnknown(body, given) : ofFormat(body, given, format);
  } catch {
    // Not JSON, no envelope, or nested deeper than the stack.
    return undefined;
  }
}

function ofUnknown(body: Buffer, given: Given): BodyFacts | undefined {
  if (looksLikeEnvelope(body)) return ofEnvelope(body, given);
  const line = readLine(body, given, undefined);
  if (line !== undefined) return ofLine(line);
  return body[0] === BRACE || body[0] === BRACKET ? ofJson(parseJson(body.toString()), given, undefined) : undefined;
}

function ofFormat(body: Buffer, given: Given, format: Format): BodyFacts | undefined {
  if (isLineFormat(format)) return ofLine(readLine(body, given, format));
  if (format === 'envelope') return ofEnvelope(body, given);
  if (format === 'item') return ofItem(body, given);
  return ofJson(parseJson(body.toString()), given, format);
}

function ofLine(line: ReadLine | undefined): BodyFacts | undefined {
  return line && ofRow(line.row, line.format, line.timestamp);
}

function ofRow(row: SentryRow, format: Format, timestamp: number): BodyFacts {
  return {
    format,
    itemType: row.item_type,
    projectId: row.project_id,
    eventId: row.event_id,
    timestamp,
    platform: row.platform,
    level: row.level,
    release: row.release,
    environment: row.environment,
    sdk: row.sdk,
    hash: row.hash,
    issueId: row.issue_id,
  };
}

/** The item that the envelope is about, an event or transaction, else its first; every item has rows of its own. */
function ofEnvelope(body: Buffer, given: Given): BodyFacts {
  const { headers, items } = readEnvelope(body);
  const item = items.find(({ type }) => kindOf(type) === 'event') ?? items[0];
  if (item === undefined) return ofPayload(undefined, NOTHING, { ...given, format: 'envelope' }, 'envelope');
  const payload = kindOf(item.type) === 'raw' ? NOTHING : fieldsIn(item.payload);
  return ofPayload(item.type, payload, givenOfItem(headers, item, given), 'envelope');
}

function ofItem(body: Buffer, given: Given): BodyFacts {
  const type = given.itemType ?? 'event';
  const payload = kindOf(type) === 'raw' ? NOTHING : fieldsIn(body);
  return ofPayload(type, payload, { ...given, format: 'item' }, 'item');
}

/** @throws SyntaxError */
function fieldsIn(bytes: Buffer): Fields {
  const value = parseJson(bytes.toString());
  return isFields(value) ? value : NOTHING;
}

function ofPayload(itemType: string | undefined, payload: Fields, given: Given, format: Format): BodyFacts {
  const { eventId, timestamp, platform, level, release, environment, sdk, hash, issueId } = factsOf(
    itemType ?? '',
    payload,
    given,
  );
  const projectId = projectOf(payload, given);
  return {
    format,
    itemType,
    projectId,
    eventId,
    timestamp,
    platform,
    level,
    release,
    environment,
    sdk,
    hash,
    issueId,
  };
}

function ofJson(value: unknown, given: Given, format: Format | undefined): BodyFacts | undefined {
  const record = asDockerRecord(value);
  // Most of what containers print is no JSON, and to throw takes longer than all the rest.
  if (record !== undefined) return /^[{[]/.test(record.log) ? ofJson(parseJson(record.log), given, format) : undefined;
  const found = format ?? jsonFormat(value);
  const stored = { ...given, format: found };
  if (found === 'kafka-events') return ofKafka(value, stored);
  if (!isFields(value)) return undefined;
  if (found === 'kafka-outcomes') return ofOther(outcomeRow(value, stored), found);
  if (found === 'webhook') return ofOther(webhookRow(value, stored, 'last'), found);
  return found === 'event' ? ofPayload(given.itemType ?? storedType(value), value, stored, found) : undefined;
}

function ofKafka(value: unknown, given: Given): BodyFacts | undefined {
  const message = kafkaMessageOf(value);
  if (message === undefined) return undefined;
  const event = storedEventOf(message);
  if (event === undefined) return ofOther(kafkaRow(message, given, 'last'), 'kafka-events');
  return ofPayload(storedType(event), event, given, 'kafka-events');
}

function ofOther(row: SentryRow, format: Format): BodyFacts {
  return ofRow(row, format, Math.floor(parseTime(row.timestamp) / 1000));
}
