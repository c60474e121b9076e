import type { EventBatch } from '../../event/event-batch.ts';

/** Rows of a batch that go to one place. */
export interface Share<T> {
  readonly place: T;
  readonly batch: EventBatch;
  /** Where the rows stand in the batch that was parted: one behind the other from the first on, or each where this says. */
  readonly first: number;
  readonly rows: Uint32Array | undefined;
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
  if (rowsOf.size === 1) return [{ place: last as T, batch, first: 0, rows: undefined }];
  return Array.from(rowsOf, ([place, picked]) => {
    const first = picked[0]!;
    const end = picked.at(-1)! + 1;
    if (end - first === picked.length) return { place, batch: batch.slice(first, end), first, rows: undefined };
    const scattered = Uint32Array.from(picked);
    return { place, batch: batch.select(scattered), first, rows: scattered };
  });
}
