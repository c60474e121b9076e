import type { SentryRow } from '../columns.ts';
import { correct } from '../event/clock.ts';
import { receivedText } from '../event/event-row.ts';
import { environmentOf, eventIdOf, projectOf, releaseOf, sdkOf } from '../event/fields.ts';
import type { Given } from '../headers.ts';
import type { Fields } from '../payload.ts';
import { parseTime, timeText } from '../time.ts';

const NOTHING: Fields = {};

/** What rows of every type have: ids, times, versions. `holder` is where release and environment stand. */
export function baseRow(
  itemType: string | undefined,
  payload: Fields,
  given: Given,
  time: unknown,
  holder = payload,
): SentryRow {
  return {
    event_id: eventIdOf(payload, given),
    project_id: projectOf(payload, given),
    timestamp: timeText(correct(parseTime(time), given)),
    release: releaseOf(holder) ?? given.release,
    environment: environmentOf(holder) ?? given.environment,
    sdk: sdkOf(payload, given),
    received: receivedText(payload, given),
    item_type: itemType,
  };
}

/** What stands for entries beyond the bound. */
export function leftOutRow(itemType: string | undefined, given: Given, entries: number): SentryRow {
  return { ...baseRow(itemType, NOTHING, given, undefined), reason: 'too_many', quantity: String(entries) };
}

/** What the headers alone say. */
export function headerRow(itemType: string | undefined, given: Given): SentryRow {
  return { ...baseRow(itemType, NOTHING, given, undefined), hash: given.hash, issue_id: given.issueId };
}
