import { open } from 'node:fs/promises';
import type { Logger } from '../../component/context.ts';
import type { Checkpoint, CheckpointSegment } from './checkpoint.ts';
import type { LogState } from './log-state.ts';
import { committedRanges } from './record.ts';
import { RowSet } from './row-set.ts';
import { findCut, guessHead, readChunk } from './scan.ts';
import { isUnfinished, SEGMENT_HEADER, type Segment, type SegmentFile, type SegmentHead } from './segment.ts';

/** What the files of a log say. */
export interface FoundLog {
  readonly segments: Segment[];
  readonly committed: RowSet;
  /** The number of the next row that is put. */
  readonly nextRow: number;
  /** The number of the next segment. */
  readonly nextSegment: number;
  /** Rows that are committed by the channel's own records and not by the agent's checkpoint. */
  readonly again: number;
  /** Rows that their sources send again, and that count as committed therefore. */
  readonly dropped: number;
  /** Rows that should be there, in no segment. */
  readonly lost: number;
  /** Whether the channel's own records say something else of what is committed. */
  readonly differs: boolean;
  /** Segments whose last write was not finished, and how long they are without it. */
  readonly cuts: readonly { readonly path: string; readonly length: number }[];
  /** A segment that was being made when the process ended. */
  readonly unfinished: readonly string[];
}

/** Which part of a segment is read, and what for. */
interface Ask {
  /** From there on records are news to the channel's own checkpoint; infinite: none are. */
  readonly newFrom: number;
  /** From there on lie rows that the agent's checkpoint does not know. */
  readonly unknownFrom: number;
  /** What lies before it was synced. */
  readonly confirmed: number;
  /** The row behind the last one that counts. */
  readonly endRow: number;
}

/** Reads what is new in the segments of a log. Changes nothing. */
export class Reading {
  readonly #files: readonly SegmentFile[];
  readonly #checkpoint: Checkpoint | undefined;
  readonly #state: LogState | undefined;
  readonly #log: Logger;
  readonly #damaged: Set<string>;
  readonly #known: ReadonlyMap<number, CheckpointSegment>;
  readonly #segments: Segment[] = [];
  readonly #cuts: { path: string; length: number }[] = [];
  readonly #unfinished: string[] = [];
  /** What is committed by the channel's own records. */
  #own: RowSet;
  /** Rows of replaying sources that the agent's checkpoint does not know: from, to, from, to, … */
  readonly #replayed: number[] = [];
  #nextRow: number;
  #lost = 0;

  /**
   * @param state what the agent's checkpoint says of this log
   * @param damaged gets the paths of damaged files
   */
  constructor(
    files: readonly SegmentFile[],
    checkpoint: Checkpoint | undefined,
    state: LogState | undefined,
    log: Logger,
    damaged: Set<string>,
  ) {
    this.#files = files;
    this.#checkpoint = checkpoint;
    this.#state = state;
    this.#log = log;
    this.#damaged = damaged;
    this.#known = new Map(checkpoint?.segments.map((segment) => [segment.number, segment]));
    this.#nextRow = Math.max(checkpoint?.nextRow ?? 0, state?.putMark ?? 0, state?.low ?? 0, state?.above.at(-1) ?? 0);
    this.#own = new RowSet(checkpoint?.low, checkpoint?.above);
  }

