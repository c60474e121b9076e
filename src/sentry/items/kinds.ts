/**
 * What items are alike: how their payload is read.
 * - `event`: an event; `security`: a report that a browser makes, which becomes an event
 * - `session`, `sessions`: one session, or many in buckets
 * - `entries`: a container of logs, spans or metrics, or one of them by itself
 * - `report`: what a client has discarded
 * - `fields`: JSON with some of the fields of an event
 * - `raw`: text or bytes of another kind
 */
export type ItemKind = 'event' | 'security' | 'session' | 'sessions' | 'entries' | 'report' | 'fields' | 'raw';

const KINDS: ReadonlyMap<string, ItemKind> = new Map<string, ItemKind>([
  ['event', 'event'],
  ['default', 'event'],
  ['error', 'event'],
  // Set off by an event that was counted when it happened, so it is none itself.
  ['alert', 'event'],
  ['transaction', 'event'],
  ['feedback', 'event'],
  ['security', 'security'],
  ['raw_security', 'security'],
  ['csp', 'security'],
  ['hpkp', 'security'],
  ['expectct', 'security'],
  ['expectstaple', 'security'],
  ['nel', 'security'],
  ['session', 'session'],
  ['sessions', 'sessions'],
  ['span', 'entries'],
  ['otel_span', 'entries'],
  ['log', 'entries'],
  ['otel_log', 'entries'],
  ['trace_metric', 'entries'],
  ['metric', 'entries'],
  ['client_report', 'report'],
  ['check_in', 'fields'],
  ['user_report', 'fields'],
  ['replay_event', 'fields'],
  ['profile', 'fields'],
  ['profile_chunk', 'fields'],
  ['attachment', 'raw'],
  ['minidump', 'raw'],
  ['replay_recording', 'raw'],
  ['replay_video', 'raw'],
  ['statsd', 'raw'],
  ['metric_buckets', 'raw'],
  ['form_data', 'raw'],
  ['unreal_report', 'raw'],
]);

/** The kind of an item; of unknown ones nothing but the headers is read. */
export function kindOf(itemType: string): ItemKind {
  return KINDS.get(itemType) ?? 'raw';
}

/** Whether items of this type are known, so that a body needs no look at its content. */
export function isItemType(itemType: string): boolean {
  return KINDS.has(itemType);
}

/** Whether items of this type become issues: what has a hash. */
export function isGrouped(itemType: string): boolean {
  const kind = kindOf(itemType);
  return kind === 'security' ? itemType !== 'nel' : kind === 'event' && !UNGROUPED.has(itemType);
}

const UNGROUPED: ReadonlySet<string> = new Set(['transaction', 'feedback']);
