import { decompress } from './decompress.ts';

export interface SequenceRecord {
  readonly key: bigint;
  readonly body: Buffer;
}

export interface SequenceFile {
  readonly keyClass: string;
  readonly valueClass: string;
  readonly codecClass: string | undefined;
  readonly sync: Buffer;
  /** The length of the header. */
  readonly head: number;
  readonly records: SequenceRecord[];
  /** Where the sync markers stand, the header's apart. */
  readonly markers: number[];
  /** The numbers of records of the blocks. */
  readonly blocks: number[];
}

const CODEC_NAMES: Readonly<Record<string, string>> = {
  GzipCodec: 'gzip',
  DefaultCodec: 'default',
  DeflateCodec: 'deflate',
  BZip2Codec: 'bzip2',
  SnappyCodec: 'snappy',
  Lz4Codec: 'lz4',
  ZStandardCodec: 'zstandard',
};

class Cursor {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  take(count: number): Buffer {
    if (this.at + count > this.bytes.length) throw new Error(`the file ends inside a record, at ${this.at}`);
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  int(): number {
    return this.take(4).readInt32BE();
  }

  /** WritableUtils.readVLong, for what is not negative. */
  vInt(): number {
    const first = this.take(1).readInt8();
    if (first >= -112) return first;
    return this.take(-112 - first).reduce((value, byte) => value * 256 + byte, 0);
  }

  text(): string {
    return this.take(this.vInt()).toString();
  }
}

/** Reads a SequenceFile of long keys, record by record, as its format is described by Hadoop; throws at the first byte that does not fit. */
export function readSequenceFile(bytes: Buffer): SequenceFile {
  const input = new Cursor(bytes);
  if (input.take(4).toString('latin1') !== 'SEQ\x06') throw new Error('no SequenceFile');
  const keyClass = input.text();
  const valueClass = input.text();
  const [compressed, inBlocks] = input.take(2);
  const codecClass = compressed === 1 ? input.text() : undefined;
  if (input.int() !== 0) throw new Error('metadata');
  const sync = input.take(16);
  const file = { keyClass, valueClass, codecClass, sync, head: input.at, records: [], markers: [], blocks: [] };
  while (!input.done) {
    const length = input.int();
    if (length === -1) {
      (file.markers as number[]).push(input.at - 4);
      if (!input.take(16).equals(sync)) throw new Error('a wrong sync marker');
      if (inBlocks === 1) readBlock(input, file);
    } else {
      if (inBlocks === 1) throw new Error('a block without a marker');
      const keyLength = input.int();
      const key = input.take(keyLength);
      addRecord(file, key, input.take(length - keyLength));
    }
  }
  return file;
}

function readBlock(input: Cursor, file: SequenceFile): void {
  const count = input.vInt();
  file.blocks.push(count);
  const codec = CODEC_NAMES[file.codecClass!.replace(/.*\./, '')]!;
  const part = () => new Cursor(decompress(codec, input.take(input.vInt())).bytes);
  const [keyLengths, keys, valueLengths, values] = [part(), part(), part(), part()];
  for (let i = 0; i < count; i++) {
    const key = keys.take(keyLengths.vInt());
    addRecord(file, key, values.take(valueLengths.vInt()));
  }
  if (![keyLengths, keys, valueLengths, values].every((cursor) => cursor.done)) throw new Error('a block has more');
}

function addRecord(file: SequenceFile, key: Buffer, value: Buffer): void {
  const cursor = new Cursor(value);
  const length = file.valueClass === 'org.apache.hadoop.io.Text' ? cursor.vInt() : cursor.int();
  file.records.push({ key: key.readBigInt64BE(), body: cursor.take(length) });
  if (!cursor.done) throw new Error('a value has more');
}
