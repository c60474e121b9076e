/** Which rows of a batch are done: a low-water mark, and behind it, once rows are done out of order, a byte for each row. */
export class RowMarks {
  readonly rows: number;
  #low = 0;
  #above: Uint8Array | undefined;

  constructor(rows: number) {
    this.rows = rows;
  }

  /** Rows from the beginning that are done. */
  get low(): number {
    return this.#low;
  }

  get all(): boolean {
    return this.#low >= this.rows;
  }

  /** Rows `from` up to `to` are done. Doing it twice does no harm. */
  add(from: number, to: number): void {
    if (to <= this.#low || to <= from) return;
    if (from <= this.#low && this.#above === undefined) {
      this.#low = to; // The ordinary case: in order.
      return;
    }
    this.#above ??= new Uint8Array(this.rows);
    this.#above.fill(1, from, to);
    this.#advance();
  }

  /** These rows are done, ascending. */
  addRows(rows: Uint32Array): void {
    if (rows.length === 0) return;
    this.#above ??= new Uint8Array(this.rows);
    const above = this.#above;
    for (let i = 0; i < rows.length; i++) above[rows[i]!] = 1;
    this.#advance();
  }

  /** Rows that are done behind the low-water mark: from, to, from, to, … */
  get rangesAbove(): readonly number[] {
    return this.#above === undefined ? [] : this.#ranges(this.#above, 1);
  }

  /** Rows that are not done: from, to, from, to, … */
  get missing(): readonly number[] {
    if (this.all) return [];
    return this.#above === undefined ? [this.#low, this.rows] : this.#ranges(this.#above, 0);
  }

  #ranges(above: Uint8Array, value: 0 | 1): number[] {
    const ranges: number[] = [];
    for (let from = above.indexOf(value, this.#low); from >= 0; ) {
      const to = above.indexOf(1 - value, from);
      ranges.push(from, to < 0 ? this.rows : to);
      from = to < 0 ? -1 : above.indexOf(value, to);
    }
    return ranges;
  }

  #advance(): void {
    const above = this.#above!;
    if (above[this.#low] !== 1) return;
    const next = above.indexOf(0, this.#low);
    this.#low = next < 0 ? this.rows : next;
  }
}
