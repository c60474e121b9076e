import type { Intercepted, Interceptor } from '../component/interceptor.ts';
import type { EventBatch } from '../event/event-batch.ts';

/** Runs a batch through interceptors in order, and keeps track of which rows are left. */
export function intercept(chain: readonly Interceptor[], batch: EventBatch): Intercepted {
  let current: Intercepted = { batch };
  for (const interceptor of chain) {
    if (current.batch.length === 0) break;
    const next = interceptor.intercept(current.batch);
    current = { batch: next.batch, rows: composeRows(current.rows, next.rows) };
  }
  return current;
}

/** Row numbers in the outer batch of rows picked from an inner one. */
export function composeRows(outer: Uint32Array | undefined, picked: Uint32Array | undefined): Uint32Array | undefined {
  if (outer === undefined || picked === undefined) return outer ?? picked;
  const rows = new Uint32Array(picked.length);
  for (let i = 0; i < picked.length; i++) rows[i] = outer[picked[i]!]!;
  return rows;
}
