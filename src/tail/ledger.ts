import type { Ranges } from '../component/checkpoint.ts';
import type { LinePiece } from '../event/line-splitter.ts';
import { Receipt } from '../event/receipt.ts';
import { type Mark, NO_MARK, Trail } from './fingerprint.ts';

interface Entry {
  readonly receipt: Receipt;
  readonly offset: number;
  end: number;
  readonly starts: Uint32Array;
  /** From where the rows, and what comes behind them, must be read, where that is not simply where they stand. */
  readonly resumes: Float64Array | undefined;
  readonly isCut: boolean;
  /** What the rows were cut from; freed once all are durable. `undefined`: they are not as they stand in the file. */
  readonly bytes: Buffer | undefined;
  /** What stands before `end`. */
  mark: Mark;
}

/** Rows as the ledger has to know them. */
export interface Placed {
  /** How far each row stands from the offset of its piece. */
  readonly starts: Uint32Array;
  /** By row, and one more for the end: from where it must be read to come out the same. See `Chunk`. */
  readonly resumes?: Float64Array;
  /** Whether what is read again must be parted at the end, as it was because of time. */
  readonly isCut?: boolean;
}

/** Where rows lay in their file, and the bytes there, if they are still at hand. */
export type PlacedIn = Pick<LinePiece, 'offset' | 'end'> & { readonly bytes?: Buffer };

const NO_ROWS = new Uint32Array(0);
/** A ledger of fewer batches is left as it is. */
const JOIN_AT = 256;

/** Shared: an empty Map of its own takes 200 bytes for each file. */
const NOTHING: Settled = new Map();

/** Shared, for most files have nothing under way. */
const NO_ENTRIES: Entry[] = [];
const NO_CUTS: readonly number[] = [];

/** By channel: ranges of a file (from, to, from, to, …) whose lines are durable behind it. */
export type Settled = ReadonlyMap<string, Ranges>;

/**
 * The batches of a file that are under way, in its order: up to where all lines are durable, and which ones behind that are durable behind
 * one channel or the other.
 */
export class Ledger {
  /** Counts what files have held since the process began: each that is met or begins anew. */
  static contents = 0;
  /** How often the file has begun anew since it is known. */
  generation: number;
  /** The number of what the file holds now. */
  content = ++Ledger.contents;
  #position: number;
  /** What stands before `#position`. */
  #mark: Mark;
  #entries = NO_ENTRIES;
  /** With so many entries, those that are durable are joined: an older one may wait for hours, on an optional way or in a sink that hangs. */
  #joinAt = JOIN_AT;
  /** What was durable behind `#position` in an earlier life. */
  #earlier: Settled;
  #earlierCuts: readonly number[];

  constructor(
    position: number,
    mark: Mark = NO_MARK,
    earlier: Settled = NOTHING,
    earlierCuts: readonly number[] = NO_CUTS,
    generation = 0,
  ) {
    this.generation = generation;
    this.#position = position;
    this.#earlierCuts = earlierCuts;
    this.#mark = mark;
    this.#earlier = earlier;
  }

