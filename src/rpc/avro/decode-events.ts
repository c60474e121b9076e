import { SluiceError } from '../../errors.ts';
import { EventBatch } from '../../event/event-batch.ts';
import type { HeaderColumn } from '../../event/header-columns.ts';
import { Cursor, CutShortError } from './cursor.ts';
import { decodeHeaders, type HeaderBlocks } from './decode-headers.ts';

/**
 * The parameter of `append` is an event, that of `appendBatch` an array of them:
 *
 *     events   blocks of: count [size in bytes, if the count is negative], event*|count|; ended by a count of 0
 *     event    headers map<string>   body bytes
 *     map      blocks of: count [size], (key string, value string)*|count|; ended by a count of 0
 *
 * The batch shares the payload's memory: bodies are offsets into it. A row's header bytes are compared with those of the
 * row before, and only where they differ is anything looked at; per row this costs no object.
 */

/** Reads the events of `appendBatch`. @throws SluiceError PROTOCOL, CutShortError, TOO_LARGE */
export function decodeAppendBatch(payload: Buffer, at: number): EventBatch {
  const cursor = new Cursor(payload, at);
  const rows = new Rows(payload);
  for (let count = cursor.block(2); count !== 0; count = cursor.block(2)) {
    rows.reserve(count);
    cursor.at = rows.read(cursor.at, count);
  }
  return rows.batch();
}

/** Reads the one event of `append`. @throws SluiceError PROTOCOL, CutShortError */
export function decodeAppend(payload: Buffer, at: number): EventBatch {
  const rows = new Rows(payload);
  rows.reserve(1);
  rows.read(at, 1);
  return rows.batch();
}

class Rows {
  readonly #bytes: Buffer;
  readonly #words: DataView;
  readonly #cursor: Cursor;
  #starts = new Uint32Array(0);
  #ends = new Uint32Array(0);
  #count = 0;
  /** Where the header block of the last row lies. */
  #blockStart = 0;
  #blockEnd = 0;
  readonly #blocks: HeaderBlocks = { rows: [], starts: [] };

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#cursor = new Cursor(bytes);
  }

  reserve(rows: number): void {
    const needed = this.#count + rows;
    if (needed <= this.#starts.length) return;
    const size = this.#starts.length === 0 ? needed : Math.max(needed, 2 * this.#starts.length);
    const starts = new Uint32Array(size);
    const ends = new Uint32Array(size);
    starts.set(this.#starts);
    ends.set(this.#ends);
    this.#starts = starts;
    this.#ends = ends;
  }

  /** Reads so many events and returns where they end. */
  read(from: number, count: number): number {
    const bytes = this.#bytes;
    const length = bytes.length;
    const starts = this.#starts;
    const ends = this.#ends;
    let at = from;
    let row = this.#count;
    for (const end = row + count; row < end; row++) {
      at = this.#sameHeaders(at) ? at + (this.#blockEnd - this.#blockStart) : this.#newHeaders(at, row);
      // Lengths of one or two bytes (bodies below 8 KiB) are read in place.
      const a = bytes[at]!;
      const b = bytes[at + 1]!;
      let size: number;
      if (a < 0x80 && (a & 1) === 0) {
        size = a >>> 1;
        at += 1;
      } else if (a >= 0x80 && b < 0x80 && (a & 1) === 0) {
        size = ((a & 0x7f) | (b << 7)) >>> 1;
        at += 2;
      } else {
        this.#cursor.at = at;
        size = this.#cursor.skipBytes();
        at = this.#cursor.at - size;
      }
      if (at + size > length) throw new CutShortError();
      starts[row] = at;
      at += size;
      ends[row] = at;
    }
    this.#count = row;
    return at;
  }

  /** Whether the bytes at `at` are the header block of the row before: a block shows its own end, so equal bytes are an equal block. */
  #sameHeaders(at: number): boolean {
    const start = this.#blockStart;
    const end = this.#blockEnd;
    if (end === start || at + (end - start) > this.#bytes.length) return false;
    const bytes = this.#bytes;
    let a = start;
    let b = at;
    // Four bytes at a time: 20 ns for a block of 80 bytes, where Buffer.compare takes 60 and single bytes 55.
    for (const last = end - 4; a <= last; a += 4, b += 4) {
      if (this.#words.getInt32(a, true) !== this.#words.getInt32(b, true)) return false;
    }
    for (; a < end; a++, b++) if (bytes[a] !== bytes[b]) return false;
    return true;
  }

  #newHeaders(at: number, row: number): number {
    this.#cursor.at = at;
    this.#cursor.skipMap();
    this.#blockStart = at;
    this.#blockEnd = this.#cursor.at;
    this.#blocks.rows.push(row);
    this.#blocks.starts.push(at);
    return this.#blockEnd;
  }

  batch(): EventBatch {
    const count = this.#count;
    const headers: readonly HeaderColumn[] = decodeHeaders(this.#bytes, this.#blocks, count);
    let retainedBytes = this.#bytes.length + 8 * this.#starts.length;
    for (const column of headers) if (column.constant === undefined) retainedBytes += 8 * count;
    if (this.#bytes.length > 0xffff_fffe) throw new SluiceError('TOO_LARGE', 'a request of 4 GiB');
    return new EventBatch({
      body: this.#bytes,
      starts: this.#starts.subarray(0, count),
      ends: this.#ends.subarray(0, count),
      headers,
      retainedBytes,
    });
  }
}
