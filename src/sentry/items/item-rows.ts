import type { SentryRow } from '../columns.ts';
import { eventRow } from '../event/event-row.ts';
import type { Crash } from '../event/stacktrace.ts';
import type { Given } from '../headers.ts';
import { isFields } from '../payload.ts';
import { baseRow, leftOutRow } from './base-row.ts';
import { discardRows } from './client-report.ts';
import { type MakeRow, MOST_ROWS } from './entries.ts';
import { entryRows } from './entry-rows.ts';
import { feedbackRow } from './feedback.ts';
import { fieldsRow } from './field-rows.ts';
import { kindOf } from './kinds.ts';
import { reportsOf, securityEvent } from './security.ts';
import { aggregateRows, sessionRow } from './sessions.ts';

/** The rows of an item whose payload is JSON; `undefined` when it has not the shape of its type. */
export function itemRows(
  itemType: string,
  value: unknown,
  given: Given,
  crash: Crash,
): readonly SentryRow[] | undefined {
  const kind = kindOf(itemType);
  if (kind === 'security') return bounded(securityRows(itemType, value, given, crash), itemType, given);
  if (!isFields(value)) return undefined;
  switch (kind) {
    case 'event':
      return [itemType === 'feedback' ? feedbackRow(value, given, crash) : eventRow(itemType, value, given, crash)];
    case 'session':
      return [sessionRow(value, given)];
    case 'sessions':
      return bounded(aggregateRows(value, given), itemType, given);
    case 'entries':
      return bounded(entryRows(itemType, value, given), itemType, given);
    case 'report':
      return bounded(discardRows(value, given), itemType, given);
    default:
      return [fieldsRow(itemType, value, given)];
  }
}

function* securityRows(itemType: string, value: unknown, given: Given, crash: Crash): Generator<MakeRow> {
  for (const report of reportsOf(value)) yield () => eventRow(itemType, securityEvent(report), given, crash);
}

/** At most so many rows; the last says how many entries it stands for. A container without entries still has a row. */
function bounded(rows: Iterable<MakeRow>, itemType: string, given: Given): readonly SentryRow[] {
  const kept: SentryRow[] = [];
  let left = 0;
  for (const make of rows) {
    if (kept.length < MOST_ROWS) kept.push(make());
    else left++;
  }
  if (left > 0) kept.push(leftOutRow(itemType, given, left));
  return kept.length === 0 ? [baseRow(itemType, {}, given, undefined)] : kept;
}
