import { codecOf } from './decompress.ts';

/** A SequenceFile, taken apart so that two can be compared without their random markers and compressed bytes. */
export type SequenceFile = {
  keyClass: string;
  valueClass: string;
  codec: string;
  metadata: [string, string][];
  sync: Buffer;
  /** Each record (`key`, `value`), or each block (its count and its four decompressed buffers), and each lone marker. */
  parts: string[];
};

class Reader {
  readonly bytes: Buffer;
  at = 0;
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  take(length: number): Buffer {
    if (length < 0 || this.at + length > this.bytes.length) throw new Error(`SequenceFile: cut off at ${this.at}`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  int(): number {
    return this.take(4).readInt32BE();
  }

  /** Hadoop's variable-length integer. */
  vint(): number {
    const first = this.take(1).readInt8();
    if (first >= -112) return first;
    const negative = first < -120;
    const count = negative ? -(first + 120) : -(first + 112);
    let value = 0;
    for (const byte of this.take(count)) value = value * 256 + byte;
    return negative ? -value - 1 : value;
  }

  text(): string {
    return this.take(this.vint()).toString();
  }
}

/** Reads a SequenceFile of version 6; throws at the first byte that is none. */
export function readSequenceFile(bytes: Buffer): SequenceFile {
  const reader = new Reader(bytes);
  if (reader.take(4).toString('latin1') !== 'SEQ\x06') throw new Error('SequenceFile: no SEQ6');
  const keyClass = reader.text();
  const valueClass = reader.text();
  const compressed = reader.take(1)[0] === 1;
  const blocks = reader.take(1)[0] === 1;
  const codec = compressed ? reader.text() : '';
  const metadata: [string, string][] = [];
  for (let left = reader.int(); left > 0; left--) metadata.push([reader.text(), reader.text()]);
  const sync = reader.take(16);
  const decompress = compressed ? codecOf(codec) : undefined;
  if (compressed && !decompress) throw new Error(`SequenceFile: codec ${codec}`);
  const plain = (data: Buffer) => (decompress && data.length > 0 ? decompress(data).content : data).toString('hex');
  const parts: string[] = [];
  while (reader.at < bytes.length) {
    const length = reader.int();
    if (length === -1) {
      if (!reader.take(16).equals(sync)) throw new Error(`SequenceFile: no marker at ${reader.at - 16}`);
      if (!blocks || reader.at === bytes.length) {
        parts.push('marker');
        continue;
      }
      const count = reader.vint();
      const buffers = Array.from({ length: 4 }, () => plain(reader.take(reader.vint())));
      parts.push(`block of ${count}: ${buffers.join(' ')}`);
      continue;
    }
    const keyLength = reader.int();
    const key = reader.take(keyLength).toString('hex');
    const value = reader.take(length - keyLength);
    parts.push(`key ${key} value ${decompress ? plain(value) : value.toString('hex')}`);
  }
  return { keyClass, valueClass, codec, metadata, sync, parts };
}
