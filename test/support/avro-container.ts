import { crc32, inflateRawSync, zstdDecompressSync } from 'node:zlib';
import avsc from 'avsc';
import { uncompressSync } from 'snappy';

export interface Container {
  readonly schema: unknown;
  readonly codec: string;
  /** The records of each block, as plain values. */
  readonly blocks: readonly (readonly unknown[])[];
}

const HEADER = avsc.Type.forSchema({
  type: 'record',
  name: 'Header',
  fields: [
    { name: 'magic', type: { type: 'fixed', name: 'Magic', size: 4 } },
    { name: 'meta', type: { type: 'map', values: 'bytes' } },
    { name: 'sync', type: { type: 'fixed', name: 'Sync', size: 16 } },
  ],
});
const LONG = avsc.Type.forSchema('long');
const BYTES = avsc.Type.forSchema('bytes');

/** Reads an Avro container file with avsc's types, and checks every sync marker. */
export function readContainer(bytes: Buffer): Container {
  const head = HEADER.decode(bytes, 0) as {
    value: { magic: Buffer; meta: Record<string, Buffer>; sync: Buffer };
    offset: number;
  };
  if (head.offset < 0 || head.value.magic.toString('latin1') !== 'Obj\x01') throw new Error('no Avro container');
  const schema = JSON.parse(head.value.meta['avro.schema']!.toString());
  const codec = head.value.meta['avro.codec']?.toString() ?? 'null';
  const type = avsc.Type.forSchema(schema);
  const blocks: unknown[][] = [];
  let at = head.offset;
  while (at < bytes.length) {
    const count = LONG.decode(bytes, at) as { value: number; offset: number };
    const data = BYTES.decode(bytes, count.offset) as { value: Buffer; offset: number };
    if (data.offset < 0) throw new Error('the file ends inside a block');
    if (!bytes.subarray(data.offset, data.offset + 16).equals(head.value.sync)) throw new Error('a wrong sync marker');
    at = data.offset + 16;
    const raw = uncompressed(codec, data.value);
    const records: unknown[] = [];
    let record = 0;
    for (let i = 0; i < count.value; i++) {
      const read = type.decode(raw, record) as { value: unknown; offset: number };
      records.push(plain(read.value));
      record = read.offset;
    }
    if (record !== raw.length) throw new Error('a block has more than its records');
    blocks.push(records);
  }
  return { schema, codec, blocks };
}

function uncompressed(codec: string, bytes: Buffer): Buffer {
  switch (codec) {
    case 'null':
      return bytes;
    case 'deflate':
      return inflateRawSync(bytes);
    case 'zstandard':
      return zstdDecompressSync(bytes);
    case 'snappy': {
      const raw = Buffer.from(uncompressSync(bytes.subarray(0, -4)));
      if (crc32(raw) !== bytes.readUInt32BE(bytes.length - 4)) throw new Error('a wrong checksum');
      return raw;
    }
    default:
      throw new Error(`no reader for ${codec}`);
  }
}

/** Without avsc's classes, with the headers in an order of their own. */
function plain(value: unknown): unknown {
  return { ...(value as object) };
}
