import { randomBytes } from 'node:crypto';
import { crc32, deflateRawSync, zstdCompressSync } from 'node:zlib';
import { compressSync as snappySync } from 'snappy';
import { Slab } from '../event/slab.ts';
import { choice, integer } from '../options/option.ts';

/** The codecs of Avro containers that there are here. Java's Avro has bzip2 and xz besides. */
export const AVRO_CODECS = ['null', 'deflate', 'snappy', 'zstandard'] as const;
export type AvroCodec = (typeof AVRO_CODECS)[number];

/** The options of both serializers that write containers. */
export const containerOptions = {
  syncIntervalBytes: integer({
    default: 2_048_000,
    min: 32,
    max: 1 << 30,
    unit: 'bytes',
    doc: 'About how many bytes of events make a block; each flush ends one too.',
  }),
  compressionCodec: choice(AVRO_CODECS, {
    default: 'null',
    doc: 'How the blocks are compressed. It is done in the main thread: for speed leave it and take fileType CompressedStream.',
  }),
};

/**
 * The blocks of an Avro container file:
 *
 *     Obj 1, metadata (a map of bytes: avro.schema, avro.codec), sync marker of 16 random bytes
 *     blocks: number of records (long), length in bytes (long), the records (compressed), sync marker
 *
 * Whoever uses it writes records into `slab` and calls `recordWritten` after each.
 */
export class AvroContainer {
  readonly slab = new Slab();
  readonly #codec: AvroCodec;
  readonly #syncInterval: number;
  #sync = Buffer.alloc(0);
  #records = 0;

  constructor(codec: AvroCodec, syncIntervalBytes: number) {
    this.#codec = codec;
    this.#syncInterval = syncIntervalBytes;
  }

  /** Begins a file: the bytes before the first block. What an abandoned file left is dropped. */
  begin(schema: string): readonly Buffer[] {
    this.slab.take();
    this.#records = 0;
    this.#sync = randomBytes(16);
    const entry = (key: string, value: string) => [avroBytes(Buffer.from(key)), avroBytes(Buffer.from(value))];
    const metadata = [...entry('avro.schema', schema), ...entry('avro.codec', this.#codec)];
    return [Buffer.concat([Buffer.from('Obj\x01'), avroLong(2), ...metadata, avroLong(0), this.#sync])];
  }

  /** A record was written; the block is handed over when it is full. */
  recordWritten(out: Buffer[]): void {
    this.#records++;
    if (this.slab.length >= this.#syncInterval) this.endBlock(out);
  }

  /** Ends the block, if there is anything in it. */
  endBlock(out: Buffer[]): void {
    if (this.#records === 0) return;
    const records = compressBlock(this.#codec, this.slab.take());
    out.push(Buffer.concat([avroLong(this.#records), avroLong(records.length)]), records, this.#sync);
    this.#records = 0;
  }
}

function compressBlock(codec: AvroCodec, raw: Buffer): Buffer {
  if (codec === 'deflate') return deflateRawSync(raw);
  if (codec === 'zstandard') return zstdCompressSync(raw);
  if (codec === 'null') return raw;
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(raw));
  // Memory that the library owns does not count for V8's collector: without the copy 410 MB RSS instead of 230, and a third of the speed.
  return Buffer.concat([snappySync(raw, { copyOutputData: true }), sum]);
}

/** A whole number as Avro writes it: zigzag, 7 bits a byte. For what is rare. */
export function avroLong(value: number): Buffer {
  const out = Buffer.alloc(5);
  return out.subarray(0, putLength(out, 0, value));
}

/** Bytes or a text with their length in front. */
export function avroBytes(bytes: Buffer): Buffer {
  return Buffer.concat([avroLong(bytes.length), bytes]);
}

/**
 * Writes a length (0 to 2^31 - 1) as an Avro long, into at most 5 bytes.
 * @returns the offset behind it
 */
export function putLength(out: Buffer, at: number, length: number): number {
  // Zigzag of what is not negative is its double; it may have 32 bits, hence the unsigned shifts.
  let rest = (length << 1) >>> 0;
  while (rest > 0x7f) {
    out[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[at++] = rest;
  return at;
}
