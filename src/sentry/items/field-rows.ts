import type { SentryRow } from '../columns.ts';
import { contextsText, numberText, tagsText } from '../event/event-row.ts';
import { platformOf, userOf } from '../event/fields.ts';
import { firstLine, LIMITS, trim, trimmed } from '../event/trim.ts';
import type { Given } from '../headers.ts';
import { type Fields, fieldsOf, tagsOf, textOf } from '../payload.ts';
import { baseRow } from './base-row.ts';

/** The row of an item that has some of the fields of an event: a check-in, a user's report, a replay, a profile. */
export function fieldsRow(itemType: string, payload: Fields, given: Given): SentryRow {
  const contexts = fieldsOf(payload['contexts']);
  const base = {
    ...baseRow(itemType, payload, given, payload['timestamp']),
    server_name: trimmed(textOf(payload['server_name']), LIMITS.host),
    contexts: contexts === undefined ? undefined : contextsText(contexts),
    trace_id: trimmed(textOf(fieldsOf(contexts?.['trace'])?.['trace_id']), LIMITS.label),
  };
  if (itemType === 'check_in') return { ...base, ...checkIn(payload) };
  if (itemType === 'user_report') return { ...base, ...userReport(payload) };
  const transaction = fieldsOf(payload['transaction']);
  return {
    ...base,
    platform: platformOf(payload),
    transaction: trimmed(textOf(transaction?.['name']) ?? textOf(payload['transaction']), LIMITS.name),
    user_id: userOf(payload),
    tags: tagsText(tagsOf(payload)),
  };
}

/** A run of a scheduled task: its message is the task's name. */
function checkIn(payload: Fields): SentryRow {
  const name = trimmed(textOf(payload['monitor_slug']), LIMITS.name);
  const id = textOf(payload['check_in_id']);
  return {
    message: name,
    title: name,
    status: trimmed(textOf(payload['status']), LIMITS.label),
    duration: numberText(payload['duration']),
    tags: id === undefined ? undefined : tagsText(new Map([['check_in_id', id]])),
  };
}

/** What a user wrote about the event of this id. */
function userReport(payload: Fields): SentryRow {
  const message = trimmed(textOf(payload['comments']), LIMITS.text);
  return {
    message,
    title: message === undefined ? undefined : trim(firstLine(message), LIMITS.title),
    user_id: trimmed(textOf(payload['email']) ?? textOf(payload['name']), LIMITS.host),
  };
}
