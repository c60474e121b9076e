import type { SentryRow } from '../columns.ts';
import { LIMITS, trim, trimmed } from '../event/trim.ts';
import type { Given } from '../headers.ts';
import { type Fields, textOf } from '../payload.ts';
import { baseRow } from './base-row.ts';
import { wholeText } from './sessions.ts';

/** By their number. */
const OUTCOMES = ['accepted', 'filtered', 'rate_limited', 'invalid', 'abuse', 'client_discard', 'cardinality'] as const;

/** By their number, in Relay's words. */
const CATEGORIES = [
  'default',
  'error',
  'transaction',
  'security',
  'attachment',
  'session',
  'profile',
  'replay',
  'transaction_processed',
  'transaction_indexed',
  'monitor',
  'profile_indexed',
  'span',
  'monitor_seat',
  'feedback',
  'metric_bucket',
  'span_indexed',
  'profile_duration',
  'profile_chunk',
  'metric_second',
  'replay_video',
  'uptime',
  'attachment_item',
  'log_item',
  'log_byte',
  'profile_duration_ui',
  'profile_chunk_ui',
  'seer_autofix',
  'seer_scanner',
  'prevent_user',
  'prevent_review',
  'size_analysis',
  'installable_build',
  'trace_metric',
  'seer_user',
  'profile_backend',
  'profile_ui',
] as const;

/** The row of a message of the topic `outcomes`: what became of so many events. */
export function outcomeRow(payload: Fields, given: Given): SentryRow {
  return {
    ...baseRow('outcome', payload, given, payload['timestamp']),
    outcome: wordOf(OUTCOMES, payload['outcome']),
    reason: trimmed(textOf(payload['reason']), LIMITS.name),
    category: wordOf(CATEGORIES, payload['category']),
    // Older messages have none and stand for one.
    quantity: wholeText(payload['quantity']) ?? '1',
  };
}

/** The word of a number; words stay words, and numbers without a word numbers. */
function wordOf(words: readonly string[], value: unknown): string | undefined {
  const text = textOf(value);
  if (text === undefined) return undefined;
  return /^\d{1,3}$/.test(text) ? (words[Number(text)] ?? text) : trim(text, LIMITS.label);
}
