import type { EventBatch } from './event-batch.ts';
import type { ReceiptLeg } from './receipt.ts';
import type { RowMarks } from './row-marks.ts';

/** Rows of one leg that lie behind each other; a delivery is made of one such run or several. */
export interface LegRows {
  readonly batch: EventBatch;
  readonly leg: ReceiptLeg;
  /** The number of the first row in the leg. */
  readonly first: number;
}

/** Settles rows `from` up to `to` of a delivery of these entries. */
export function settleRange(entries: readonly LegRows[], from: number, to: number): void {
  let at = 0;
  for (const { batch, leg, first } of entries) {
    const end = at + batch.length;
    if (to > at && from < end) leg.settle(first + Math.max(from, at) - at, first + Math.min(to, end) - at);
    at = end;
  }
}

/** Settles these rows of a delivery, ascending. */
export function settleScattered(entries: readonly LegRows[], rows: Uint32Array): void {
  let at = 0;
  let from = 0;
  for (const { batch, leg, first } of entries) {
    const end = at + batch.length;
    let to = from;
    while (to < rows.length && rows[to]! < end) to++;
    const shift = first - at;
    leg.settleRows(shift === 0 ? rows.subarray(from, to) : rows.subarray(from, to).map((row) => row + shift));
    from = to;
    at = end;
  }
}

/** What of these runs is not marked, in order. */
export function unsettled<T extends Pick<LegRows, 'batch' | 'first'>>(entries: readonly T[], marks: RowMarks): T[] {
  const left: T[] = [];
  const { missing } = marks;
  let at = 0;
  let i = 0;
  for (const entry of entries) {
    const end = at + entry.batch.length;
    while (i < missing.length && missing[i + 1]! <= at) i += 2;
    for (let k = i; k < missing.length && missing[k]! < end; k += 2) {
      const from = Math.max(missing[k]!, at) - at;
      const batch = entry.batch.slice(from, Math.min(missing[k + 1]!, end) - at);
      left.push({ ...entry, batch, first: entry.first + from });
    }
    at = end;
  }
  return left;
}
