import { spawnSync } from 'node:child_process';
import { gunzipSync, inflateSync } from 'node:zlib';
import { uncompressSync as lz4Block } from 'lz4-napi';
import { uncompressSync as snappyBlock } from 'snappy';

/** What a compressed file decompresses to, and of how many members it is: read by other code than the codecs write with. */
export interface Decompressed {
  readonly bytes: Buffer;
  readonly members: number;
}

/** Reads a file by Hadoop's name of the codec: every member behind the other, as Hadoop's readers do. */
export function decompress(codec: string, packed: Buffer): Decompressed {
  const read = READERS[codec];
  if (read === undefined) throw new Error(`no reader for ${codec}`);
  return read(packed);
}

const READERS: Readonly<Record<string, (packed: Buffer) => Decompressed>> = {
  gzip: (packed) => oneByOne(packed, gunzipOne),
  deflate: (packed) => oneByOne(packed, inflateOne),
  default: (packed) => oneByOne(packed, inflateOne),
  zstandard: (packed) => program('zstd', packed, Buffer.of(0x28, 0xb5, 0x2f, 0xfd)),
  bzip2: (packed) => program('bzip2', packed, Buffer.from('BZh9')),
  snappy: (packed) => hadoopBlocks(packed, (block) => Buffer.from(snappyBlock(block))),
  lz4: (packed) =>
    hadoopBlocks(packed, (block, rawLength) => {
      const size = Buffer.alloc(4);
      size.writeUInt32LE(rawLength);
      return lz4Block(Buffer.concat([size, block]));
    }),
};

type One = (packed: Buffer) => { readonly bytes: Buffer; readonly used: number };

type WithInfo = { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };

/** zlib's own reader of one stream; it says where that ends. */
const inflateOne: One = (packed) => {
  const result = inflateSync(packed, { info: true }) as unknown as WithInfo;
  return { bytes: result.buffer, used: result.engine.bytesWritten };
};

/** gunzip reads all members at once, so the end of the first is found by the head of the next. */
const gunzipOne: One = (packed) => {
  const head = packed.subarray(0, 4);
  for (let end = packed.indexOf(head, 18); end >= 0; end = packed.indexOf(head, end + 1)) {
    try {
      return { bytes: gunzipSync(packed.subarray(0, end)), used: end };
    } catch {
      // The four bytes stood inside the member.
    }
  }
  return { bytes: gunzipSync(packed), used: packed.length };
};

function oneByOne(packed: Buffer, read: One): Decompressed {
  const parts: Buffer[] = [];
  let at = 0;
  while (at < packed.length) {
    const { bytes, used } = read(packed.subarray(at));
    parts.push(bytes);
    at += used;
  }
  return { bytes: Buffer.concat(parts), members: parts.length };
}

function program(command: string, packed: Buffer, magic: Buffer): Decompressed {
  const result = spawnSync(command, ['-dc'], { input: packed, maxBuffer: 1 << 30 });
  if (result.status !== 0) throw new Error(`${command} -dc: ${result.stderr}`);
  let members = 0;
  for (let at = packed.indexOf(magic); at >= 0; at = packed.indexOf(magic, at + 1)) members++;
  return { bytes: result.stdout, members };
}

function hadoopBlocks(packed: Buffer, read: (block: Buffer, rawLength: number) => Buffer): Decompressed {
  const parts: Buffer[] = [];
  let members = 0;
  let at = 0;
  while (at < packed.length) {
    const rawLength = packed.readUInt32BE(at);
    at += 4;
    members++;
    for (let raw = 0; raw < rawLength; ) {
      const length = packed.readUInt32BE(at);
      const part = read(packed.subarray(at + 4, at + 4 + length), rawLength - raw);
      if (part.length > 256 * 1024 || length > 256 * 1024) throw new Error('a block is longer than Hadoop takes');
      parts.push(part);
      raw += part.length;
      at += 4 + length;
    }
  }
  return { bytes: Buffer.concat(parts), members };
}
