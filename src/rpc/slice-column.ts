import { type HeaderColumn, parseWhole } from '../event/header-columns.ts';

/** "This row has no such header", in place of a start. */
export const ABSENT = 0xffff_ffff;

/**
 * Values of a header as they came over the wire: slices of the received bytes, in UTF-8, one a row. A string is made only when
 * somebody asks for a value.
 */
export class SliceColumn implements HeaderColumn {
  readonly name: string;
  readonly constant = undefined;
  /** The value of row i is `bytes.subarray(starts[i], ends[i])`; a start of ABSENT: none. */
  readonly bytes: Buffer;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;

  constructor(name: string, bytes: Buffer, starts: Uint32Array, ends: Uint32Array) {
    this.name = name;
    this.bytes = bytes;
    this.starts = starts;
    this.ends = ends;
  }

  value(row: number): string | undefined {
    const start = this.starts[row]!;
    return start === ABSENT ? undefined : this.bytes.toString('utf8', start, this.ends[row]);
  }

  number(row: number): number {
    const start = this.starts[row]!;
    const end = this.ends[row]!;
    // The digits of a time or an offset, without a string.
    if (start !== ABSENT && end > start && end - start <= 15) {
      let value = 0;
      let at = start;
      for (; at < end; at++) {
        const digit = this.bytes[at]! - 0x30;
        if (digit < 0 || digit > 9) break;
        value = value * 10 + digit;
      }
      if (at === end) return value;
    }
    return parseWhole(this.value(row));
  }

  slice(from: number, to: number): HeaderColumn {
    return new SliceColumn(this.name, this.bytes, this.starts.subarray(from, to), this.ends.subarray(from, to));
  }

  select(rows: Uint32Array): HeaderColumn {
    const starts = new Uint32Array(rows.length);
    const ends = new Uint32Array(rows.length);
    for (let i = 0; i < rows.length; i++) {
      starts[i] = this.starts[rows[i]!]!;
      ends[i] = this.ends[rows[i]!]!;
    }
    return new SliceColumn(this.name, this.bytes, starts, ends);
  }
}
