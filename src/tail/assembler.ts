import { ConstantColumn, type HeaderColumn, TextColumn } from '../event/header-columns.ts';
import { type Chunk, emptyChunk } from './chunk.ts';
import { Cuts } from './cuts.ts';
import type { LinePattern } from './line-pattern.ts';
import { TIME_SLOT, TimeColumn } from './time-column.ts';

const LF = 0x0a;
const NEWLINE = Buffer.from('\n');

/** The streams of a container; a record may also come from none. */
export const STREAMS = ['stdout', 'stderr'] as const;
export const NO_STREAM = STREAMS.length;

/** What records become beside bodies, and how far they are joined. */
export interface AssemblerOptions {
  /** Joins complete lines as well. */
  readonly pattern: LinePattern | undefined;
  /** The most bytes of an event that is joined from several records; the next one then begins another event. */
  readonly maxBytes: number;
  /** Names of headers; empty: no such header. */
  readonly streamHeader: string;
  readonly timeHeader: string;
  /** Called with the offset of an event that ended because it had the most lines or bytes. */
  readonly onLimit: (offset: number) => void;
}

/**
 * Makes events of the records of a container's log: pieces of a line are put together and lines joined, each stream for itself. A parser writes the
 * text of a record to `out` from `at` on and then calls `add`. Events come out in the order of their first records, so those behind an
 * open one wait for it.
 */
export class Assembler {
  out = Buffer.alloc(0);
  at = 0;
  readonly #options: AssemblerOptions;
  readonly #cuts = new Cuts();
  /** The rows: those held from the last time, and the new ones. */
  #count = 0;
  #starts = new Uint32Array(0);
  #ends = new Uint32Array(0);
  #sizes = new Uint32Array(0);
  #lines = new Uint32Array(0);
  #streams = new Uint8Array(0);
  /** Offsets of the first and the last record of a row. */
  #places = new Float64Array(0);
  #reaches = new Float64Array(0);
  #times = Buffer.alloc(0);
  /** The bodies of rows that do not lie in `out` as one piece. */
  readonly #parts = new Map<number, Buffer[]>();
  /** By stream: the row that the next record may belong to, or -1, and whether it is in the middle of a line. */
  readonly #open = new Int32Array(STREAMS.length + 1).fill(-1);
  readonly #isPartial = new Uint8Array(STREAMS.length + 1);
  /** The oldest open row, or -1. */
  #oldest = -1;
  /** The last record of any event handed out, and the place before which no event reached when the last one began. */
  #reach = -1;
  #group = 0;

  constructor(options: AssemblerOptions) {
    this.#options = options;
  }

  get isHolding(): boolean {
    return this.#count > 0;
  }

  /** The offset of the last record of the oldest event that is held, or NaN. */
  get waitsAt(): number {
    return this.#count === 0 ? Number.NaN : this.#reaches[0]!;
  }

  reset(cuts: readonly number[]): void {
    this.#count = 0;
    this.#parts.clear();
    this.#open.fill(-1);
    this.#oldest = -1;
    this.#reach = -1;
    this.#cuts.reset(cuts);
  }

  /** Makes room for this many records with this many bytes of text and a line end each. */
  begin(records: number, bytes: number): void {
    this.out = Buffer.allocUnsafeSlow(bytes);
    this.at = 0;
    const held = this.#count;
    const rows = held + records;
    this.#starts = grown(this.#starts, held, new Uint32Array(rows));
    this.#ends = grown(this.#ends, held, new Uint32Array(rows));
    this.#sizes = grown(this.#sizes, held, new Uint32Array(rows));
    this.#lines = grown(this.#lines, held, new Uint32Array(rows));
    this.#streams = grown(this.#streams, held, new Uint8Array(rows));
    this.#places = grown(this.#places, held, new Float64Array(rows));
    this.#reaches = grown(this.#reaches, held, new Float64Array(rows));
    if (this.#options.timeHeader !== '') {
      this.#times = grown(this.#times, held * TIME_SLOT, Buffer.alloc(rows * TIME_SLOT));
    }
  }

