import { RowMarks } from './row-marks.ts';

/**
 * A receipt follows a batch from the source to where its rows are durable. It has one leg for each channel that the batch
 * went to; a leg knows which of its rows are settled: a low-water mark, and ranges above it, since two sinks on one channel settle out of
 * order. Rows that a filter dropped count as settled from the beginning. Once the last row is settled nobody reads the batch any more: its
 * memory may be freed.
 */
export class Receipt {
  /** Rows of the batch as the source emitted it. */
  readonly rows: number;
  readonly #legs: ReceiptLeg[] = [];
  #sealed = false;
  #done = false;
  #onProgress: (() => void) | undefined;
  readonly #onSettled: (() => void) | undefined;
  /** Whether the source emits the rows again in its next life, if they are not settled in this one. */
  readonly replayable: boolean;

  /** @param onSettled called once, when all rows are settled and the listener of `onProgress` was told */
  constructor(rows: number, onSettled?: () => void, replayable = false) {
    this.rows = rows;
    this.replayable = replayable;
    this.#onSettled = onSettled;
  }

  /**
   * Adds the leg to a channel. `sourceRows` gives, for each row that goes there, its number in the emitted batch (ascending);
   * without it all rows go, as they are. Only the source runner calls this, before `seal`.
   */
  leg(channel: string, sourceRows?: Uint32Array): ReceiptLeg {
    const leg = new ReceiptLeg(this, channel, sourceRows, () => this.#changed());
    this.#legs.push(leg);
    return leg;
  }

  /** No more legs come: from now on the receipt can be settled. */
  seal(): void {
    this.#sealed = true;
    this.#changed();
  }

  /** Whether all legs are there. */
  get sealed(): boolean {
    return this.#sealed;
  }

  get legs(): readonly ReceiptLeg[] {
    return this.#legs;
  }

  /** Whether every row is durable wherever it had to go. */
  get settled(): boolean {
    return this.#sealed && this.#legs.every((leg) => leg.settled);
  }

  /** How many rows from the beginning are durable wherever they had to go: a source's position may stand after them. */
  get lowWater(): number {
    if (!this.#sealed) return 0;
    let low = this.rows;
    for (const leg of this.#legs) low = Math.min(low, leg.sourceLowWater);
    return low;
  }

  /** Calls back whenever more rows are settled (and at once if some are already), for the last time when all are. One listener. */
  onProgress(listener: () => void): void {
    this.#onProgress = listener;
    if (this.lowWater > 0 || this.settled) listener();
  }

  /** Resolves when every row is durable. */
  whenSettled(): Promise<void> {
    return new Promise((resolve) => {
      this.onProgress(() => {
        if (this.settled) resolve();
      });
    });
  }

  #changed(): void {
    if (this.#done) return;
    this.#done = this.settled;
    this.#onProgress?.();
    if (this.#done) this.#onSettled?.();
  }
}

/** The way of a batch through one channel. Row numbers are those of the batch as that channel got it. */
export class ReceiptLeg {
  readonly receipt: Receipt;
  readonly channel: string;
  readonly #sourceRows: Uint32Array | undefined;
  readonly #changed: () => void;
  readonly #marks: RowMarks;

  constructor(receipt: Receipt, channel: string, sourceRows: Uint32Array | undefined, changed: () => void) {
    this.receipt = receipt;
    this.channel = channel;
    this.#sourceRows = sourceRows;
    this.#changed = changed;
    this.#marks = new RowMarks(sourceRows?.length ?? receipt.rows);
  }

  /** Rows that go this way. */
  get rows(): number {
    return this.#marks.rows;
  }

  /** Rows from the beginning that are durable. */
  get lowWater(): number {
    return this.#marks.low;
  }

  /** Settled ranges above the low-water mark: from, to, from, to, … */
  get rangesAbove(): readonly number[] {
    return this.#marks.rangesAbove;
  }

  get settled(): boolean {
    return this.#marks.all;
  }

  /** The low-water mark in rows of the batch as the source emitted it. */
  get sourceLowWater(): number {
    if (this.settled) return this.receipt.rows;
    return this.#sourceRows === undefined ? this.lowWater : this.#sourceRows[this.lowWater]!;
  }

  /**
   * The rows of the batch, as its source emitted it, that have not become durable on this way: from, to, from, to, … Rows that do not go this way are
   * not among them.
   */
  get unsettledSourceRanges(): readonly number[] {
    const missing = this.#marks.missing;
    const rows = this.#sourceRows;
    if (rows === undefined) return missing;
    const ranges: number[] = [];
    for (let i = 0; i < missing.length; i += 2) {
      for (let row = missing[i]!; row < missing[i + 1]!; row++) {
        const at = rows[row]!;
        if (ranges[ranges.length - 1] === at) ranges[ranges.length - 1] = at + 1;
        else ranges.push(at, at + 1);
      }
    }
    return ranges;
  }

  /**
   * The rows of the batch, as its source emitted it, that have become durable on this way: from, to, from, to, … Rows between two of them that do not go this way
   * are counted in, so that the ranges are few, unless they are still to become durable on another way: with another configuration they may go this one next time.
   */
  get settledSourceRanges(): readonly number[] {
    const low = this.#marks.low;
    const ranges = low > 0 ? [0, low, ...this.rangesAbove] : this.rangesAbove;
    const rows = this.#sourceRows;
    if (rows === undefined || ranges.length === 0) return ranges;
    const spans = ranges.map((at, i) => (i % 2 === 0 ? rows[at]! : rows[at - 1]! + 1));
    const open = this.#openElsewhere(rows);
    return open === undefined ? spans : without(spans, open);
  }

  /** Marks the rows that do not go this way and are not durable on theirs. */
  #openElsewhere(ownRows: Uint32Array): Uint8Array | undefined {
    // Ways that are still to come may have all the others.
    let open = this.receipt.sealed ? undefined : new Uint8Array(this.receipt.rows).fill(1);
    for (const leg of this.receipt.legs) {
      if (leg === this || leg.settled) continue;
      open ??= new Uint8Array(this.receipt.rows);
      const ranges = leg.unsettledSourceRanges;
      for (let i = 0; i < ranges.length; i += 2) open.fill(1, ranges[i], ranges[i + 1]);
    }
    if (open !== undefined) for (let i = 0; i < ownRows.length; i++) open[ownRows[i]!] = 0;
    return open;
  }

  /** Rows `from` up to `to` are durable now. Settling a row twice does no harm. */
  settle(from: number, to: number): void {
    if (to <= this.#marks.low || to <= from) return;
    this.#marks.add(from, to);
    this.#changed();
  }

  /** These rows are durable now, ascending. */
  settleRows(rows: Uint32Array): void {
    if (rows.length === 0) return;
    this.#marks.addRows(rows);
    this.#changed();
  }
}

/** Ranges (from, to, from, to, …) less what is marked. */
function without(ranges: readonly number[], marked: Uint8Array): number[] {
  const left: number[] = [];
  for (let i = 0; i < ranges.length; i += 2) {
    const to = ranges[i + 1]!;
    for (let at = ranges[i]!; at < to; ) {
      const mark = marked.indexOf(1, at);
      const end = mark < 0 || mark > to ? to : mark;
      if (end > at) left.push(at, end);
      const next = marked.indexOf(0, end);
      at = next < 0 ? to : Math.max(next, end);
    }
  }
  return left;
}
