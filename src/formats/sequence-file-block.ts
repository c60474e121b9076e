import type { Codec } from '../component/codec.ts';
import type { EventBatch } from '../event/event-batch.ts';
import { Slab } from '../event/slab.ts';
import { putInt, putLong, putVInt, vIntLength } from './hadoop-writable.ts';

/** Hadoop's `io.seqfile.compress.blocksize`: a block ends with the record that reaches it, keys and values counted. */
const BLOCK_BYTES = 1_000_000;
const KEY_BYTES = 8;

/**
 * A compressed block of a SequenceFile:
 *
 *     sync marker             -1 in 4 bytes, the 16 bytes of the header
 *     number of records       vint
 *     lengths of the keys     each of these four: length of the compressed bytes as a vint, the bytes
 *     keys                    8 bytes each
 *     lengths of the values   vints
 *     values                  BytesWritable: 4 bytes length, body; Text: length as a vint, body
 */
export class BlockBuilder {
  readonly #text: boolean;
  readonly #now: () => number;
  readonly #keys = new Slab();
  readonly #valueLengths = new Slab();
  readonly #values = new Slab();
  /** Records in the block so far. */
  records = 0;

  constructor(writeFormat: 'Writable' | 'Text', now: () => number) {
    this.#text = writeFormat === 'Text';
    this.#now = now;
  }

  /** Whether the block has to be taken before more is added. */
  get full(): boolean {
    return this.#keys.length + this.#values.length >= BLOCK_BYTES;
  }

  /** Adds rows `from` up to `to`, or until the block is full. @returns the first row that was not added */
  add(batch: EventBatch, from: number, to: number): number {
    const { body, starts, ends } = batch;
    const timestamps = batch.header('timestamp');
    const keys = this.#keys;
    const lengths = this.#valueLengths;
    const values = this.#values;
    let row = from;
    while (row < to && !this.full) {
      const start = starts[row]!;
      const length = ends[row]! - start;
      keys.ensure(KEY_BYTES);
      lengths.ensure(5);
      values.ensure(length + 5);
      const timestamp = timestamps === undefined ? Number.NaN : timestamps.number(row);
      keys.at = putLong(keys.bytes, keys.at, Number.isNaN(timestamp) ? this.#now() : timestamp);
      lengths.at = putVInt(lengths.bytes, lengths.at, length + (this.#text ? vIntLength(length) : 4));
      values.at = this.#text ? putVInt(values.bytes, values.at, length) : putInt(values.bytes, values.at, length);
      values.at += body.copy(values.bytes, values.at, start, start + length);
      this.records++;
      row++;
    }
    return row;
  }

  /** The block, compressed; the builder begins the next one at once. */
  async take(codec: Codec, sync: Buffer): Promise<readonly Buffer[]> {
    const records = this.records;
    const parts = [Buffer.alloc(records, KEY_BYTES), this.#keys.take(), this.#valueLengths.take(), this.#values.take()];
    this.records = 0;
    const compressed = await Promise.all(parts.map((part) => codec.compress([part])));
    const out: Buffer[] = [Buffer.of(0xff, 0xff, 0xff, 0xff), sync, vInt(records)];
    for (const buffers of compressed) {
      out.push(vInt(buffers.reduce((sum, buffer) => sum + buffer.length, 0)), ...buffers);
    }
    return out;
  }
}

function vInt(value: number): Buffer {
  const out = Buffer.alloc(vIntLength(value));
  putVInt(out, 0, value);
  return out;
}