  /**
   * Takes the text from `at` up to `end` as a record that stood at `place`. `isPartial`: its line goes on with the next record of the stream. The
   * time is that part of `from`.
   */
  add(
    stream: number,
    place: number,
    end: number,
    isPartial: boolean,
    from: Buffer,
    time: number,
    timeEnd: number,
  ): void {
    const start = this.at;
    this.#beforeRecord(place);
    let row = this.#open[stream]!;
    if (row >= 0 && !this.#joins(stream, row, start, end)) row = -1;
    if (row >= 0) this.#extend(row, place, start, end, this.#isPartial[stream] === 1);
    else {
      row = this.#newRow(stream, place, start, end);
      if (this.#options.timeHeader !== '') this.#keepTime(row, from, time, timeEnd);
    }
    this.at = end;
    this.#isPartial[stream] = isPartial ? 1 : 0;
    if (!isPartial) this.out[this.at++] = LF;
    const open = isPartial || this.#options.pattern !== undefined ? row : -1;
    if (open !== this.#open[stream]) {
      this.#open[stream] = open;
      this.#findOldest();
    }
  }

  /** Takes the text from `at` up to `end` as an event by itself. */
  addWhole(place: number, end: number): void {
    this.#beforeRecord(place);
    const row = this.#newRow(NO_STREAM, place, this.at, end);
    if (this.#options.timeHeader !== '') this.#times[row * TIME_SLOT] = 0;
    this.out[end] = LF;
    this.at = end + 1;
  }

  /** What is complete. `end`: the offset behind the last record; `isLate`: what is open ends here. */
  take(end: number, isLate: boolean): Chunk[] {
    if (isLate) this.#closeAll();
    const count = this.#oldest < 0 ? this.#count : this.#oldest;
    if (this.#count === 0 && !isLate) return [emptyChunk(end)];
    if (count === 0) {
      this.#hold(0);
      return [];
    }
    const chunk = this.#chunk(count, count < this.#count ? this.#places[count]! : end, isLate);
    this.#hold(count);
    return [chunk];
  }

  #beforeRecord(place: number): void {
    if (this.#cuts.at(place)) this.#closeAll();
    const { maxBytes, onLimit } = this.#options;
    // What waits behind an event that does not end has a bound; escapes may double the bytes of a text.
    if (this.#oldest >= 0 && place - this.#places[this.#oldest]! > 2 * maxBytes + 65_536) {
      onLimit(this.#places[this.#oldest]!);
      this.#closeAll();
    }
  }

  #joins(stream: number, row: number, start: number, end: number): boolean {
    const { pattern, maxBytes, onLimit } = this.#options;
    if (this.#isPartial[stream] === 0) {
      if (pattern === undefined || !pattern.continues(this.out, start, end)) return false;
      if (this.#lines[row]! >= pattern.maxLines) {
        onLimit(this.#places[row]!);
        return false;
      }
    }
    if (this.#sizes[row]! + 1 + end - start <= maxBytes) return true;
    onLimit(this.#places[row]!);
    return false;
  }

  #newRow(stream: number, place: number, start: number, end: number): number {
    const row = this.#count++;
    this.#starts[row] = start;
    this.#ends[row] = end;
    this.#sizes[row] = end - start;
    this.#lines[row] = 1;
    this.#streams[row] = stream;
    this.#places[row] = place;
    this.#reaches[row] = place;
    return row;
  }

  #extend(row: number, place: number, start: number, end: number, wasPartial: boolean): void {
    this.#reaches[row] = place;
    const between = wasPartial ? 0 : 1;
    this.#sizes[row] = this.#sizes[row]! + between + end - start;
    this.#lines[row] = this.#lines[row]! + between;
    let parts = this.#parts.get(row);
    if (parts === undefined) {
      if (this.#ends[row]! + between === start) {
        this.#ends[row] = end;
        return;
      }
      parts = [Buffer.from(this.out.subarray(this.#starts[row], this.#ends[row]))];
      this.#parts.set(row, parts);
    }
    if (!wasPartial) parts.push(NEWLINE);
    parts.push(Buffer.from(this.out.subarray(start, end)));
  }

  #keepTime(row: number, from: Buffer, time: number, timeEnd: number): void {
    const at = row * TIME_SLOT;
    const length = Math.min(timeEnd - time, TIME_SLOT - 1);
    this.#times[at] = length;
    for (let i = 0; i < length; i++) this.#times[at + 1 + i] = from[time + i]!;
  }

  #findOldest(): void {
    let oldest = -1;
    for (const row of this.#open) if (row >= 0 && (oldest < 0 || row < oldest)) oldest = row;
    this.#oldest = oldest;
  }

  #closeAll(): void {
    this.#open.fill(-1);
    this.#isPartial.fill(0);
    this.#oldest = -1;
  }

  #chunk(count: number, end: number, endedByTime: boolean): Chunk {
    const offset = this.#places[0]!;
    const places = new Uint32Array(count);
    const resumes = new Float64Array(count + 1);
    let mixed = false;
    for (let row = 0; row <= count; row++) {
      const place = row < count ? this.#places[row]! : end;
      if (place > this.#reach) this.#group = place;
      else mixed = true;
      resumes[row] = this.#group;
      if (row === count) break;
      places[row] = place - offset;
      if (this.#reaches[row]! > this.#reach) this.#reach = this.#reaches[row]!;
    }
    const headers = this.#headers(count);
    return { ...this.#bodies(count), offset, end, places, resumes: mixed ? resumes : undefined, headers, endedByTime };
  }

  #bodies(count: number): { body: Buffer; starts: Uint32Array; ends: Uint32Array; delimiter: number } {
    const starts = this.#starts.slice(0, count);
    const ends = this.#ends.slice(0, count);
    let isInPlace = this.out[ends[count - 1]!] === LF;
    for (let row = 1; isInPlace && row < count; row++) isInPlace = starts[row] === ends[row - 1]! + 1;
    if (isInPlace && this.#parts.size > 0) for (const row of this.#parts.keys()) isInPlace &&= row >= count;
    if (isInPlace) return { body: this.out.subarray(0, ends[count - 1]! + 1), starts, ends, delimiter: LF };
    let size = count;
    for (let row = 0; row < count; row++) size += this.#sizes[row]!;
    const body = Buffer.allocUnsafeSlow(size);
    let at = 0;
    for (let row = 0; row < count; row++) {
      const parts = this.#parts.get(row);
      const start = at;
      if (parts === undefined) at += this.out.copy(body, at, starts[row], ends[row]);
      else for (const part of parts) at += part.copy(body, at);
      starts[row] = start;
      ends[row] = at;
      body[at++] = LF;
    }
    return { body, starts, ends, delimiter: LF };
  }

  #headers(count: number): HeaderColumn[] {
    const { streamHeader, timeHeader } = this.#options;
    const headers: HeaderColumn[] = [];
    const streams = this.#streams.subarray(0, count);
    if (streamHeader !== '') {
      const first = streams[0]!;
      if (streams.some((stream) => stream !== first)) {
        const names = Array.from(streams, (stream): string | undefined => STREAMS[stream]);
        headers.push(new TextColumn(streamHeader, names));
      } else if (first !== NO_STREAM) headers.push(new ConstantColumn(streamHeader, STREAMS[first]!));
    }
    if (timeHeader !== '') {
      headers.push(new TimeColumn(timeHeader, Buffer.from(this.#times.subarray(0, count * TIME_SLOT))));
    }
    return headers;
  }

  /** Keeps the rows from `from` on for the next time, in memory of their own. */
  #hold(from: number): void {
    const held = this.#count - from;
    for (let row = 0; row < from; row++) if (this.#parts.size > 0) this.#parts.delete(row);
    for (let row = from; row < this.#count; row++) {
      const to = row - from;
      const parts = this.#parts.get(row);
      if (parts === undefined) {
        this.#parts.set(to, [Buffer.from(this.out.subarray(this.#starts[row], this.#ends[row]))]);
      } else if (from > 0) {
        this.#parts.delete(row);
        this.#parts.set(to, parts);
      }
    }
    if (from > 0) {
      for (const column of [this.#sizes, this.#lines, this.#streams, this.#places, this.#reaches]) {
        column.copyWithin(0, from, this.#count);
      }
      this.#times.copyWithin(0, from * TIME_SLOT, this.#count * TIME_SLOT);
      for (let stream = 0; stream < this.#open.length; stream++) {
        if (this.#open[stream]! >= 0) this.#open[stream] = this.#open[stream]! - from;
      }
    }
    this.#count = held;
    this.#findOldest();
    this.out = Buffer.alloc(0);
  }
}

function grown<T extends Uint32Array | Uint8Array | Float64Array>(old: T, kept: number, made: T): T {
  for (let i = 0; i < kept; i++) made[i] = old[i]!;
  return made;
}