  async run(): Promise<FoundLog> {
    const heads: (SegmentHead | undefined)[] = [];
    for (const file of this.#files) heads.push(file.head ?? (await guessHead(file)));
    for (const [i, file] of this.#files.entries()) await this.#readSegment(file, i, heads);
    this.#nextRow = Math.max(this.#nextRow, this.#own.end);
    const state = this.#state;
    const own = this.#own;
    const committed = state === undefined ? own : new RowSet(state.low, state.above);
    const again = committed === own ? 0 : inFirstAlone(own, committed, this.#nextRow);
    let dropped = 0;
    for (let i = 0; i < this.#replayed.length; i += 2) {
      dropped += committed.add(this.#replayed[i]!, this.#replayed[i + 1]!);
    }
    this.#settleMissing(committed);
    const numbers = this.#files.map(({ number }) => number + 1);
    const nextSegment = Math.max(1, ...numbers, ...Array.from(this.#known.keys(), (number) => number + 1));
    return {
      segments: this.#segments,
      committed,
      nextRow: this.#nextRow,
      nextSegment: Math.max(nextSegment, this.#checkpoint?.nextSegment ?? 0, (state?.segment ?? -1) + 1),
      again,
      dropped,
      lost: this.#lost,
      differs: own !== committed && (own.size !== committed.size || again > 0),
      cuts: this.#cuts,
      unfinished: this.#unfinished,
    };
  }

  async #readSegment(file: SegmentFile, i: number, heads: readonly (SegmentHead | undefined)[]): Promise<void> {
    const { number, path, size } = file;
    const next = this.#files[i + 1];
    if (next === undefined && isUnfinished(file)) {
      this.#unfinished.push(path);
      return;
    }
    const from = this.#known.get(number);
    const salt = from?.salt ?? heads[i]?.salt;
    const firstRow = from?.firstRow ?? heads[i]?.firstRow ?? this.#nextRow;
    if (file.head === undefined) this.#report(path, `the head of ${path} is damaged`);
    const segment: Segment = {
      number,
      path,
      salt: salt ?? 0,
      firstRow,
      endRow: from?.endRow ?? firstRow,
      length: Math.max(SEGMENT_HEADER, Math.min(size, from?.length ?? SEGMENT_HEADER)),
    };
    this.#segments.push(segment);
    const wasLong = Math.max(from?.length ?? 0, number === this.#state?.segment ? this.#state.length : 0);
    if (size < wasLong) this.#report(path, `${path} is ${size} bytes long and was ${wasLong}`);
    if (salt === undefined) return;
    const nextFirst = heads[i + 1]?.firstRow ?? this.#known.get(next?.number ?? -1)?.firstRow;
    const endRow = nextFirst === undefined ? Number.POSITIVE_INFINITY : Math.max(firstRow, nextFirst);
    // A segment that was full when the checkpoint was written has nothing new.
    const isOld = from !== undefined && next !== undefined && this.#known.has(next.number);
    const unknownFrom = this.#unknownFrom(number);
    const told = this.#state === undefined ? SEGMENT_HEADER : Math.min(unknownFrom, size);
    await this.#read(segment, file, next === undefined, {
      newFrom: isOld ? Number.POSITIVE_INFINITY : segment.length,
      unknownFrom,
      confirmed: Math.max(SEGMENT_HEADER, from?.length ?? 0, told),
      endRow,
    });
    segment.endRow = Math.min(segment.endRow, endRow);
    this.#nextRow = Math.max(this.#nextRow, segment.endRow);
  }

  /** Where in a segment rows begin that the agent's checkpoint does not know. */
  #unknownFrom(number: number): number {
    const state = this.#state;
    if (state === undefined || number < state.segment) return Number.POSITIVE_INFINITY;
    return Math.max(SEGMENT_HEADER, number === state.segment ? state.length : 0);
  }

  #report(path: string, message: string): void {
    this.#damaged.add(path);
    this.#log.error(message);
  }

  /** Reads what is asked for, and finds a write that was never finished. */
  async #read(segment: Segment, file: SegmentFile, isLast: boolean, ask: Ask): Promise<void> {
    const { path, size } = file;
    const from = Math.min(ask.newFrom, ask.unknownFrom);
    if (size <= from) return;
    const handle = await open(path, 'r');
    let end = size;
    try {
      if (isLast) end = await findCut(handle, segment.salt, segment.length, size, ask.confirmed);
      for (let at = from; at < end; ) {
        const chunk = await readChunk(handle, segment.salt, at, end);
        for (const { header, offset, payload } of chunk.records) {
          if (header.type === 'put') {
            const to = header.firstRow + header.count;
            if (offset >= ask.newFrom) segment.endRow = Math.max(segment.endRow, to);
            if (header.replays && offset >= ask.unknownFrom) this.#leaveOut(header.firstRow, Math.min(to, ask.endRow));
          } else if (offset >= ask.newFrom) {
            if (header.type === 'reset') this.#own = new RowSet();
            this.#own.addAll(committedRanges(payload));
          }
        }
        // Rows that are missing are reported, with the place, by whoever reads the segment.
        if (chunk.damaged.length > 0) this.#damaged.add(path);
        at = chunk.next;
      }
    } finally {
      await handle.close();
    }
    if (end < size) {
      this.#log.warn(
        `${path}: the last write was not finished and is cut off (${size - end} bytes at ${end}); it was not confirmed to anyone`,
      );
      this.#cuts.push({ path, length: end });
    }
    if (Number.isFinite(ask.newFrom)) segment.length = end;
  }

  #leaveOut(firstRow: number, to: number): void {
    const from = Math.max(firstRow, this.#state!.putMark);
    if (from < to) this.#replayed.push(from, to);
  }

  /** Rows that should be there, in no segment: of segments that are gone. */
  #settleMissing(committed: RowSet): void {
    const first = this.#segments[0];
    if (first !== undefined && this.#state === undefined && first.firstRow > committed.low) {
      // A segment is deleted only when all rows up to its end are committed.
      if (this.#checkpoint !== undefined && committed.countMissing(committed.low, first.firstRow) > 0) {
        this.#log.warn(`the segments up to row ${first.firstRow} were committed and deleted after the checkpoint`);
      }
      committed.add(0, first.firstRow);
    }
    let at = committed.low;
    for (const { firstRow, endRow } of [...this.#segments, { firstRow: this.#nextRow, endRow: this.#nextRow }]) {
      if (firstRow > at) {
        const lost = committed.add(at, firstRow);
        if (lost > 0) this.#log.error(`${lost} events are gone: rows ${at} to ${firstRow} are in no segment`);
        this.#lost += lost;
      }
      at = Math.max(at, endRow);
    }
  }
}

/** How many of the rows up to `end` are in the first set and not in the second. */
function inFirstAlone(first: RowSet, second: RowSet, end: number): number {
  const parts = second.missing(0, end);
  let count = 0;
  for (let i = 0; i < parts.length; i += 2) {
    count += parts[i + 1]! - parts[i]! - first.countMissing(parts[i]!, parts[i + 1]!);
  }
  return count;
}
