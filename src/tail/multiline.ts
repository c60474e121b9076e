import type { LinePiece, LineRows } from '../event/line-splitter.ts';
import { type Chunk, emptyChunk, type Shaper } from './chunk.ts';
import { Cuts } from './cuts.ts';
import type { LinePattern } from './line-pattern.ts';

const LF = 0x0a;

/** The event that the next line may go on with. Its lines are copies, so that nothing else is kept in memory. */
interface Held {
  readonly parts: Buffer[];
  readonly offset: number;
  bytes: number;
  lines: number;
}

/**
 * Joins lines to events of several lines, with LF between them. The lines of a file lie back to back, so an event is a longer row of the same
 * Buffer; only what spans two reads, and lines that end with CR LF or were cut, are copied.
 */
export class MultilineShaper implements Shaper {
  readonly #pattern: LinePattern;
  readonly #onLimit: (offset: number) => void;
  readonly #cuts = new Cuts();
  #held: Held | undefined;
  /** The offset behind the lines taken so far. */
  #end = 0;

  /** @param onLimit called with the offset of an event that ended because it had the most lines or bytes */
  constructor(pattern: LinePattern, onLimit: (offset: number) => void) {
    this.#pattern = pattern;
    this.#onLimit = onLimit;
  }

  get isHolding(): boolean {
    return this.#held !== undefined;
  }

  get waitsAt(): number {
    return this.#held === undefined ? Number.NaN : this.#end;
  }

  reset(cuts: readonly number[] = []): void {
    this.#held = undefined;
    this.#cuts.reset(cuts);
  }

  push(piece: LinePiece, rows: LineRows): Chunk[] {
    this.#end = piece.end;
    const count = rows.starts.length;
    if (count === 0) return this.#held === undefined ? [emptyChunk(piece.end)] : [];
    const chunks: Chunk[] = [];
    const from = this.#goOn(piece, rows, chunks);
    if (from === count) return chunks;
    const firsts = this.#firsts(piece, rows, from);
    const events = firsts.length - 1;
    const open = firsts[events];
    if (events > 0) chunks.push(merged(piece, rows, firsts));
    this.#held = {
      parts: [copyOf(piece.bytes, rows, open, count)],
      offset: piece.offset + rows.starts[open],
      bytes: rows.ends[count - 1] - rows.starts[open],
      lines: count - open,
    };
    return chunks;
  }

  flush(): Chunk[] {
    return this.#held === undefined ? [] : [this.#handOut(this.#held, this.#end, true)];
  }

  /** Adds the first lines to what is held, and hands that out when a line begins another event. @returns the number of that line */
  #goOn(piece: LinePiece, rows: LineRows, chunks: Chunk[]): number {
    const held = this.#held;
    if (held === undefined) return 0;
    const { bytes, offset } = piece;
    const { starts, ends } = rows;
    let row = 0;
    const before = held.bytes + 1 - starts[0];
    for (; row < starts.length; row++) {
      const wouldBe = before + ends[row];
      if (!this.#joins(bytes, rows, row, offset, held.offset, held.lines + row, wouldBe)) break;
    }
    if (row > 0) {
      held.parts.push(copyOf(bytes, rows, 0, row));
      held.bytes = before + ends[row - 1];
      held.lines += row;
    }
    if (row < starts.length) chunks.push(this.#handOut(held, offset + starts[row], false));
    return row;
  }

  #handOut(held: Held, end: number, endedByTime: boolean): Chunk {
    this.#held = undefined;
    const body = joined(held.parts);
    return {
      body,
      starts: Uint32Array.of(0),
      ends: Uint32Array.of(body.length - 1),
      delimiter: LF,
      places: Uint32Array.of(0),
      offset: held.offset,
      end,
      headers: [],
      endedByTime,
    };
  }

  /** The numbers of the lines from `from` on that begin events. */
  #firsts(piece: LinePiece, rows: LineRows, from: number): Uint32Array {
    const { bytes, offset } = piece;
    const { starts, ends } = rows;
    const count = starts.length;
    const firsts = new Uint32Array(count - from);
    let events = 0;
    let first = from;
    firsts[events++] = from;
    for (let row = from + 1; row < count; row++) {
      if (this.#joins(bytes, rows, row, offset, offset + starts[first], row - first, ends[row] - starts[first]))
        continue;
      first = row;
      firsts[events++] = row;
    }
    return firsts.subarray(0, events);
  }

  /** Whether a line goes on with an event that has `lines` lines so far and would have `wouldBe` bytes. */
  #joins(
    bytes: Buffer,
    rows: LineRows,
    row: number,
    offset: number,
    eventOffset: number,
    lines: number,
    wouldBe: number,
  ): boolean {
    const start = rows.starts[row];
    if (this.#cuts.at(offset + start)) return false;
    if (!this.#pattern.continues(bytes, start, rows.ends[row])) return false;
    if (lines < this.#pattern.maxLines && wouldBe <= this.#pattern.maxBytes) return true;
    this.#onLimit(eventOffset);
    return false;
  }
}

/** Lines `from` up to `to` with LF between them. */
function copyOf(bytes: Buffer, rows: LineRows, from: number, to: number): Buffer {
  const { starts, ends } = rows;
  let size = to - from - 1;
  for (let row = from; row < to; row++) size += ends[row] - starts[row];
  const copy = Buffer.allocUnsafeSlow(size);
  // Mostly they lie so already.
  if (size === ends[to - 1] - starts[from] && rows.delimiter === LF) {
    bytes.copy(copy, 0, starts[from], ends[to - 1]);
    return copy;
  }
  let at = 0;
  for (let row = from; row < to; row++) {
    if (row > from) copy[at++] = LF;
    at += bytes.copy(copy, at, starts[row], ends[row]);
  }
  return copy;
}

/** The parts with an LF behind each. */
function joined(parts: readonly Buffer[]): Buffer {
  let size = 0;
  for (const part of parts) size += part.length + 1;
  const body = Buffer.allocUnsafeSlow(size);
  let at = 0;
  for (const part of parts) {
    at += part.copy(body, at);
    body[at++] = LF;
  }
  return body;
}

/** The events that begin with the lines `firsts`, but for the last one, which is open. */
function merged(piece: LinePiece, rows: LineRows, firsts: Uint32Array): Chunk {
  const events = firsts.length - 1;
  const starts = new Uint32Array(events);
  const ends = new Uint32Array(events);
  const places = new Uint32Array(events);
  for (let event = 0; event < events; event++) {
    places[event] = rows.starts[firsts[event]];
    ends[event] = rows.ends[firsts[event + 1] - 1];
  }
  const end = piece.offset + rows.starts[firsts[events]];
  const chunk = { offset: piece.offset, end, places, headers: [], endedByTime: false };
  if (rows.delimiter === LF) {
    starts.set(places);
    const body = piece.bytes.subarray(0, ends[events - 1] + 1);
    return { ...chunk, body, starts, ends, delimiter: LF };
  }
  const parts: Buffer[] = [];
  let at = 0;
  for (let event = 0; event < events; event++) {
    const part = copyOf(piece.bytes, rows, firsts[event], firsts[event + 1]);
    parts.push(part);
    starts[event] = at;
    at += part.length;
    ends[event] = at++;
  }
  return { ...chunk, body: joined(parts), starts, ends, delimiter: LF };
}
