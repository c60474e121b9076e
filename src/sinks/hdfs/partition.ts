import type { EventBatch } from '../../event/event-batch.ts';

/** Rows of a batch that go to one place. */
export interface Share<T> {
  readonly place: T;
  readonly batch: EventBatch;
}

/**
 * Parts a batch by place, keeping the order of rows within each. Rows that lie together stay slices of the batch; scattered ones are
 * selected.
 * @param placeOf the place of a row; called once for each row, equal places are the same object
 */
export function partition<T>(batch: EventBatch, placeOf: (row: number) => T): Share<T>[] {
  const rowsOf = new Map<T, number[]>();
  let last: T | undefined;
  let rows: number[] = [];
  for (let row = 0; row < batch.length; row++) {
    const place = placeOf(row);
    if (place !== last || row === 0) {
      rows = rowsOf.get(place) ?? [];
      if (rows.length === 0) rowsOf.set(place, rows);
      last = place;
    }
    rows.push(row);
  }
  if (rowsOf.size === 1) return [{ place: last as T, batch }];
  return Array.from(rowsOf, ([place, picked]) => {
    const first = picked[0]!;
    const end = picked.at(-1)! + 1;
    const together = end - first === picked.length;
    return { place, batch: together ? batch.slice(first, end) : batch.select(Uint32Array.from(picked)) };
  });
}