  /** A batch is about to be handed over. @param mark what stands before its end */
  add(receipt: Receipt, piece: PlacedIn, rows: Placed, mark: Mark): void {
    const { offset, end, bytes } = piece;
    const { starts, resumes, isCut = false } = rows;
    if (this.#entries.length === 0) this.#entries = [];
    this.#entries.push({ receipt, offset, end, starts, resumes, isCut, bytes, mark });
    if (this.#entries.length >= this.#joinAt) this.#join();
  }

  /** It was not accepted after all, and is read again. */
  withdraw(receipt: Receipt): void {
    this.#entries = this.#entries.filter((entry) => entry.receipt !== receipt);
  }

  /** Lines without an event up to here: they were all left out. */
  skip(end: number, mark: Mark): void {
    const last = this.#entries.at(-1);
    if (last === undefined) {
      this.#position = end;
      this.#mark = mark;
    } else {
      last.end = end;
      last.mark = mark;
    }
  }

  /** The offset behind the last line of which all before, and itself, are durable. */
  get position(): number {
    const first = this.#advance();
    if (first === undefined) return this.#position;
    const low = first.receipt.lowWater;
    if (low === 0 || low >= first.starts.length) return this.#position;
    return first.resumes?.[low] ?? first.offset + first.starts[low];
  }

  /** Rows have become durable: what is known of those that all lie before the position is not kept. */
  advance(): void {
    this.#advance();
  }

  /** What stood before that offset when it was read (or before an earlier one, where it is not known). */
  get mark(): Mark {
    const { position } = this;
    const first = this.#advance();
    if (first?.bytes === undefined || position <= first.offset) return this.#mark;
    return new Trail(position, first.bytes.subarray(0, position - first.offset)).mark;
  }

  /** The end of all that was handed over, and what stood before it. */
  get lastMark(): Mark {
    return this.#entries.at(-1)?.mark ?? this.#mark;
  }

  /** Learns what stands before the position. */
  learn(mark: Mark): void {
    if (this.#entries.length === 0 && mark.at === this.#position) this.#mark = mark;
  }

  /** The end of what was durable behind some channel in an earlier life. */
  get earlierEnd(): number {
    let end = 0;
    for (const ranges of this.#earlier.values()) end = Math.max(end, ranges.at(-1) ?? 0);
    return end;
  }

  /** Whether nothing is under way. */
  get isSettled(): boolean {
    return this.#entries.every((entry) => entry.receipt.settled);
  }

  /** Where, behind the position, events ended by time. */
  get cuts(): number[] {
    const { position } = this;
    const cuts = this.#earlierCuts.filter((cut) => cut > position);
    for (const { isCut, end } of this.#entries) if (isCut && end > position) cuts.push(end);
    return cuts;
  }

  /** What is durable behind the position, by channel. */
  get settled(): Settled {
    const { position } = this;
    const found = new Map<string, number[]>();
    const note = (channel: string, from: number, to: number): void => {
      if (to <= position) return;
      const ranges = found.get(channel);
      if (ranges === undefined) found.set(channel, [Math.max(from, position), to]);
      else ranges.push(Math.max(from, position), to);
    };
    for (const [channel, ranges] of this.#earlier) {
      for (let i = 0; i < ranges.length; i += 2) note(channel, ranges[i], ranges[i + 1]);
    }
    for (const { receipt, offset, end, starts } of this.#entries) {
      const isWhole = receipt.settled;
      for (const leg of receipt.legs) {
        if (isWhole) {
          note(leg.channel, offset, end);
          continue;
        }
        const rows = leg.settledSourceRanges;
        for (let i = 0; i < rows.length; i += 2) {
          const to = rows[i + 1];
          note(leg.channel, offset + (starts[rows[i]] ?? 0), to < starts.length ? offset + starts[to] : end);
        }
      }
    }
    for (const [channel, ranges] of found) found.set(channel, merge(ranges));
    return found;
  }

  /** By channel: the rows of a piece that were durable behind it in an earlier life; `undefined` when there are none. */
  settledRows(piece: PlacedIn, rows: Placed): ReadonlyMap<string, Uint32Array> | undefined {
    if (this.#earlier.size === 0) return undefined;
    let isPast = true;
    const found = new Map<string, Uint32Array>();
    for (const [channel, ranges] of this.#earlier) {
      const done: number[] = [];
      let i = 0;
      for (let row = 0; row < rows.starts.length; row++) {
        const at = piece.offset + rows.starts[row];
        while (i < ranges.length && ranges[i + 1] <= at) i += 2;
        if (i < ranges.length && ranges[i] <= at) done.push(row);
      }
      if (done.length > 0) found.set(channel, Uint32Array.from(done));
      if ((ranges.at(-1) ?? 0) > this.#position) isPast = false;
    }
    if (isPast) this.#earlier = NOTHING;
    return found.size > 0 ? found : undefined;
  }

  /** The file begins anew: what is under way says nothing about it any more. The others are as in the constructor. */
  reset(position: number, earlier: Settled = NOTHING, earlierCuts: readonly number[] = NO_CUTS): void {
    this.generation++;
    this.content = ++Ledger.contents;
    this.#position = position;
    this.#mark = NO_MARK;
    this.#entries = NO_ENTRIES;
    this.#earlier = earlier;
    this.#earlierCuts = earlierCuts;
  }

  /** Makes one entry of those that lie behind each other and are durable. */
  #join(): void {
    this.#advance();
    const joined: Entry[] = [];
    for (const entry of this.#entries) {
      const last = joined.at(-1);
      const fits = last !== undefined && canBeJoined(last) && canBeJoined(entry) && last.end === entry.offset;
      if (fits) joined[joined.length - 1] = join(last, entry);
      else joined.push(entry);
    }
    this.#entries = joined;
    this.#joinAt = Math.max(JOIN_AT, 2 * joined.length);
  }

  /** Drops what is durable from the beginning. @returns the first entry that is not */
  #advance(): Entry | undefined {
    const entries = this.#entries;
    let done = 0;
    while (done < entries.length && entries[done].receipt.settled) done++;
    if (done > 0) {
      const last = entries[done - 1];
      this.#position = last.resumes?.[last.starts.length] ?? last.end;
      this.#mark = last.mark;
      // What will be read again is kept in mind, durable or not.
      let over = done;
      while (over > 0 && entries[over - 1].end > this.#position) over--;
      if (over === entries.length) this.#entries = NO_ENTRIES;
      else if (over > 0) this.#entries = entries.slice(over);
      return this.#entries[done - over];
    }
    return entries[0];
  }
}

/** Whether it is durable; each offset where an event was ended by time is kept. */
function canBeJoined({ receipt, isCut }: Entry): boolean {
  return !isCut && receipt.settled;
}

/** Both are durable on all ways that rows of either went. */
function join(a: Entry, b: Entry): Entry {
  const receipt = new Receipt(0);
  for (const channel of new Set([...a.receipt.legs, ...b.receipt.legs].map((leg) => leg.channel))) receipt.leg(channel);
  receipt.seal();
  const resume = b.resumes?.[b.starts.length];
  return {
    receipt,
    offset: a.offset,
    end: b.end,
    starts: NO_ROWS,
    resumes: resume === undefined ? undefined : Float64Array.of(resume),
    isCut: false,
    bytes: undefined,
    mark: b.mark,
  };
}

/** The same ranges, ascending and apart. */
function merge(ranges: readonly number[]): number[] {
  const pairs: [number, number][] = [];
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i], ranges[i + 1]]);
  pairs.sort((a, b) => a[0] - b[0]);
  const merged: number[] = [];
  for (const [from, to] of pairs) {
    const last = merged.length - 1;
    if (last > 0 && from <= merged[last]) merged[last] = Math.max(merged[last], to);
    else merged.push(from, to);
  }
  return merged;
}
