import { SluiceError } from '../../errors.ts';

/** Binary data that end in the middle of a value. */
export class CutShortError extends SluiceError {
  constructor() {
    super('PROTOCOL', 'the data end in the middle of a value');
    this.name = 'CutShortError';
  }
}

/**
 * Reads Avro's binary values one after another, never beyond the end. Every method throws CutShortError at the end of the data, SluiceError
 * PROTOCOL for a value that cannot be.
 *
 *     int, long     zig-zag, then 7 bits a byte, low first, high bit = more follow
 *     string, bytes long length, then the bytes
 *     fixed         the bytes
 *     map, array    blocks of: long count [long size in bytes, if the count is negative], items; ended by a count of 0
 *     union         long index, then the value
 */
export class Cursor {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get remaining(): number {
    return this.bytes.length - this.at;
  }

  /** A long, or less exactly: only what a number holds exactly. */
  long(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.at >= this.bytes.length) throw new CutShortError();
      const byte = this.bytes[this.at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      }
      scale *= 128;
    }
    throw new SluiceError('PROTOCOL', 'a number is out of range');
  }

  /** The next `length` bytes, sharing memory. */
  take(length: number): Buffer {
    if (length > this.remaining) throw new CutShortError();
    const from = this.at;
    this.at += length;
    return this.bytes.subarray(from, this.at);
  }

  /** Steps over a string or bytes and returns its length; it ends at `at`. */
  skipBytes(): number {
    const length = this.long();
    if (length < 0) throw new SluiceError('PROTOCOL', `a length of ${length}`);
    if (length > this.remaining) throw new CutShortError();
    this.at += length;
    return length;
  }

  string(): string {
    const length = this.skipBytes();
    return this.bytes.toString('utf8', this.at - length, this.at);
  }

  /** The count of the next block of a map or array, of items of at least `itemBytes` each; 0 at the end. */
  block(itemBytes: number): number {
    let count = this.long();
    if (count < 0) {
      count = -count;
      this.long();
    }
    // A count that the data cannot hold would otherwise become a loop or an allocation of the sender's choice.
    if (count * itemBytes > this.remaining) {
      if (count * itemBytes > 2 ** 31) throw new SluiceError('PROTOCOL', `a count of ${count}`);
      throw new CutShortError();
    }
    return count;
  }

  /** Steps over a map of strings or bytes. */
  skipMap(): void {
    for (let count = this.block(2); count !== 0; count = this.block(2)) {
      for (let i = 0; i < count; i++) {
        this.skipBytes();
        this.skipBytes();
      }
    }
  }
}

/** The bytes of a long (or int, or union index). */
export function encodeLong(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  while (rest >= 128) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** The bytes of a string. */
export function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([encodeLong(bytes.length), bytes]);
}
