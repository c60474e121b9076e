import { EventBatch } from './event-batch.ts';
import type { HeaderColumn } from './header-columns.ts';

const LF = 0x0a;
const CR = 0x0d;

/** An unfinished line up to this size is copied to the head of the next slab; a longer one is gathered apart, so that
 * small additions to it do not copy it again and again. */
const MAX_LEAD = 32 << 10;

/** How a stream of bytes becomes lines. A line ends with LF; a CR before it is no part of the line. */
export interface LineRules {
  /** The longest line in bytes. */
  readonly maxLength: number;
  /** What becomes of a longer one: its beginning is kept (cut at a UTF-8 boundary), or nothing of it. */
  readonly longLine: 'cut' | 'skip';
  /** Whether a CR without an LF ends a line too. */
  readonly bareCr: boolean;
  /** Called once for each line that was too long, with the offset of its first byte, as soon as that is known. */
  readonly onLongLine: (offset: number) => void;
}

/** Complete lines, line ends included, and where they stood in the stream. */
export interface LinePiece {
  readonly bytes: Buffer;
  /** Offset of the first byte. */
  readonly offset: number;
  /** Offset behind the last line end. */
  readonly end: number;
  /** The beginning of one line that was too long, without a line end: one row as it is. */
  readonly isCutLine: boolean;
}

/** The rows of a piece. `starts[i]` is also how far row i stands from the piece's offset. */
export interface LineRows {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** LF where rows lie back to back with it between them, else -1. */
  readonly delimiter: number;
}

/**
 * Cuts a stream of bytes into lines, whatever the pieces it comes in. Read into `prepare()`'s buffer, hand it to `push()`, turn the
 * pieces into rows with `rows()`. The last two are apart so that the next read can run while rows are being cut. Holds at most one
 * unfinished line of `maxLength`.
 */
export class LineSplitter {
  readonly #rules: LineRules;
  #offset = 0;
  /** The unfinished line: the first `#carried` bytes of `#carry`. */
  #carry = Buffer.alloc(0);
  #carried = 0;
  /** How many bytes of the buffer given out by `prepare` are the carried ones. */
  #lead = 0;
  /** The unfinished line is too long: what is kept of it is in `#carry`, and all bytes up to its end are dropped. */
  #tooLong = false;
  #lineStart = 0;
  /** The last byte was a CR that ended a line: an LF behind it is a part of that line end. */
  #afterCr = false;

  constructor(rules: LineRules, offset = 0) {
    this.#rules = rules;
    this.reset(offset);
  }

  /** Forgets the unfinished line; the next byte is the one at `offset`, behind a CR that ended a line if `afterCr`. */
  reset(offset: number, afterCr = false): void {
    this.#offset = offset;
    this.#lineStart = offset;
    this.#clear();
    this.#tooLong = false;
    this.#afterCr = afterCr;
  }

  /** The offset behind the last complete line. */
  get lineStart(): number {
    return this.#tooLong ? this.#lineStart : this.#offset - this.#carried;
  }

  /** The offset behind the last byte that was pushed. */
  get offset(): number {
    return this.#offset;
  }

  /** A buffer with room for `size` bytes behind `from`; what stands before is the splitter's. */
  prepare(size: number): { buffer: Buffer; from: number } {
    const lead = !this.#tooLong && this.#carried <= MAX_LEAD ? this.#carried : 0;
    // Batches keep the buffer, so it must not come from a pool.
    const buffer = Buffer.allocUnsafeSlow(lead + size);
    if (lead > 0) this.#carry.copy(buffer, 0, 0, lead);
    this.#lead = lead;
    return { buffer, from: lead };
  }

  /** As `prepare()`, without a new buffer: the next bytes are written to the one that was just pushed, behind what it held. */
  prepareBehind(pushed: Buffer, to: number): { buffer: Buffer; from: number } {
    const lead = !this.#tooLong && this.#carried <= Math.min(MAX_LEAD, to) ? this.#carried : 0;
    this.#lead = lead;
    return { buffer: pushed.subarray(to - lead), from: lead };
  }

