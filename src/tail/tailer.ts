import type { SourceContext, SourceOutput } from '../component/source.ts';
import { describeError } from '../errors.ts';
import { EventBatch } from '../event/event-batch.ts';
import { ConstantColumn, type HeaderColumn, NumberColumn } from '../event/header-columns.ts';
import { type LinePiece, type LineRows, toBatch } from '../event/line-splitter.ts';
import type { Receipt } from '../event/receipt.ts';
import { compressorOf, MAGIC_BYTES } from './compressed.ts';
import { CompressedContent } from './compressed-content.ts';
import { turnCompressed } from './compressed-turn.ts';
import { readAt } from './file-bytes.ts';
import type { FileShape } from './file-shape.ts';
import type { Mark } from './fingerprint.ts';
import type { Placed, PlacedIn } from './ledger.ts';
import { withoutHoles } from './nul-rows.ts';
import { ContentNames } from './origin.ts';
import type { Original } from './originals.ts';
import type { TailOptions } from './tail-options.ts';
import type { TailedFile } from './tailed-file.ts';

/** No file is read further than this before the next one has its turn. */
const MAX_TURN_BYTES = 8 << 20;

/** A turn that others wait for ends after so many milliseconds, as soon as a batch is accepted. */
const MAX_TURN_MS = 20;
/** A batch of so many milliseconds is too large while others wait: the next one is half of it. */
const MAX_BATCH_MS = 50;
const MAX_BATCH_BYTES = 1 << 20;

/** How much is read at once when the rows of a turn are counted. */
const MIN_WINDOW_BYTES = 64 << 10;
const TYPICAL_LINE_BYTES = 512;

/** What came of a turn: there is more to read, all was read, or there was nothing new. */
export type Turn = 'more' | 'grown' | 'same';

/** The file could not be read, for the reason in `cause`. */
export class ReadFailure extends Error {}

/** What the tailer needs of its owner. */
export interface TailerOwner {
  /** Called whenever rows have become durable. */
  onProgress(): void;
  /** The files that a compressed one may be a copy of. */
  originals(): Iterable<Original>;
}

/** Reads files and hands their lines on: one turn of one file at a time. */
export class Tailer {
  readonly #options: TailOptions;
  readonly #context: SourceContext;
  readonly #maxTurnRows: number;
  readonly #names: ContentNames;
  readonly #owner: TailerOwner;
  /** Compressed files that were told of. */
  readonly #leftOut = new WeakSet<TailedFile>();
  #batchBytes = MAX_BATCH_BYTES;

  constructor(options: TailOptions, context: SourceContext, owner: TailerOwner) {
    this.#options = options;
    this.#context = context;
    this.#owner = owner;
    this.#names = new ContentNames(context.checkpoint);
    const { batchSize, maxBatchCount } = options;
    const rows = maxBatchCount <= 0 ? Number.POSITIVE_INFINITY : batchSize * maxBatchCount;
    this.#maxTurnRows = rows < Number.MAX_SAFE_INTEGER ? rows : Number.POSITIVE_INFINITY;
  }

