/** With more ranges than this to add, they are merged in one pass. */
const FEW = 8;

/**
 * Which rows are committed: all below a low-water mark, and ranges above it, since several sinks on one channel end their deliveries out of
 * order. Rows are numbered through the whole life of a channel.
 */
export class RowSet {
  #low: number;
  /** Ascending and apart: from, to, from, to, … */
  #above: number[] = [];
  #size: number;

  constructor(low = 0, above: readonly number[] = []) {
    this.#low = low;
    this.#size = low;
    this.addAll(above);
  }

  /** All rows below are in the set. */
  get low(): number {
    return this.#low;
  }

  /** The ranges above the low-water mark: from, to, from, to, … */
  get above(): readonly number[] {
    return this.#above;
  }

  /** How many rows are in the set. It only grows. */
  get size(): number {
    return this.#size;
  }

  /** The row behind the last one. */
  get end(): number {
    return this.#above.at(-1) ?? this.#low;
  }

  /** Adds the rows `from` up to `to`. Returns how many of them were not in the set. */
  add(from: number, to: number): number {
    const above = this.#above;
    const before = this.#size;
    let start = Math.max(from, this.#low);
    let end = to;
    if (end <= start) return 0;
    if (start === this.#low && (above.length === 0 || above[0]! > end)) {
      this.#low = end; // The ordinary case: one sink, in order.
      this.#size += end - start;
      return end - start;
    }
    const first = this.#find(start);
    let behind = first;
    let present = 0;
    for (; behind < above.length && above[behind]! <= end; behind += 2) {
      present += above[behind + 1]! - above[behind]!;
      start = Math.min(start, above[behind]!);
      end = Math.max(end, above[behind + 1]!);
    }
    above.splice(first, behind - first, start, end);
    this.#size += end - start - present;
    if (above[0]! <= this.#low) {
      this.#low = above[1]!;
      above.splice(0, 2);
    }
    return this.#size - before;
  }

  /** Adds ranges, ascending and apart. Returns how many of their rows were not in the set. */
  addAll(ranges: readonly number[]): number {
    const before = this.#size;
    if (ranges.length <= 2 * FEW) {
      for (let i = 0; i + 1 < ranges.length; i += 2) this.add(ranges[i]!, ranges[i + 1]!);
      return this.#size - before;
    }
    const merged = merge(this.#above, ranges);
    let gone = 0;
    while (gone < merged.length && merged[gone]! <= this.#low) {
      this.#low = Math.max(this.#low, merged[gone + 1]!);
      gone += 2;
    }
    this.#above = gone === 0 ? merged : merged.slice(gone);
    this.#size = this.#low;
    for (let i = 0; i < this.#above.length; i += 2) this.#size += this.#above[i + 1]! - this.#above[i]!;
    return this.#size - before;
  }

  /** The parts of the rows `from` up to `to` that are not in the set: from, to, from, to, … */
  missing(from: number, to: number): number[] {
    const parts: number[] = [];
    let at = Math.max(from, this.#low);
    for (let i = this.#find(at); i < this.#above.length && this.#above[i]! < to; i += 2) {
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

  /** The place of the first range that ends at a row or behind it. */
  #find(row: number): number {
    const above = this.#above;
    let from = 0;
    let to = above.length / 2;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (above[middle * 2 + 1]! < row) from = middle + 1;
      else to = middle;
    }
    return from * 2;
  }
}

/** The union of two lists of ranges. */
function merge(a: readonly number[], b: readonly number[]): number[] {
  const merged: number[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const isA = j >= b.length || (i < a.length && a[i]! <= b[j]!);
    const from = isA ? a[i]! : b[j]!;
    const to = isA ? a[i + 1]! : b[j + 1]!;
    if (isA) i += 2;
    else j += 2;
    const last = merged.length - 1;
    if (last > 0 && from <= merged[last]!) merged[last] = Math.max(merged[last]!, to);
    else merged.push(from, to);
  }
  return merged;
}
