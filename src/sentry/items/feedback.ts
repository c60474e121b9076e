import type { SentryRow } from '../columns.ts';
import { eventRow } from '../event/event-row.ts';
import type { Crash } from '../event/stacktrace.ts';
import { firstLine, LIMITS, trim } from '../event/trim.ts';
import type { Given } from '../headers.ts';
import { type Fields, fieldsOf, textOf } from '../payload.ts';

/** The row of what a user wrote by itself: an event whose words stand in a context. */
export function feedbackRow(payload: Fields, given: Given, crash: Crash): SentryRow {
  const row = eventRow('feedback', payload, given, crash);
  const feedback = fieldsOf(fieldsOf(payload['contexts'])?.['feedback']);
  const said = textOf(feedback?.['message']);
  const who = row.user_id ?? textOf(feedback?.['contact_email']) ?? textOf(feedback?.['name']);
  const user = who === undefined ? undefined : trim(who, LIMITS.host);
  if (said === undefined) return { ...row, user_id: user };
  return { ...row, message: trim(said, LIMITS.text), title: trim(firstLine(said), LIMITS.title), user_id: user };
}
