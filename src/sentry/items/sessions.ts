import type { SentryRow } from '../columns.ts';
import { shift } from '../event/clock.ts';
import { numberText } from '../event/event-row.ts';
import { hexId } from '../event/fields.ts';
import { LIMITS, trimmed } from '../event/trim.ts';
import type { Given } from '../headers.ts';
import { type Fields, fieldsOf, isFields, textOf } from '../payload.ts';
import { parseTime, timeText } from '../time.ts';
import { baseRow } from './base-row.ts';
import type { MakeRow } from './entries.ts';

/** The row of a session, or of an update to it. */
export function sessionRow(payload: Fields, given: Given): SentryRow {
  const attributes = fieldsOf(payload['attrs']) ?? payload;
  return {
    ...baseRow('session', payload, given, payload['timestamp'], attributes),
    session_id: hexId(payload['sid']) ?? trimmed(textOf(payload['sid']), LIMITS.label),
    init: payload['init'] === true ? 'true' : 'false',
    started: timeText(shift(parseTime(payload['started']), given)),
    duration: numberText(payload['duration']),
    status: trimmed(textOf(payload['status']), LIMITS.label) ?? 'ok',
    errors: wholeText(payload['errors']) ?? '0',
    user_id: trimmed(textOf(payload['did']), LIMITS.host),
  };
}

const STATUSES = ['exited', 'errored', 'abnormal', 'unhandled', 'crashed'] as const;

/** The rows of sessions that come counted: one for each bucket and status that occurs. */
export function* aggregateRows(payload: Fields, given: Given): Generator<MakeRow> {
  const aggregates = payload['aggregates'];
  if (!Array.isArray(aggregates)) return;
  for (const bucket of aggregates) {
    if (!isFields(bucket)) continue;
    for (const status of STATUSES) {
      const quantity = wholeText(bucket[status]);
      if (quantity !== undefined && quantity !== '0')
        yield () => ({ ...bucketRow(payload, bucket, given), status, quantity });
    }
  }
}

function bucketRow(payload: Fields, bucket: Fields, given: Given): SentryRow {
  return {
    ...baseRow('sessions', payload, given, bucket['started'], fieldsOf(payload['attrs']) ?? payload),
    started: timeText(shift(parseTime(bucket['started']), given)),
    user_id: trimmed(textOf(bucket['did']), LIMITS.host),
  };
}

/** A whole number that is not negative and fits a BIGINT, as digits. */
export function wholeText(value: unknown): string | undefined {
  const text = textOf(value);
  return text !== undefined && /^(?:0|[1-9]\d{0,17})$/.test(text) ? text : undefined;
}
