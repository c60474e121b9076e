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
  #low = 0;
  /** Settled ranges above the low-water mark, ascending and apart: from, to, from, to, … */
  #above: number[] = [];

  constructor(receipt: Receipt, channel: string, sourceRows: Uint32Array | undefined, changed: () => void) {
    this.receipt = receipt;
    this.channel = channel;
    this.#sourceRows = sourceRows;
    this.#changed = changed;
  }

  /** Rows that go this way. */
  get rows(): number {
    return this.#sourceRows?.length ?? this.receipt.rows;
  }

  /** Rows from the beginning that are durable. */
  get lowWater(): number {
    return this.#low;
  }

  /** Settled ranges above the low-water mark: from, to, from, to, … */
  get rangesAbove(): readonly number[] {
    return this.#above;
  }

  get settled(): boolean {
    return this.#low >= this.rows;
  }

  /** The low-water mark in rows of the batch as the source emitted it. */
  get sourceLowWater(): number {
    if (this.settled) return this.receipt.rows;
    return this.#sourceRows === undefined ? this.#low : this.#sourceRows[this.#low]!;
  }

  /** Rows `from` up to `to` are durable now. Settling a row twice does no harm. */
  settle(from: number, to: number): void {
    if (to <= this.#low || to <= from) return;
    if (from <= this.#low && this.#above.length === 0) {
      this.#low = to; // The ordinary case: one sink, in order.
    } else {
      this.#merge(from, to);
      while (this.#above.length > 0 && this.#above[0]! <= this.#low) {
        this.#low = Math.max(this.#low, this.#above[1]!);
        this.#above.splice(0, 2);
      }
    }
    this.#changed();
  }

  #merge(from: number, to: number): void {
    const merged: number[] = [];
    let start = from;
    let end = to;
    let placed = false;
    for (let i = 0; i < this.#above.length; i += 2) {
      const a = this.#above[i]!;
      const b = this.#above[i + 1]!;
      if (b < start) merged.push(a, b);
      else if (a > end) {
        if (!placed) merged.push(start, end);
        placed = true;
        merged.push(a, b);
      } else {
        start = Math.min(start, a);
        end = Math.max(end, b);
      }
    }
    if (!placed) merged.push(start, end);
    this.#above = merged;
  }
}