  /**
   * Reads on in a file that is open. Rejects with what `emit` rejects with; the file then stands where it was not accepted.
   * @param isAwaited whether other files wait for their turn
   */
  async turn(
    file: TailedFile,
    out: SourceOutput,
    signal: AbortSignal,
    isAwaited: () => boolean = () => false,
  ): Promise<Turn> {
    const { clock } = this.#context;
    const began = clock.monotonic();
    const { size, modified } = await file.look().catch(failedToRead);
    const { leastSize } = file;
    if (this.#options.compressed === 'read' && (file.content !== undefined || leastSize === 0) && size > 0) {
      file.content ??= new CompressedContent();
      const isCompressed = await file.content.isCompressed(file, size).catch(failedToRead);
      if (isCompressed) return this.#turnCompressed(file, file.content, { size, modified }, out, signal);
      if (isCompressed === undefined) return 'same';
      file.content = undefined;
    }
    if (size < leastSize) {
      this.#context.log.info(`${file.path} was cut from ${leastSize} to ${size} bytes and is read from its beginning`);
      file.restart();
    } else if (size === file.offset && modified !== file.seenModified) {
      if (!(await file.isSame().catch(failedToRead))) this.#beginAnew(file);
    }
    if (file.shape !== undefined) await this.#sendShaped(file, file.shape, out, signal);
    if (size <= file.offset || (file.offset === 0 && (await this.#isLeftOut(file).catch(failedToRead)))) {
      file.seen(size, modified);
      return 'same';
    }
    const start = file.offset;
    let rowsLeft = this.#maxTurnRows;
    // How far may be read ahead: what a turn of few rows leaves over is read again.
    const ahead = () =>
      Math.min(
        size,
        file.offset + Math.min(this.#batchBytes, Math.max(MIN_WINDOW_BYTES, rowsLeft * TYPICAL_LINE_BYTES)),
      );
    let next: Promise<LinePiece[] | undefined> | undefined = file.read(ahead());
    let accepted = file.splitter.lineStart;
    try {
      while (next !== undefined) {
        const pieces: LinePiece[] | undefined = await next.catch(failedToRead);
        next = undefined;
        if (pieces === undefined) break;
        const handsOn = clock.monotonic();
        const isLong = file.offset - start >= MAX_TURN_BYTES || (handsOn - began > MAX_TURN_MS && isAwaited());
        const isTurnOver = isLong || signal.aborted;
        // The next slab is read while the lines of this one are cut and handed on, unless the rows are counted.
        if (!isTurnOver && rowsLeft === Number.POSITIVE_INFINITY) next = file.read(ahead());
        for (const piece of pieces) {
          const taken = await this.#handOn(file, piece, out, rowsLeft, signal);
          rowsLeft -= taken.rows;
          accepted = taken.end;
          if (taken.end < piece.end) break;
        }
        this.#fitBatch(clock.monotonic() - handsOn, isAwaited());
        if (rowsLeft <= 0 && accepted < file.splitter.lineStart) file.rewind(accepted);
        if (!isTurnOver && rowsLeft > 0) next ??= file.read(ahead());
      }
    } catch (error) {
      await next?.catch(() => undefined);
      file.rewind(file.shape?.end ?? accepted);
      throw error;
    }
    if (file.isRewritten) {
      this.#beginAnew(file);
      return 'more';
    }
    const isAllRead = file.offset === size || (file.hasNulTail && rowsLeft > 0 && !signal.aborted);
    if (isAllRead && file.offset < size && (await file.passHole(size).catch(failedToRead))) return 'more';
    if (file.offset > start) file.lastGrown = this.#context.clock.monotonic();
    file.seen(isAllRead ? size : file.offset, isAllRead ? modified : Number.NaN);
    if (!isAllRead) return 'more';
    return file.offset > start ? 'grown' : 'same';
  }

  async #turnCompressed(
    file: TailedFile,
    content: CompressedContent,
    seen: { readonly size: number; readonly modified: number },
    out: SourceOutput,
    signal: AbortSignal,
  ): Promise<Turn> {
    const isChanged = seen.size !== file.seenSize || seen.modified !== file.seenModified;
    if (isChanged && !(await file.isSame().catch(failedToRead))) {
      this.#beginAnew(file);
      return 'more';
    }
    if (file.shape !== undefined) await this.#sendShaped(file, file.shape, out, signal);
    return turnCompressed(file, content, seen, {
      context: this.#context,
      signal,
      originals: () => this.#owner.originals(),
      handOn: (piece) => this.#handOn(file, piece, out, Number.POSITIVE_INFINITY, signal),
      finish: () => this.finish(file, out, signal),
    });
  }

  /** Hands on what a file holds for lines that did not come. */
  async flush(file: TailedFile, out: SourceOutput, signal: AbortSignal): Promise<void> {
    if (file.shape === undefined) return;
    file.shape.flush(this.#context.clock.monotonic());
    await this.#sendShaped(file, file.shape, out, signal);
  }

  /** Where batches go slowly, those that others wait for are smaller. */
  #fitBatch(ms: number, isAwaited: boolean): void {
    if (ms < MAX_BATCH_MS || !isAwaited) this.#batchBytes = Math.min(MAX_BATCH_BYTES, this.#batchBytes * 2);
    else this.#batchBytes = Math.max(MIN_WINDOW_BYTES, this.#batchBytes / 2);
  }

  /** Hands on the unfinished last line of a file that was deleted. */
  async finish(file: TailedFile, out: SourceOutput, signal: AbortSignal): Promise<void> {
    const start = file.splitter.lineStart;
    const piece = file.splitter.finish();
    try {
      if (piece !== undefined) await this.#handOn(file, piece, out, Number.POSITIVE_INFINITY, signal);
    } catch (error) {
      file.rewind(file.shape?.end ?? start);
      throw error;
    }
    await this.flush(file, out, signal);
  }

  /** Whether it is compressed: mostly the copy of a log that was read before. */
  async #isLeftOut(file: TailedFile): Promise<boolean> {
    const { compressed = 'raw' } = this.#options;
    if (compressed === 'raw' || file.handle === undefined) return false;
    const compressor = compressorOf(await readAt(file.handle, 0, MAGIC_BYTES));
    if (compressor === undefined) return false;
    if (!this.#leftOut.has(file)) {
      this.#context.log.info(`${file.path} is compressed (${compressor}) and is left out`);
      this.#leftOut.add(file);
    }
    return true;
  }

  #beginAnew(file: TailedFile): void {
    this.#context.log.info(
      `${file.path} was written anew: what stood before offset ${file.offset} is not what was read there. It is read from its beginning`,
    );
    file.restart();
  }

  /** Hands on at most `limit` rows. @returns how many it were, and the offset behind them */
  async #handOn(
    file: TailedFile,
    whole: LinePiece,
    out: SourceOutput,
    limit: number,
    signal: AbortSignal,
  ): Promise<{ rows: number; end: number }> {
    let piece = whole;
    let rows = withoutHoles(whole, file.splitter.rows(whole));
    if (file.shape !== undefined) return this.#handOnShaped(file, file.shape, whole, rows, out, signal);
    if (rows.starts.length > limit) {
      const bytes = whole.bytes.subarray(0, rows.starts[limit]);
      piece = { ...whole, bytes, end: whole.offset + bytes.length };
      rows = { ...rows, starts: rows.starts.slice(0, limit), ends: rows.ends.slice(0, limit) };
    }
    const count = rows.starts.length;
    const trail = file.behind(piece);
    if (count === 0) file.ledger.skip(piece.end, trail.mark);
    else {
      const headers = this.#headers(file, piece.offset, rows.starts);
      const batch = toBatch(piece, rows, headers.columns, headers.bornWith);
      await this.#emit(file, batch, piece, rows, trail.mark, out, signal);
    }
    file.handedOn(trail);
    return { rows: count, end: piece.end };
  }

  /** Hands on what has become complete with this piece. All of it is taken in, also when it is not accepted. */
  async #handOnShaped(
    file: TailedFile,
    shape: FileShape,
    piece: LinePiece,
    rows: LineRows,
    out: SourceOutput,
    signal: AbortSignal,
  ): Promise<{ rows: number; end: number }> {
    shape.take(piece, rows, this.#context.clock.monotonic());
    file.handedOn(file.behind(piece));
    return { rows: await this.#sendShaped(file, shape, out, signal), end: piece.end };
  }

  /** Hands on the events that are complete. @returns how many rows */
  async #sendShaped(file: TailedFile, shape: FileShape, out: SourceOutput, signal: AbortSignal): Promise<number> {
    let rows = 0;
    for (const queue of [shape.lost, shape.ready]) {
      for (let next = queue[0]; next !== undefined; next = queue[0]) {
        const { chunk, mark } = next;
        if (chunk.starts.length === 0) {
          if (mark !== undefined) file.ledger.skip(chunk.end, mark);
        } else {
          const { offset, end, places: starts, resumes, endedByTime: isCut } = chunk;
          const headers = this.#headers(file, offset, starts);
          for (const column of chunk.headers) put(headers.columns, column);
          const batch = new EventBatch({ ...chunk, headers: headers.columns, bornWith: headers.bornWith });
          await this.#emit(file, batch, { offset, end }, { starts, resumes, isCut }, mark, out, signal);
        }
        rows += chunk.starts.length;
        queue.shift();
      }
    }
    return rows;
  }

  /** Hands a batch over. @param mark what stands before its end; without it the file knows nothing of it any more */
  async #emit(
    file: TailedFile,
    batch: EventBatch,
    place: PlacedIn,
    rows: Placed,
    mark: Mark | undefined,
    out: SourceOutput,
    signal: AbortSignal,
  ): Promise<void> {
    const { counters } = this.#context;
    const isCounted = this.#options.countsBatches !== false;
    if (isCounted) counters.AppendBatchReceivedCount++;
    counters.EventReceivedCount += batch.length;
    let receipt: Receipt | undefined;
    const onReceipt = (given: Receipt): void => {
      if (mark === undefined) return;
      receipt = given;
      file.ledger.add(given, place, rows, mark);
      given.onProgress(() => {
        file.ledger.advance();
        file.touch();
        this.#owner.onProgress();
      });
    };
    try {
      const settled = mark === undefined ? undefined : file.ledger.settledRows(place, rows);
      if (out.wantsOrigin) await this.#names.learn(file).catch(failedToRead);
      const origin =
        out.wantsOrigin && mark !== undefined
          ? await this.#names.origin(file, place.offset, rows.starts, signal)
          : undefined;
      await out.emit(batch, { ownsMemory: true, onReceipt, settled, origin });
    } catch (error) {
      // When the agent ends, a channel may have it all the same, and deliver it: then that is still told.
      if (receipt !== undefined && !signal.aborted) file.ledger.withdraw(receipt);
      throw error;
    }
    if (isCounted) counters.AppendBatchAcceptedCount++;
  }

  #headers(file: TailedFile, offset: number, starts: Uint32Array): { columns: HeaderColumn[]; bornWith: number } {
    const { byteOffsetHeader, fileHeader, fileHeaderKey } = this.#options;
    const headers: HeaderColumn[] = [];
    if (byteOffsetHeader) {
      const offsets = new Float64Array(starts.length);
      for (let row = 0; row < offsets.length; row++) offsets[row] = offset + starts[row];
      headers.push(new NumberColumn('byteoffset', offsets));
    }
    for (const column of file.group.headers) put(headers, column);
    // Flume puts the offset first and alone; only without it the map takes the headers of the group at once.
    const bornWith = byteOffsetHeader ? 0 : headers.length;
    if (fileHeader) put(headers, new ConstantColumn(fileHeaderKey, file.path));
    return { columns: headers, bornWith };
  }

  /** Logs a failure of a file, once until it works again, and counts it. */
  failed(file: TailedFile, error: unknown): void {
    if (file.hasFailed) return;
    file.hasFailed = true;
    this.#context.counters.EventReadFail++;
    this.#context.log.warn(`cannot read ${file.path}, it is tried again: ${describeError(error)}`);
  }

  /** Counts an event that ended before its lines did, and logs the first one of a file. */
  atLimit(file: TailedFile, offset: number): void {
    if (file.shape === undefined || file.shape.hasLimit) return;
    file.shape.hasLimit = true;
    this.#context.log.warn(
      `${file.path}: the event of several lines at offset ${offset} has more lines or bytes than an event may have; the next line begins another one. This is said once for a file`,
    );
  }

  /** Counts a line that is not in the format the source was told, and logs the first one of a file. */
  badLine(file: TailedFile, offset: number): void {
    this.#context.counters.EventReadFail++;
    if (file.shape === undefined || file.shape.hasBadLine) return;
    file.shape.hasBadLine = true;
    this.#context.log.warn(
      `${file.path}: the line at offset ${offset} is not what lineFormat = ${this.#options.lines?.format} says; it is passed on as it is. Further ones of this file are only counted (EventReadFail)`,
    );
  }

  /** Counts a line that is too long, and logs the first one of a file. */
  longLine(file: TailedFile, offset: number): void {
    this.#context.counters.EventReadFail++;
    if (file.hasLongLine) return;
    file.hasLongLine = true;
    const { maxLineLength, longLine } = this.#options;
    const deed = longLine === 'cut' ? 'cut off there' : 'left out';
    this.#context.log.warn(
      `${file.path}: the line at offset ${offset} is longer than maxLineLength = ${maxLineLength} and is ${deed}; further ones of this file are only counted (EventReadFail)`,
    );
  }
}

function failedToRead(cause: unknown): never {
  throw new ReadFailure('read', { cause });
}

/** Headers are named once: a later one takes the place of an earlier one of its name. */
function put(headers: HeaderColumn[], column: HeaderColumn): void {
  const at = headers.findIndex((other) => other.name === column.name);
  if (at < 0) headers.push(column);
  else headers[at] = column;
}
