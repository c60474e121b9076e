/**
 * Which rows are committed: all below a low-water mark, and ranges above it, since several sinks on one channel end their deliveries out of
 * order. Rows are numbered through the whole life of a channel.
 */
export class RowSet {
  #low: number;
  /** Ascending and apart: from, to, from, to, … */
  readonly #above: number[] = [];

  constructor(low = 0, above: readonly number[] = []) {
    this.#low = low;
    for (let i = 0; i + 1 < above.length; i += 2) this.add(above[i]!, above[i + 1]!);
  }

  /** All rows below are in the set. */
  get low(): number {
    return this.#low;
  }

  /** The ranges above the low-water mark: from, to, from, to, … */
  get above(): readonly number[] {
    return this.#above;
  }

  /** Adds the rows `from` up to `to`. */
  add(from: number, to: number): void {
    const above = this.#above;
    let start = Math.max(from, this.#low);
    let end = to;
    if (end <= start) return;
    if (start === this.#low && (above.length === 0 || above[0]! > end)) {
      this.#low = end; // The ordinary case: one sink, in order.
      return;
    }
    let first = 0;
    while (first < above.length && above[first + 1]! < start) first += 2;
    let behind = first;
    for (; behind < above.length && above[behind]! <= end; behind += 2) {
      start = Math.min(start, above[behind]!);
      end = Math.max(end, above[behind + 1]!);
    }
    above.splice(first, behind - first, start, end);
    if (above[0]! <= this.#low) {
      this.#low = above[1]!;
      above.splice(0, 2);
    }
  }

  /** The parts of the rows `from` up to `to` that are not in the set: from, to, from, to, … */
  missing(from: number, to: number): number[] {
    const parts: number[] = [];
    let at = Math.max(from, this.#low);
    for (let i = 0; i < this.#above.length && this.#above[i]! < to; i += 2) {
      if (this.#above[i]! > at) parts.push(at, this.#above[i]!);
      at = Math.max(at, this.#above[i + 1]!);
    }
    if (at < to) parts.push(at, to);
    return parts;
  }

  /** How many of the rows `from` up to `to` are not in the set. */
  countMissing(from: number, to: number): number {
    const parts = this.missing(from, to);
    let count = 0;
    for (let i = 0; i < parts.length; i += 2) count += parts[i + 1]! - parts[i]!;
    return count;
  }
}
