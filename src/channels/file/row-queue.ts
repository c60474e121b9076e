import type { EventBatch } from '../../event/event-batch.ts';
import { freeMemory } from '../../event/free-batch.ts';

/** Batches below this are joined when they lie behind each other, up to the second figure. */
const SMALL_BYTES = 16_384;
const JOINED_BYTES = 262_144;

/** What rows lie in; freed with the last of them. */
export class Memory {
  readonly #buffer: Buffer;
  #rows: number;

  constructor(buffer: Buffer, rows: number) {
    this.#buffer = buffer;
    this.#rows = rows;
  }

  keep(rows: number): void {
    this.#rows += rows;
  }

  release(rows: number): void {
    this.#rows -= rows;
    if (this.#rows === 0) freeMemory(this.#buffer);
  }
}

/** Rows in memory, ready to be taken. */
export interface Entry {
  /** The number of the first row. */
  readonly first: number;
  readonly batch: EventBatch;
  readonly memory: Memory;
}

/** Rows that wait in memory to be taken, in order. */
export class RowQueue {
  #queue: Entry[] = [];
  #head = 0;
  #bytes = 0;
  /** Rolled back, the first one last; they come before the queue. There may be one for each row: nothing is shifted. */
  #returned: Entry[] = [];

  /** The memory of what waits; what was rolled back does not count. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#peek() === undefined;
  }

  push(entry: Entry): void {
    this.#queue.push(entry);
    this.#bytes += entry.batch.retainedBytes;
  }

  /** Takes rows back; they come next, in the order of their numbers. */
  giveBack(entries: readonly Entry[]): void {
    this.#returned = [...this.#returned, ...entries].sort((a, b) => b.first - a.first);
  }

  /** Takes entries off: one, or several small ones, of `maxRows` rows at the most. */
  next(maxRows: number): Entry[] | undefined {
    const first = this.#pop(maxRows);
    if (first === undefined) return undefined;
    const entries = [first];
    let rows = first.batch.length;
    let bytes = first.batch.retainedBytes;
    while (bytes < JOINED_BYTES && rows < maxRows && first.batch.retainedBytes < SMALL_BYTES) {
      const peek = this.#peek();
      if (peek === undefined || peek.batch.retainedBytes >= SMALL_BYTES) break;
      const next = this.#pop(maxRows - rows)!;
      entries.push(next);
      rows += next.batch.length;
      bytes += next.batch.retainedBytes;
    }
    return entries;
  }

  #peek(): Entry | undefined {
    return this.#returned.at(-1) ?? this.#queue[this.#head];
  }

  #pop(maxRows: number): Entry | undefined {
    const entry = this.#peek();
    if (entry === undefined) return undefined;
    const isReturned = this.#returned.length > 0;
    if (!isReturned) this.#bytes -= entry.batch.retainedBytes;
    if (entry.batch.length > maxRows) {
      const rest: Entry = {
        first: entry.first + maxRows,
        batch: entry.batch.slice(maxRows, entry.batch.length),
        memory: entry.memory,
      };
      if (isReturned) this.#returned[this.#returned.length - 1] = rest;
      else {
        this.#queue[this.#head] = rest;
        this.#bytes += rest.batch.retainedBytes;
      }
      return { ...entry, batch: entry.batch.slice(0, maxRows) };
    }
    if (isReturned) return this.#returned.pop();
    this.#head++;
    if (this.#head >= 1024 || this.#head === this.#queue.length) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    return entry;
  }
}
