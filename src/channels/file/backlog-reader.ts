import { type FileHandle, open } from 'node:fs/promises';
import type { EventBatch } from '../../event/event-batch.ts';
import { decodePut } from './payload.ts';
import { RECORD_HEADER } from './record.ts';
import { type Chunk, type FoundRecord, readChunk } from './scan.ts';
import { SEGMENT_HEADER, type Segment } from './segment.ts';
import type { SegmentLog } from './segment-log.ts';

/** Rows that were read back. */
export interface ReadRows {
  readonly firstRow: number;
  readonly batch: EventBatch;
}

/** What one read gave: rows, and what they lie in. */
export interface ReadBack {
  readonly rows: readonly ReadRows[];
  readonly memory: Buffer | undefined;
}

/** What is told of damage. */
export interface DamageListener {
  /** Bytes of a segment that hold no sound record. */
  damaged(path: string, from: number, to: number): void;
  /** Rows that should have been there; some of them may be committed. */
  missing(path: string, fromRow: number, toRow: number): void;
}

/** Reads rows back from the segments, in order, those that are committed left out. It remembers a place, whatever the length of the queue. */
export class BacklogReader {
  readonly #log: SegmentLog;
  readonly #listener: DamageListener;
  #number = 0;
  #at = SEGMENT_HEADER;
  #nextRow: number;
  #handle: { readonly number: number; readonly file: FileHandle } | undefined;

  constructor(log: SegmentLog, listener: DamageListener) {
    this.#log = log;
    this.#listener = listener;
    this.#nextRow = log.committed.low;
  }

  /** Whether there are durable rows that it has not read. */
  get isBehind(): boolean {
    return this.#nextRow < this.#log.nextRow;
  }

  /** Whether it has read all rows before this one. */
  isNextRow(row: number): boolean {
    return this.#nextRow === row;
  }

  /** Leaves out all that is durable now: it was handed on from memory. */
  skipToEnd(): void {
    const { active } = this.#log;
    if (active === undefined) return;
    this.#number = active.number;
    this.#at = active.length;
    this.#nextRow = this.#log.nextRow;
  }

  /** The next rows; none where only committed ones were met. To be called one at a time, while it is behind. */
  async read(): Promise<ReadBack> {
    for (;;) {
      const segment = this.#log.segments.find(({ number, endRow }) => number >= this.#number && endRow > this.#nextRow);
      if (segment === undefined) {
        this.#pass('the segments', this.#log.nextRow);
        return { rows: [], memory: undefined };
      }
      if (segment.number !== this.#number) {
        this.#number = segment.number;
        this.#at = SEGMENT_HEADER;
      }
      // What is synced while this reads is for the next time.
      const { length, endRow } = segment;
      if (this.#at < length) return this.#take(segment, await this.#readChunk(segment, length));
      this.#pass(segment.path, endRow);
    }
  }

  async close(): Promise<void> {
    const open = this.#handle;
    this.#handle = undefined;
    await open?.file.close();
  }

  async #readChunk(segment: Segment, end: number): Promise<Chunk> {
    if (this.#handle?.number !== segment.number) {
      await this.close();
      this.#handle = { number: segment.number, file: await open(segment.path, 'r') };
    }
    return readChunk(this.#handle.file, segment.salt, this.#at, end);
  }

  #take(segment: Segment, chunk: Chunk): ReadBack {
    const rows: ReadRows[] = [];
    for (let i = 0; i < chunk.damaged.length; i += 2) {
      this.#listener.damaged(segment.path, chunk.damaged[i]!, chunk.damaged[i + 1]!);
    }
    for (const record of chunk.records) if (record.header.type === 'put') this.#takePut(segment, record, rows);
    this.#at = chunk.next;
    return { rows, memory: chunk.buffer };
  }

  #takePut(segment: Segment, { header, offset, payload }: FoundRecord, rows: ReadRows[]): void {
    // A write that failed may have left records behind the end, whose rows were written again to the next segment.
    const to = Math.min(header.firstRow + header.count, segment.endRow);
    if (to <= this.#nextRow) return;
    this.#pass(segment.path, header.firstRow);
    const parts = this.#log.committed.missing(this.#nextRow, to);
    if (parts.length > 0) {
      const batch = decode(payload, header.count);
      if (batch === undefined) {
        this.#listener.damaged(segment.path, offset, offset + RECORD_HEADER + payload.length);
        return;
      }
      for (let i = 0; i < parts.length; i += 2) {
        const from = parts[i]!;
        rows.push({ firstRow: from, batch: batch.slice(from - header.firstRow, parts[i + 1]! - header.firstRow) });
      }
    }
    this.#nextRow = to;
  }

  /** Goes on at a row; those before it that were expected are missing. */
  #pass(path: string, row: number): void {
    if (row <= this.#nextRow) return;
    this.#listener.missing(path, this.#nextRow, row);
    this.#nextRow = row;
  }
}

function decode(payload: Buffer, rows: number): EventBatch | undefined {
  try {
    const batch = decodePut(payload);
    return batch.length === rows ? batch : undefined;
  } catch {
    return undefined;
  }
}