  /** Takes the buffer of `prepare()`, filled up to `to`. Mostly gives one piece; none while a line is unfinished. */
  push(buffer: Buffer, to: number): LinePiece[] {
    const pieces: LinePiece[] = [];
    const from = this.#lead;
    this.#lead = 0;
    if (to === from) return pieces;
    this.#offset += to - from;
    if (from > 0) this.#clear();
    let bytes = buffer.subarray(0, to);
    if (this.#afterCr) {
      this.#afterCr = false;
      if (bytes[0] === LF) bytes = bytes.subarray(1);
    }
    if (this.#tooLong) {
      const end = this.#firstEnd(bytes);
      if (end < 0) return pieces;
      this.#finishLong(bytes.length - end, pieces);
      bytes = bytes.subarray(end);
    } else if (this.#carried > 0) {
      if (this.#firstEnd(bytes) < 0) {
        this.#keep(bytes);
        return pieces;
      }
      bytes = Buffer.concat([this.#carry.subarray(0, this.#carried), bytes]);
      this.#clear();
    }
    const end = this.#lastEnd(bytes);
    const rest = bytes.length - end;
    if (end > 0) {
      pieces.push({
        bytes: bytes.subarray(0, end),
        offset: this.#offset - bytes.length,
        end: this.#offset - rest,
        isCutLine: false,
      });
    }
    if (rest > 0) this.#keep(bytes.subarray(end));
    return pieces;
  }

  /** The last line, when the stream has ended without a line end. */
  finish(): LinePiece | undefined {
    if (this.#tooLong) {
      const pieces: LinePiece[] = [];
      this.#finishLong(0, pieces);
      return pieces[0];
    }
    if (this.#carried === 0) return undefined;
    const bytes = Buffer.from(this.#carry.subarray(0, this.#carried));
    this.#clear();
    return { bytes, offset: this.#offset - bytes.length, end: this.#offset, isCutLine: true };
  }

  /** Cuts a piece into rows. */
  rows(piece: LinePiece): LineRows {
    const { bytes } = piece;
    if (piece.isCutLine) return { starts: Uint32Array.of(0), ends: Uint32Array.of(bytes.length), delimiter: -1 };
    return this.#rules.bareCr && bytes.includes(CR) ? this.#cutAtAny(piece) : this.#cutAtLf(piece);
  }

  #cutAtLf({ bytes, offset }: LinePiece): LineRows {
    const { maxLength } = this.#rules;
    const rows = scratch;
    rows.count = 0;
    let delimiter = LF;
    let start = 0;
    // Buffer.indexOf finds 45 to 55 million line ends a second for lines of 20 to 320 bytes; a byte loop 30 to 2.
    for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, start)) {
      let end = lf;
      if (lf > start && bytes[lf - 1] === CR) {
        end--;
        delimiter = -1;
      }
      if (end - start <= maxLength) rows.add(start, end);
      else {
        delimiter = -1;
        this.#addLong(bytes, start, offset);
      }
      start = lf + 1;
    }
    return rows.take(delimiter);
  }

  #cutAtAny({ bytes, offset }: LinePiece): LineRows {
    const { maxLength } = this.#rules;
    const rows = scratch;
    rows.count = 0;
    const none = bytes.length;
    let start = 0;
    let lf = -1;
    let cr = -1;
    while (start < none) {
      if (lf < start) lf = indexOr(bytes, LF, start, none);
      if (cr < start) cr = indexOr(bytes, CR, start, none);
      const end = Math.min(lf, cr);
      if (end - start <= maxLength) rows.add(start, end);
      else this.#addLong(bytes, start, offset);
      start = end === cr && lf === cr + 1 ? cr + 2 : end + 1;
    }
    return rows.take(-1);
  }

  #addLong(bytes: Buffer, start: number, offset: number): void {
    const { maxLength, longLine, onLongLine } = this.#rules;
    onLongLine(offset + start);
    if (longLine === 'cut') scratch.add(start, cutAt(bytes, start, start + maxLength));
  }

