import type { LinePiece, LineRows } from '../event/line-splitter.ts';
import { Assembler, type AssemblerOptions } from './assembler.ts';
import type { Chunk, Shaper } from './chunk.ts';
import { CriShaper } from './cri-lines.ts';
import { DockerShaper } from './docker-lines.ts';
import { type Mark, Trail } from './fingerprint.ts';
import { LinePattern } from './line-pattern.ts';
import { MultilineShaper } from './multiline.ts';

/** What a line is, where it is not simply an event. */
export interface LineOptions {
  readonly format: 'plain' | 'docker' | 'cri';
  /** Java patterns; without either of them lines are not joined. */
  readonly start?: string;
  readonly continuation?: string;
  readonly maxLines: number;
  /** Milliseconds after which an event ends whose next line does not come. */
  readonly timeout: number;
  /** Names of headers for what a container's log tells; empty: none. */
  readonly streamHeader: string;
  readonly timeHeader: string;
}

/** Told of what is out of the ordinary in a file, by the offset of its line. */
export interface LineReports {
  onLimit(offset: number): void;
  onBad(offset: number): void;
}

/** Gives each file its shaper; `undefined` where every line is an event. @param maxBytes of an event */
export function shaperMaker(
  options: LineOptions | undefined,
  maxBytes: number,
): ((reports: LineReports) => Shaper) | undefined {
  if (options === undefined) return undefined;
  const { format, start, continuation, maxLines, streamHeader, timeHeader } = options;
  const isJoined = start !== undefined || continuation !== undefined;
  const pattern = isJoined ? new LinePattern({ start, continuation, maxLines, maxBytes }) : undefined;
  if (format === 'plain') {
    return pattern && ((reports) => new MultilineShaper(pattern, (offset) => reports.onLimit(offset)));
  }
  return (reports) => {
    const assembly: AssemblerOptions = {
      pattern,
      maxBytes,
      streamHeader,
      timeHeader,
      onLimit: (offset) => reports.onLimit(offset),
    };
    const assembler = new Assembler(assembly);
    const onBad = (offset: number): void => reports.onBad(offset);
    return format === 'docker' ? new DockerShaper(assembler, onBad) : new CriShaper(assembler, onBad);
  };
}

/** The lines of one file on their way to events. */
export class FileShape {
  /** What is complete and not handed on yet, and what stands in the file before its end. */
  readonly ready: { readonly chunk: Chunk; readonly mark: Mark }[] = [];
  /** The same of a content that is not there any more: it cannot be read again. */
  readonly lost: { readonly chunk: Chunk; readonly mark: undefined }[] = [];
  /** How far the file was taken in. */
  end: number;
  /** Nothing has come for so long that what is held is to be handed on. */
  isDue = false;
  /** Since when nothing has come for the oldest event that is held, by the monotonic clock. */
  since = 0;
  /** A complaint was logged, and is not to be repeated. */
  hasBadLine = false;
  hasLimit = false;
  readonly #shaper: Shaper;
  #waitsAt = Number.NaN;
  /** What stands before `end`. */
  #trail: Trail;

  /** @param cuts where events ended by time in an earlier life, from `offset` on */
  constructor(shaper: Shaper, offset: number, cuts: readonly number[]) {
    this.#shaper = shaper;
    this.end = offset;
    this.#trail = new Trail(offset);
    shaper.reset(cuts);
  }

  get isHolding(): boolean {
    return this.#shaper.isHolding;
  }

  /** Takes the next lines. */
  take(piece: LinePiece, rows: LineRows, now: number): void {
    for (const chunk of this.#shaper.push(piece, rows))
      this.ready.push({ chunk, mark: this.#trailTo(chunk.end, piece).mark });
    this.#trail = this.#trailTo(piece.end, piece);
    this.end = piece.end;
    this.#note(now);
  }

  /** What is held becomes events as it is. */
  flush(now: number): void {
    this.isDue = false;
    for (const chunk of this.#shaper.flush()) this.ready.push({ chunk, mark: this.#trail.mark });
    this.#note(now);
  }

  /** The file begins anew, or is read on from another offset. */
  restart(offset = 0, cuts: readonly number[] = []): void {
    const chunks = [...this.ready.splice(0).map(({ chunk }) => chunk), ...this.#shaper.flush()];
    for (const chunk of chunks) this.lost.push({ chunk, mark: undefined });
    this.#shaper.reset(cuts);
    this.end = offset;
    this.#trail = new Trail(offset);
  }

  /** What stands before an offset within the next piece, as far as that is known. */
  #trailTo(offset: number, piece: LinePiece): Trail {
    if (offset === this.#trail.at) return this.#trail;
    // A line that was cut is not all there was.
    if (piece.end - piece.offset !== piece.bytes.length || offset <= piece.offset) return new Trail(offset);
    const before = this.#trail.at === piece.offset ? this.#trail : new Trail(piece.offset);
    return before.behind(piece.bytes.subarray(0, offset - piece.offset));
  }

  #note(now: number): void {
    const { waitsAt } = this.#shaper;
    if (waitsAt !== this.#waitsAt) this.since = now;
    this.#waitsAt = waitsAt;
  }
}
