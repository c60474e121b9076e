import type { LinePiece, LineRows } from '../event/line-splitter.ts';
import { type Assembler, STREAMS } from './assembler.ts';
import type { Chunk, Shaper } from './chunk.ts';

const BLANK = 0x20;
const COLON = 0x3a;
const P = 0x50;
const F = 0x46;
const STREAM_AND = STREAMS.map((stream) => Buffer.from(`${stream} `));
const MAX_TIME = 35;

/**
 * The lines of containerd and CRI-O: `2016-10-06T00:17:09.669794202Z stdout F text`. The text becomes the body; P instead of F marks a piece of a
 * longer line. A line that is not like this is an event as it is.
 */
export class CriShaper implements Shaper {
  readonly #assembler: Assembler;
  readonly #onBad: (offset: number) => void;
  #end = 0;

  /** @param onBad called with the offset of a line that is not like this */
  constructor(assembler: Assembler, onBad: (offset: number) => void) {
    this.#assembler = assembler;
    this.#onBad = onBad;
  }

  get isHolding(): boolean {
    return this.#assembler.isHolding;
  }

  get waitsAt(): number {
    return this.#assembler.waitsAt;
  }

  reset(cuts: readonly number[] = []): void {
    this.#assembler.reset(cuts);
  }

  flush(): Chunk[] {
    return this.isHolding ? this.#assembler.take(this.#end, true) : [];
  }

  push(piece: LinePiece, { starts, ends }: LineRows): Chunk[] {
    const { bytes, offset } = piece;
    this.#end = piece.end;
    this.#assembler.begin(starts.length, bytes.length + 1);
    for (let row = 0; row < starts.length; row++) {
      const start = starts[row]!;
      const end = ends[row]!;
      if (this.#add(bytes, start, end, offset + start)) continue;
      this.#onBad(offset + start);
      const { out, at } = this.#assembler;
      this.#assembler.addWhole(offset + start, at + bytes.copy(out, at, start, end));
    }
    return this.#assembler.take(piece.end, false);
  }

  #add(bytes: Buffer, start: number, end: number, place: number): boolean {
    let at = start;
    const most = Math.min(end, start + MAX_TIME + 1);
    while (at < most && bytes[at] !== BLANK) at++;
    const timeEnd = at++;
    if (timeEnd === start || timeEnd === most) return false;
    // A time begins with the digits of a year.
    if (bytes[start]! < 0x30 || bytes[start]! > 0x39) return false;
    const stream = isAt(STREAM_AND[0]!, bytes, at) ? 0 : isAt(STREAM_AND[1]!, bytes, at) ? 1 : -1;
    if (stream < 0) return false;
    at += STREAM_AND[stream]!.length;
    const tag = bytes[at++];
    if (at > end || (tag !== P && tag !== F)) return false;
    // More tags may follow, with colons between them.
    if (at < end && bytes[at] === COLON) while (at < end && bytes[at] !== BLANK) at++;
    if (at < end && bytes[at++] !== BLANK) return false;
    const { out, at: from } = this.#assembler;
    this.#assembler.add(stream, place, from + bytes.copy(out, from, at, end), tag === P, bytes, start, timeEnd);
    return true;
  }
}

function isAt(what: Buffer, bytes: Buffer, at: number): boolean {
  for (let i = 0; i < what.length; i++) if (bytes[at + i] !== what[i]) return false;
  return true;
}