  /** Offset behind the first line end, or -1. */
  #firstEnd(bytes: Buffer): number {
    const lf = bytes.indexOf(LF);
    if (!this.#rules.bareCr) return lf + 1 || -1;
    const cr = (lf < 0 ? bytes : bytes.subarray(0, lf)).indexOf(CR);
    if (cr < 0) return lf + 1 || -1;
    if (cr + 1 === bytes.length) this.#afterCr = true;
    return bytes[cr + 1] === LF ? cr + 2 : cr + 1;
  }

  /** Offset behind the last line end, or 0. */
  #lastEnd(bytes: Buffer): number {
    const lf = bytes.lastIndexOf(LF);
    if (!this.#rules.bareCr) return lf + 1;
    const last = Math.max(lf, bytes.lastIndexOf(CR));
    if (last >= 0 && last + 1 === bytes.length && last !== lf) this.#afterCr = true;
    return last + 1;
  }

  /** Adds to the unfinished line. */
  #keep(bytes: Buffer): void {
    const { maxLength, longLine, onLongLine } = this.#rules;
    // A CR at the end may yet turn out to be a part of the line end.
    if (this.#carried + bytes.length > maxLength + 1) {
      this.#lineStart = this.#offset - bytes.length - this.#carried;
      this.#tooLong = true;
      if (longLine === 'cut') {
        this.#append(bytes.subarray(0, Math.max(0, maxLength + 4 - this.#carried)));
        this.#carried = cutAt(this.#carry, 0, maxLength);
      } else this.#clear();
      onLongLine(this.#lineStart);
      return;
    }
    this.#append(bytes);
  }

  #append(bytes: Buffer): void {
    const wanted = this.#carried + bytes.length;
    if (wanted > this.#carry.length) {
      const grown = Buffer.allocUnsafeSlow(this.#carried === 0 ? wanted : wanted * 2);
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    bytes.copy(this.#carry, this.#carried);
    this.#carried = wanted;
  }

  #clear(): void {
    this.#carried = 0;
    if (this.#carry.length > MAX_LEAD) this.#carry = Buffer.alloc(0);
  }

  /** The line that was too long has ended, `behind` bytes before the last one pushed. */
  #finishLong(behind: number, pieces: LinePiece[]): void {
    const kept = this.#rules.longLine === 'cut';
    const bytes = Buffer.from(this.#carry.subarray(0, this.#carried));
    if (kept) pieces.push({ bytes, offset: this.#lineStart, end: this.#offset - behind, isCutLine: true });
    this.#tooLong = false;
    this.#clear();
  }
}

/** A batch of a piece's rows; `bornWith` as with `EventBatch`. */
export function toBatch(
  piece: LinePiece,
  rows: LineRows,
  headers?: readonly HeaderColumn[],
  bornWith?: number,
): EventBatch {
  return new EventBatch({
    body: piece.bytes,
    starts: rows.starts,
    ends: rows.ends,
    headers,
    bornWith,
    delimiter: rows.delimiter,
  });
}

/** Where rows are gathered before their number is known; one for all, since cutting is never interrupted. */
const scratch = {
  count: 0,
  starts: new Uint32Array(4096),
  ends: new Uint32Array(4096),

  add(start: number, end: number): void {
    if (this.count === this.starts.length) this.grow();
    this.starts[this.count] = start;
    this.ends[this.count++] = end;
  },

  grow(): void {
    const starts = new Uint32Array(this.count * 2);
    const ends = new Uint32Array(this.count * 2);
    starts.set(this.starts);
    ends.set(this.ends);
    this.starts = starts;
    this.ends = ends;
  },

  take(delimiter: number): LineRows {
    return { starts: this.starts.slice(0, this.count), ends: this.ends.slice(0, this.count), delimiter };
  },
};

function indexOr(bytes: Buffer, value: number, from: number, none: number): number {
  const at = bytes.indexOf(value, from);
  return at < 0 ? none : at;
}

/** The largest place up to `end` that does not part the bytes of a UTF-8 character. */
function cutAt(bytes: Buffer, start: number, end: number): number {
  for (let at = end; at > Math.max(start, end - 4); at--) if ((bytes[at] & 0xc0) !== 0x80) return at;
  return end;
}
