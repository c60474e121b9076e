import type { Delivery } from '../../component/channel.ts';
import { concatBatches } from '../../event/concat.ts';
import type { EventBatch } from '../../event/event-batch.ts';
import { unsettled } from '../../event/leg-rows.ts';
import { RowMarks } from '../../event/row-marks.ts';
import type { Entry } from './row-queue.ts';

/** What a delivery tells its channel. Rows by their numbers in the channel, in ranges: from, to, from, to, … */
export interface DeliveryOwner {
  /** These rows are durable at the destination; some of them may have been told before. */
  settled(ranges: readonly number[]): void;
  /** Nothing more comes of a delivery of these entries: those rows are settled, and `left` comes again. */
  ended(entries: readonly Entry[], settled: readonly number[], left: readonly Entry[]): void;
}

/** Rows of a file channel on their way to a sink. */
export class FileDelivery implements Delivery {
  readonly batch: EventBatch;
  readonly replayable = true;
  readonly #entries: readonly Entry[];
  readonly #owner: DeliveryOwner;
  /** Made with the first row that is settled by itself. */
  #marks: RowMarks | undefined;
  #isOpen = true;

  constructor(entries: readonly Entry[], owner: DeliveryOwner) {
    this.batch = entries.length === 1 ? entries[0]!.batch : concatBatches(entries.map((entry) => entry.batch));
    this.#entries = entries;
    this.#owner = owner;
  }

  settle(from: number, to: number): void {
    if (to <= from) return;
    this.#marks ??= new RowMarks(this.batch.length);
    this.#marks.add(from, to);
    this.#owner.settled(rangesOf(this.#entries, from, to));
  }

  settleRows(rows: Uint32Array): void {
    if (rows.length === 0) return;
    this.#marks ??= new RowMarks(this.batch.length);
    this.#marks.addRows(rows);
    this.#owner.settled(rangesOfRows(this.#entries, rows));
  }

  commit(): void {
    this.#end();
    const all = rangesOf(this.#entries, 0, this.batch.length);
    this.#owner.settled(all);
    this.#owner.ended(this.#entries, all, []);
  }

  rollback(): void {
    this.#end();
    const marks = this.#marks ?? new RowMarks(this.batch.length);
    const settled: number[] = [];
    if (marks.low > 0) settled.push(...rangesOf(this.#entries, 0, marks.low));
    const above = marks.rangesAbove;
    for (let i = 0; i < above.length; i += 2) settled.push(...rangesOf(this.#entries, above[i]!, above[i + 1]!));
    this.#owner.ended(this.#entries, settled, unsettled(this.#entries, marks));
  }

  #end(): void {
    if (!this.#isOpen) throw new Error('a delivery is ended once');
    this.#isOpen = false;
  }
}

/** Rows `from` up to `to` of a delivery of these entries, in the channel's numbers. */
function rangesOf(entries: readonly Entry[], from: number, to: number): number[] {
  const ranges: number[] = [];
  let at = 0;
  for (const { batch, first } of entries) {
    const end = at + batch.length;
    if (to > at && from < end) push(ranges, first + Math.max(from, at) - at, first + Math.min(to, end) - at);
    at = end;
  }
  return ranges;
}

/** Rows of a delivery, ascending, in the channel's numbers. */
function rangesOfRows(entries: readonly Entry[], rows: Uint32Array): number[] {
  const ranges: number[] = [];
  let at = 0;
  let i = 0;
  for (const { batch, first } of entries) {
    const end = at + batch.length;
    while (i < rows.length && rows[i]! < end) {
      const start = rows[i]!;
      let behind = start + 1;
      i++;
      while (i < rows.length && rows[i] === behind && behind < end) {
        behind++;
        i++;
      }
      push(ranges, first + start - at, first + behind - at);
    }
    at = end;
  }
  return ranges;
}

function push(ranges: number[], from: number, to: number): void {
  if (ranges[ranges.length - 1] === from) ranges[ranges.length - 1] = to;
  else ranges.push(from, to);
}
