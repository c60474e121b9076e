import type { EventBatch } from '../event/event-batch.ts';
import { putInt, putLong, putVInt, vIntLength } from './hadoop-writable.ts';

/** Hadoop writes a sync marker in front of the first record that begins this far behind the last one. */
const SYNC_INTERVAL = 5 * 1024 * 20;
const KEY_BYTES = 8;

/**
 * The records of a SequenceFile that is not compressed:
 *
 *     length of key and value   4 bytes
 *     length of the key         4 bytes: 8
 *     key                       8 bytes, a long
 *     value                     BytesWritable: 4 bytes length, body; Text: length as a vint, body
 *
 * and between them, now and then, the marker: -1 in 4 bytes, the 16 bytes of the header.
 */
export class RecordEncoder {
  readonly #text: boolean;
  readonly #now: () => number;
  readonly #marker: Buffer;
  /** The length of the file so far. */
  #position: number;
  /** Where the last marker ended; that of the header does not count to Hadoop. */
  #lastSync = 0;

  constructor(writeFormat: 'Writable' | 'Text', now: () => number, sync: Buffer, position: number) {
    this.#text = writeFormat === 'Text';
    this.#now = now;
    this.#marker = Buffer.concat([Buffer.of(0xff, 0xff, 0xff, 0xff), sync]);
    this.#position = position;
  }

  /** The bytes of rows `from` up to `to`, in one Buffer for all. */
  rows(batch: EventBatch, from: number, to: number): Buffer {
    const { body, starts, ends } = batch;
    const timestamps = batch.header('timestamp');
    const most = batch.bodyBytes(from, to) + (to - from) * (8 + KEY_BYTES + 5);
    const out = Buffer.allocUnsafeSlow(most + (Math.floor(most / SYNC_INTERVAL) + 1) * this.#marker.length);
    const base = this.#position;
    let at = 0;
    for (let row = from; row < to; row++) {
      if (base + at >= this.#lastSync + SYNC_INTERVAL) {
        at += this.#marker.copy(out, at);
        this.#lastSync = base + at;
      }
      const length = ends[row]! - starts[row]!;
      const timestamp = timestamps === undefined ? Number.NaN : timestamps.number(row);
      at = putInt(out, at, KEY_BYTES + length + (this.#text ? vIntLength(length) : 4));
      at = putInt(out, at, KEY_BYTES);
      at = putLong(out, at, Number.isNaN(timestamp) ? this.#now() : timestamp);
      at = this.#text ? putVInt(out, at, length) : putInt(out, at, length);
      at += body.copy(out, at, starts[row], ends[row]);
    }
    this.#position = base + at;
    return out.subarray(0, at);
  }

  /** The sync marker that ends a unit; `undefined` right behind another. */
  marker(): Buffer | undefined {
    if (this.#position === this.#lastSync) return undefined;
    this.#position += this.#marker.length;
    this.#lastSync = this.#position;
    return this.#marker;
  }
}
