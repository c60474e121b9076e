import { spawnSync } from 'node:child_process';
import { inflateRawSync, inflateSync } from 'node:zlib';
import snappy from 'snappy';

/** What a compressed file holds: its content, and each member (gzip member, zlib stream, bzip2 stream, block) on its own. */
export type Decompressed = { content: Buffer; members: Buffer[] };

type Codec = (bytes: Buffer) => Decompressed;

function joined(members: Buffer[]): Decompressed {
  return { content: Buffer.concat(members), members };
}

type Inflated = { buffer: Buffer; engine: { bytesWritten: number } };

/** Inflates one stream at the start of the bytes; with how many bytes it took. */
function inflateOne(bytes: Buffer, inflate: typeof inflateRawSync): [Buffer, number] {
  const result = inflate(bytes, { info: true }) as unknown as Inflated;
  return [result.buffer, result.engine.bytesWritten];
}

function gzipHeaderLength(bytes: Buffer): number {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8) throw new Error('gzip: no header');
  if (bytes[3] !== 0) throw new Error(`gzip: flags ${bytes[3]}, Flume writes none`);
  return 10;
}

const gzip: Codec = (bytes) => {
  const members: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    at += gzipHeaderLength(bytes.subarray(at));
    const [content, used] = inflateOne(bytes.subarray(at), inflateRawSync);
    at += used + 8;
    if (bytes.readUInt32LE(at - 4) !== content.length) throw new Error('gzip: wrong length at the end of a member');
    members.push(content);
  }
  return joined(members);
};

const zlib: Codec = (bytes) => {
  const members: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [content, used] = inflateOne(bytes.subarray(at), inflateSync);
    at += used;
    members.push(content);
  }
  return joined(members);
};

const BZIP2_EMPTY = Buffer.from('425a683917724538509000000000', 'hex');

const bzip2: Codec = (bytes) => {
  const members: Buffer[] = [];
  // A stream begins at a byte boundary with `BZh9` and either a block's or the end's magic number.
  const starts: number[] = [];
  for (let at = bytes.indexOf('BZh'); at >= 0; at = bytes.indexOf('BZh', at + 1)) {
    const magic = bytes.subarray(at + 4, at + 10).toString('hex');
    if (magic === '314159265359' || magic === '177245385090') starts.push(at);
  }
  starts.forEach((start, i) => {
    const stream = bytes.subarray(start, starts[i + 1]);
    // Java's encoder ends each flush with an empty stream; it says nothing.
    if (stream.equals(BZIP2_EMPTY)) return;
    const result = spawnSync('bzip2', ['-dc'], { input: stream });
    if (result.status !== 0) throw new Error(`bzip2: ${result.stderr}`);
    members.push(result.stdout);
  });
  return joined(members);
};

/** Hadoop's block streams: the raw length of a block, then pieces of (length, compressed bytes) until it is reached. */
function hadoopBlocks(piece: (bytes: Buffer) => Buffer): Codec {
  return (bytes) => {
    const members: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const raw = bytes.readUInt32BE(at);
      at += 4;
      const pieces: Buffer[] = [];
      for (let have = 0; have < raw; ) {
        const length = bytes.readUInt32BE(at);
        const content = piece(bytes.subarray(at + 4, at + 4 + length));
        at += 4 + length;
        have += content.length;
        pieces.push(content);
      }
      members.push(Buffer.concat(pieces));
    }
    return joined(members);
  };
}

const snappyBlocks = hadoopBlocks((bytes) => snappy.uncompressSync(bytes, { asBuffer: true }) as Buffer);

const lz4Blocks = hadoopBlocks(lz4Raw);

/** Decompresses a raw lz4 block; written here, as the library wants the length in front. */
function lz4Raw(bytes: Buffer): Buffer {
  const out: number[] = [];
  let at = 0;
  const length = (nibble: number): number => {
    let total = nibble;
    if (nibble === 15) {
      let more: number;
      do {
        more = bytes[at++];
        total += more;
      } while (more === 255);
    }
    return total;
  };
  while (at < bytes.length) {
    const token = bytes[at++];
    const literals = length(token >> 4);
    for (let i = 0; i < literals; i++) out.push(bytes[at++]);
    if (at >= bytes.length) break;
    const offset = bytes.readUInt16LE(at);
    at += 2;
    const copy = length(token & 15) + 4;
    for (let i = 0; i < copy; i++) out.push(out[out.length - offset]);
  }
  return Buffer.from(out);
}

const zstd: Codec = (bytes) => {
  const result = spawnSync('zstd', ['-dc'], { input: bytes });
  if (result.status !== 0) throw new Error(`zstd: ${result.stderr}`);
  return joined([result.stdout]);
};

/** By Hadoop's class name of the codec, and by file suffix. */
const CODECS: Record<string, Codec> = {
  'org.apache.hadoop.io.compress.GzipCodec': gzip,
  'org.apache.hadoop.io.compress.DefaultCodec': zlib,
  'org.apache.hadoop.io.compress.DeflateCodec': zlib,
  'org.apache.hadoop.io.compress.BZip2Codec': bzip2,
  'org.apache.hadoop.io.compress.SnappyCodec': snappyBlocks,
  'org.apache.hadoop.io.compress.Lz4Codec': lz4Blocks,
  '.gz': gzip,
  '.deflate': zlib,
  '.bz2': bzip2,
  '.snappy': snappyBlocks,
  '.lz4': lz4Blocks,
  '.zst': zstd,
};

/** The codec of a Hadoop class name or of a file's suffix; `undefined` when it names none. */
export function codecOf(name: string): Codec | undefined {
  return CODECS[name] ?? CODECS[/\.\w+$/.exec(name)?.[0] ?? ''];
}
