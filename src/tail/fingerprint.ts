import { crc32 } from 'node:zlib';

/** How much of a file's beginning tells it from others. */
export const HEAD_BYTES = 1024;
/** How much before the place where reading goes on has to be what it was. */
export const TRAIL_BYTES = 256;

/** What stood before an offset of a file: the CRC-32 of the last `length` bytes before `at`. */
export interface Mark {
  readonly at: number;
  readonly length: number;
  readonly crc: number;
}

/** Nothing is known of the content. */
export const NO_MARK: Mark = { at: 0, length: 0, crc: 0 };

const NONE = Buffer.alloc(0);

/** The last bytes before an offset, as they were read. */
export class Trail {
  readonly at: number;
  readonly bytes: Buffer;

  /** @param bytes are copied, the last `TRAIL_BYTES` of them */
  constructor(at: number, bytes: Buffer = NONE) {
    this.at = at;
    this.bytes = Buffer.from(bytes.subarray(-TRAIL_BYTES));
  }

  /** The same behind more bytes. */
  behind(more: Buffer): Trail {
    const at = this.at + more.length;
    return new Trail(at, more.length >= TRAIL_BYTES ? more : Buffer.concat([this.bytes, more]));
  }

  get mark(): Mark {
    return { at: this.at, length: this.bytes.length, crc: crc32(this.bytes) };
  }
}

/** The mark of the beginning of a file, up to `HEAD_BYTES` of it, made longer by what was read at `offset`. */
export function extendHead(head: Mark, offset: number, bytes: Buffer): Mark {
  const { at } = head;
  if (at >= HEAD_BYTES || offset > at || offset + bytes.length <= at) return head;
  const more = bytes.subarray(at - offset, HEAD_BYTES - offset);
  return { at: at + more.length, length: at + more.length, crc: crc32(more, head.crc) };
}
