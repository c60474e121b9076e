import { LIMITS, trimmed } from '../event/trim.ts';
import type { Given } from '../headers.ts';
import { type Fields, isFields, textOf } from '../payload.ts';
import { baseRow } from './base-row.ts';
import type { MakeRow } from './entries.ts';
import { wholeText } from './sessions.ts';

/** Lists of a report, and what became of what stands in them. SDKs send the first alone; the others are a Relay's. */
const LISTS = [
  ['discarded_events', 'client_discard'],
  ['rate_limited_events', 'rate_limited'],
  ['filtered_events', 'filtered'],
  ['filtered_sampling_events', 'filtered'],
] as const;

/** The rows of a report of what a client has discarded: one for each entry. */
export function* discardRows(payload: Fields, given: Given): Generator<MakeRow> {
  const base = baseRow('client_report', payload, given, payload['timestamp']);
  for (const [name, outcome] of LISTS) {
    const entries = payload[name];
    if (!Array.isArray(entries)) continue;
    for (const entry of entries) {
      if (!isFields(entry)) continue;
      yield () => ({
        ...base,
        outcome,
        category: trimmed(textOf(entry['category']), LIMITS.label),
        reason: trimmed(textOf(entry['reason']), LIMITS.name),
        quantity: wholeText(entry['quantity']) ?? '0',
      });
    }
  }
}
