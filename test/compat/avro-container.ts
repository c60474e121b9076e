import { inflateRawSync } from 'node:zlib';
import snappy from 'snappy';

/** A block of an Avro container, its data decompressed. */
export type AvroBlock = { count: number; data: Buffer };

/** An Avro object container file. */
export type AvroContainer = { meta: Map<string, string>; sync: Buffer; blocks: AvroBlock[]; complete: boolean };

class Reader {
  readonly bytes: Buffer;
  at: number;
  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** A zig-zag variable-length integer; `undefined` at the end of the bytes. */
  long(): number | undefined {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) return undefined;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number((value >> 1n) ^ -(value & 1n));
    }
  }

  take(length: number): Buffer | undefined {
    if (length < 0 || this.at + length > this.bytes.length) return undefined;
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  bytesField(): Buffer {
    const length = this.long();
    const value = length === undefined ? undefined : this.take(length);
    if (!value) throw new Error(`Avro: cut off at ${this.at}`);
    return value;
  }

  map(): [string, Buffer][] {
    const entries: [string, Buffer][] = [];
    for (;;) {
      let count = this.long();
      if (!count) return entries;
      if (count < 0) {
        this.long();
        count = -count;
      }
      for (let i = 0; i < count; i++) entries.push([this.bytesField().toString(), this.bytesField()]);
    }
  }
}

function inflate(codec: string, data: Buffer): Buffer {
  if (codec === 'null') return data;
  if (codec === 'deflate') return inflateRawSync(data);
  // After the block stands a CRC32 of four bytes.
  if (codec === 'snappy') return snappy.uncompressSync(data.subarray(0, -4), { asBuffer: true }) as Buffer;
  throw new Error(`Avro: codec ${codec}`);
}

/** Reads a container; a cut-off last block is left out and `complete` is false then. Returns `undefined` for bytes without a whole header. */
export function readAvroContainer(bytes: Buffer): AvroContainer | undefined {
  if (bytes.subarray(0, 4).toString('latin1') !== 'Obj\x01') return undefined;
  const reader = new Reader(bytes, 4);
  let meta: Map<string, string>;
  try {
    meta = new Map(reader.map().map(([key, value]) => [key, value.toString()]));
  } catch {
    return undefined;
  }
  const sync = reader.take(16);
  if (!sync) return undefined;
  const codec = meta.get('avro.codec') ?? 'null';
  const blocks: AvroBlock[] = [];
  while (reader.at < bytes.length) {
    const count = reader.long();
    const size = reader.long();
    const data = size === undefined ? undefined : reader.take(size);
    const end = reader.take(16);
    if (count === undefined || !data || !end) return { meta, sync, blocks, complete: false };
    if (!end.equals(sync)) throw new Error(`Avro: no sync marker at ${reader.at - 16}`);
    blocks.push({ count, data: inflate(codec, data) });
  }
  return { meta, sync, blocks, complete: true };
}

/** An event as Flume's avro_event serializer writes it. */
export type AvroEvent = { headers: [string, string][]; body: Buffer };

/** The events of a container written by `avro_event`. */
export function readAvroEvents(bytes: Buffer): AvroEvent[] {
  const container = readAvroContainer(bytes);
  if (!container) return [];
  const events: AvroEvent[] = [];
  for (const block of container.blocks) {
    const reader = new Reader(block.data);
    for (let i = 0; i < block.count; i++) {
      const headers = reader.map().map(([key, value]): [string, string] => [key, value.toString()]);
      events.push({ headers, body: reader.bytesField() });
    }
    if (reader.at !== block.data.length) throw new Error('Avro: bytes left over in a block');
  }
  return events;
}
