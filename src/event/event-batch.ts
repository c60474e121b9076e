import type { HeaderColumn } from './header-columns.ts';

/** What a batch is made of; see the fields of `EventBatch`. */
export interface EventBatchParts {
  readonly body: Buffer;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly headers?: readonly HeaderColumn[];
  readonly delimiter?: number;
  readonly retainedBytes?: number;
  readonly bornWith?: number;
}

const NO_HEADERS: readonly HeaderColumn[] = [];

/**
 * Events in columns: the bodies are slices of one Buffer, the headers are columns. A batch is immutable, bytes included;
 * a stage that changes something returns a new batch, and two channels may hold the same one.
 */
export class EventBatch {
  /** Holds the bodies of all rows. Whoever makes a batch never writes to it again. */
  readonly body: Buffer;
  /** Row i is `body.subarray(starts[i], ends[i])`. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** The headers, at most one column a name. */
  readonly headers: readonly HeaderColumn[];
  /**
   * A promise of the maker: rows lie back to back, with this one byte after every row, the last one included. Then any run of
   * rows is one slice of `body`. -1: no such promise.
   */
  readonly delimiter: number;
  /**
   * How many of the first columns a source of Flume copies into the new HashMap of an event at once; what comes later is put there
   * one by one. Decides the order in which Java prints them.
   */
  readonly bornWith: number;
  /** How many bytes of memory this batch keeps alive, as its share of what it was cut from: what channels account. */
  readonly retainedBytes: number;
  /** The number of rows; it stays known when the memory was freed. */
  readonly length: number;

  constructor(parts: EventBatchParts) {
    this.body = parts.body;
    this.starts = parts.starts;
    this.length = parts.starts.length;
    this.ends = parts.ends;
    this.headers = parts.headers ?? NO_HEADERS;
    this.delimiter = parts.delimiter ?? -1;
    this.bornWith = parts.bornWith ?? this.headers.length;
    this.retainedBytes =
      parts.retainedBytes ?? parts.body.length + parts.starts.length * (8 + 16 * perRowColumns(this.headers));
  }

  /** The body of a row, sharing memory. Makes an object: not for the hot path. */
  bodyOf(row: number): Buffer {
    return this.body.subarray(this.starts[row], this.ends[row]);
  }

  /** The sum of the body lengths of rows `from` up to `to`. */
  bodyBytes(from = 0, to = this.length): number {
    if (to <= from) return 0;
    if (this.delimiter >= 0) return this.ends[to - 1]! - this.starts[from]! - (to - from - 1);
    let sum = 0;
    for (let i = from; i < to; i++) sum += this.ends[i]! - this.starts[i]!;
    return sum;
  }

  /** The column of that name. */
  header(name: string): HeaderColumn | undefined {
    const columns = this.headers;
    for (let i = 0; i < columns.length; i++) if (columns[i]!.name === name) return columns[i];
    return undefined;
  }

  /**
   * Rows `from` up to `to` with `delimiter` after each, as one slice without a copy; `undefined` where they do not lie so.
   */
  run(from: number, to: number, delimiter: number): Buffer | undefined {
    if (this.delimiter !== delimiter || to <= from) return undefined;
    return this.body.subarray(this.starts[from], this.ends[to - 1]! + 1);
  }

  /** Rows `from` up to `to`, sharing memory. */
  slice(from: number, to: number): EventBatch {
    if (from === 0 && to === this.length) return this;
    const rows = this.length;
    return new EventBatch({
      body: this.body,
      starts: this.starts.subarray(from, to),
      ends: this.ends.subarray(from, to),
      headers: this.headers.map((column) => column.slice(from, to)),
      delimiter: this.delimiter,
      bornWith: this.bornWith,
      retainedBytes: rows === 0 ? 0 : Math.ceil((this.retainedBytes * (to - from)) / rows),
    });
  }

  /** The given rows, in ascending order, sharing memory: they keep the whole Buffer alive (see `compact`). */
  select(rows: Uint32Array): EventBatch {
    const starts = new Uint32Array(rows.length);
    const ends = new Uint32Array(rows.length);
    let consecutive = true;
    for (let i = 0; i < rows.length; i++) {
      starts[i] = this.starts[rows[i]!]!;
      ends[i] = this.ends[rows[i]!]!;
      if (i > 0 && rows[i] !== rows[i - 1]! + 1) consecutive = false;
    }
    return new EventBatch({
      body: this.body,
      starts,
      ends,
      headers: this.headers.map((column) => column.select(rows)),
      delimiter: consecutive ? this.delimiter : -1,
      bornWith: this.bornWith,
      retainedBytes: this.retainedBytes,
    });
  }

  /** The same rows in a Buffer of their own, so that the original can be freed. */
  compact(): EventBatch {
    const rows = this.length;
    const body = Buffer.allocUnsafeSlow(this.bodyBytes());
    const starts = new Uint32Array(rows);
    const ends = new Uint32Array(rows);
    let at = 0;
    for (let i = 0; i < rows; i++) {
      starts[i] = at;
      at += this.body.copy(body, at, this.starts[i], this.ends[i]);
      ends[i] = at;
    }
    return new EventBatch({ body, starts, ends, headers: this.headers, bornWith: this.bornWith });
  }

  /** The same rows under other headers. */
  withHeaders(headers: readonly HeaderColumn[]): EventBatch {
    return new EventBatch({
      body: this.body,
      starts: this.starts,
      ends: this.ends,
      headers,
      delimiter: this.delimiter,
      bornWith: Math.min(this.bornWith, headers.length),
      retainedBytes: this.retainedBytes,
    });
  }

  /** With this column put in the place of the one of its name, or added last. */
  withHeader(column: HeaderColumn): EventBatch {
    const at = this.headers.findIndex((other) => other.name === column.name);
    if (at < 0) return this.withHeaders([...this.headers, column]);
    return this.withHeaders(this.headers.with(at, column));
  }

  /** Without the column of that name. */
  withoutHeader(name: string): EventBatch {
    return this.header(name) ? this.withHeaders(this.headers.filter((column) => column.name !== name)) : this;
  }
}

function perRowColumns(headers: readonly HeaderColumn[]): number {
  let count = 0;
  for (const column of headers) if (column.constant === undefined) count++;
  return count;
}
