import type { SentryRow } from '../columns.ts';
import { boundedJson } from '../event/bounded-json.ts';
import { eventRow } from '../event/event-row.ts';
import { hexId } from '../event/fields.ts';
import type { Crash } from '../event/stacktrace.ts';
import { LIMITS, trim, trimmed } from '../event/trim.ts';
import type { Given } from '../headers.ts';
import { type Fields, fieldsOf, isFields, textOf } from '../payload.ts';
import { parseTime, timeText } from '../time.ts';
import { baseRow } from './base-row.ts';

/** So much of an operation's JSON is kept. */
const OPERATION = 16 * 1024;

/** What a message of the topic `events` says: its operation and its fields. */
export interface KafkaMessage {
  readonly operation: string;
  readonly fields: Fields;
  /** What Sentry knew of the issue when the event came: whether it is new, whether it came back. */
  readonly state: Fields | undefined;
}

/** Reads `[version, operation, fields, state]`; `undefined` for anything else. */
export function kafkaMessageOf(value: unknown): KafkaMessage | undefined {
  if (!Array.isArray(value)) return undefined;
  const [version, operation, fields, state] = value as readonly unknown[];
  if (typeof version !== 'number' || typeof operation !== 'string' || !isFields(fields)) return undefined;
  return { operation, fields, state: fieldsOf(state) };
}

/** The event that was inserted, as one payload: what Sentry says about it, over what the client said. */
export function storedEventOf(message: KafkaMessage): Fields | undefined {
  const { operation, fields } = message;
  const data = fieldsOf(fields['data']);
  if (operation !== 'insert' || data === undefined) return undefined;
  return {
    ...data,
    event_id: data['event_id'] ?? fields['event_id'],
    timestamp: data['timestamp'] ?? fields['datetime'],
    platform: data['platform'] ?? fields['platform'],
    project_id: fields['project_id'] ?? data['project'],
    group_id: fields['group_id'],
    primary_hash: fields['primary_hash'],
  };
}

/** The type of an event that is stored: what is no transaction is an event. */
export function storedType(payload: Fields): string {
  return payload['type'] === 'transaction' ? 'transaction' : 'event';
}

/** The row of a message: an event, or an operation on issues. */
export function kafkaRow(message: KafkaMessage, given: Given, crash: Crash): SentryRow {
  const event = storedEventOf(message);
  if (event === undefined) return operationRow(message, given);
  const state = message.state;
  const substatus = state?.['is_new'] === true ? 'new' : state?.['is_regression'] === true ? 'regressed' : undefined;
  return { ...eventRow(storedType(event), event, given, crash), substatus };
}

/** Merges, deletions and the like change which issue earlier events belong to: kept whole, so that joins can be mended. */
function operationRow({ operation, fields }: KafkaMessage, given: Given): SentryRow {
  const row = baseRow('issue', fields, given, fields['datetime']);
  const group = textOf(fields['new_group_id']) ?? textOf(fields['group_id']) ?? onlyOf(fields['group_ids']);
  return {
    ...row,
    issue_id: trimmed(group ?? onlyOf(fields['previous_group_ids']), LIMITS.label),
    hash: hexId(fields['primary_hash']),
    action: trim(operation, LIMITS.label),
    at: timeText(parseTime(fields['datetime'])) ?? row.timestamp,
    contexts: boundedJson(fields, OPERATION),
  };
}

/** The one entry of a list, for a row has room for one. */
function onlyOf(list: unknown): string | undefined {
  return Array.isArray(list) && list.length === 1 ? textOf(list[0]) : undefined;
}
