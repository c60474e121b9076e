import type { SourceContext, SourceOutput } from '../component/source.ts';
import { describeError } from '../errors.ts';
import type { EventBatch } from '../event/event-batch.ts';
import { ConstantColumn, type HeaderColumn, NumberColumn } from '../event/header-columns.ts';
import { type LinePiece, type LineRows, toBatch } from '../event/line-splitter.ts';
import type { Receipt } from '../event/receipt.ts';
import { withoutHoles } from './nul-rows.ts';
import type { TailOptions } from './tail-options.ts';
import type { TailedFile } from './tailed-file.ts';

/** No file is read further than this before the next one has its turn. */
const MAX_TURN_BYTES = 8 << 20;

/** How much is read at once when the rows of a turn are counted. */
const MIN_WINDOW_BYTES = 64 << 10;
const TYPICAL_LINE_BYTES = 512;

/** What came of a turn: there is more to read, all was read, or there was nothing new. */
export type Turn = 'more' | 'grown' | 'same';

/** The file could not be read, for the reason in `cause`. */
export class ReadFailure extends Error {}

/** Reads files and hands their lines on: one turn of one file at a time. */
export class Tailer {
  readonly #options: TailOptions;
  readonly #context: SourceContext;
  readonly #maxTurnRows: number;
  readonly #onProgress: () => void;

  /** @param onProgress called whenever rows have become durable */
  constructor(options: TailOptions, context: SourceContext, onProgress: () => void) {
    this.#options = options;
    this.#context = context;
    this.#onProgress = onProgress;
    const { batchSize, maxBatchCount } = options;
    const rows = maxBatchCount <= 0 ? Number.POSITIVE_INFINITY : batchSize * maxBatchCount;
    this.#maxTurnRows = rows < Number.MAX_SAFE_INTEGER ? rows : Number.POSITIVE_INFINITY;
  }

  /** Reads on in a file that is open. Rejects with what `emit` rejects with; the file then stands where it was not accepted. */
  async turn(file: TailedFile, out: SourceOutput, signal: AbortSignal): Promise<Turn> {
    const { size, modified } = await file.look().catch(failedToRead);
    if (size < file.offset) {
      this.#context.log.info(
        `${file.path} was cut from ${file.offset} to ${size} bytes and is read from its beginning`,
      );
      file.restart();
    } else if (size === file.offset && modified !== file.seenModified) {
      if (!(await file.isSame().catch(failedToRead))) this.#beginAnew(file);
    }
    if (size <= file.offset) {
      file.seen(size, modified);
      return 'same';
    }
    const start = file.offset;
    let rowsLeft = this.#maxTurnRows;
    // How far may be read ahead: what a turn of few rows leaves over is read again.
    const ahead = () => Math.min(size, file.offset + Math.max(MIN_WINDOW_BYTES, rowsLeft * TYPICAL_LINE_BYTES));
    let next: Promise<LinePiece[] | undefined> | undefined = file.read(ahead());
    let accepted = file.splitter.lineStart;
    try {
      while (next !== undefined) {
        const pieces: LinePiece[] | undefined = await next.catch(failedToRead);
        next = undefined;
        if (pieces === undefined) break;
        const isTurnOver = file.offset - start >= MAX_TURN_BYTES || signal.aborted;
        // The next slab is read while the lines of this one are cut and handed on, unless the rows are counted.
        if (!isTurnOver && rowsLeft === Number.POSITIVE_INFINITY) next = file.read(size);
        for (const piece of pieces) {
          const taken = await this.#handOn(file, piece, out, rowsLeft, signal);
          rowsLeft -= taken.rows;
          accepted = taken.end;
          if (taken.end < piece.end) break;
        }
        if (rowsLeft <= 0 && accepted < file.splitter.lineStart) file.rewind(accepted);
        if (!isTurnOver && rowsLeft > 0) next ??= file.read(ahead());
      }
    } catch (error) {
      await next?.catch(() => undefined);
      file.rewind(accepted);
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

  /** Hands on the unfinished last line of a file that was deleted. */
  async finish(file: TailedFile, out: SourceOutput, signal: AbortSignal): Promise<void> {
    const start = file.splitter.lineStart;
    const piece = file.splitter.finish();
    if (piece === undefined) return;
    try {
      await this.#handOn(file, piece, out, Number.POSITIVE_INFINITY, signal);
    } catch (error) {
      file.rewind(start);
      throw error;
    }
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
    const { counters } = this.#context;
    let piece = whole;
    let rows = withoutHoles(whole, file.splitter.rows(whole));
    if (rows.starts.length > limit) {
      const bytes = whole.bytes.subarray(0, rows.starts[limit]);
      piece = { ...whole, bytes, end: whole.offset + bytes.length };
      rows = { ...rows, starts: rows.starts.slice(0, limit), ends: rows.ends.slice(0, limit) };
    }
    const count = rows.starts.length;
    const trail = file.behind(piece);
    const { mark } = trail;
    if (count === 0) {
      file.ledger.skip(piece.end, mark);
    } else {
      const isCounted = this.#options.countsBatches !== false;
      if (isCounted) counters.AppendBatchReceivedCount++;
      counters.EventReceivedCount += count;
      let receipt: Receipt | undefined;
      const onReceipt = (given: Receipt): void => {
        receipt = given;
        file.ledger.add(given, piece, rows, mark);
        given.onProgress(() => {
          file.touch();
          this.#onProgress();
        });
      };
      try {
        const settled = file.ledger.settledRows(piece, rows);
        await out.emit(this.#batch(file, piece, rows), { ownsMemory: true, onReceipt, settled });
      } catch (error) {
        // When the agent ends, a channel may have it all the same, and deliver it: then that is still told.
        if (receipt !== undefined && !signal.aborted) file.ledger.withdraw(receipt);
        throw error;
      }
      if (isCounted) counters.AppendBatchAcceptedCount++;
    }
    file.handedOn(trail);
    return { rows: count, end: piece.end };
  }

  #batch(file: TailedFile, piece: LinePiece, rows: LineRows): EventBatch {
    const { byteOffsetHeader, fileHeader, fileHeaderKey } = this.#options;
    const headers: HeaderColumn[] = [];
    if (byteOffsetHeader) {
      const offsets = new Float64Array(rows.starts.length);
      for (let row = 0; row < offsets.length; row++) offsets[row] = piece.offset + rows.starts[row];
      headers.push(new NumberColumn('byteoffset', offsets));
    }
    for (const column of file.group.headers) put(headers, column);
    // Flume puts the offset first and alone; only without it the map takes the headers of the group at once.
    const bornWith = byteOffsetHeader ? 0 : headers.length;
    if (fileHeader) put(headers, new ConstantColumn(fileHeaderKey, file.path));
    return toBatch(piece, rows, headers, bornWith);
  }

  /** Logs a failure of a file, once until it works again, and counts it. */
  failed(file: TailedFile, error: unknown): void {
    if (file.hasFailed) return;
    file.hasFailed = true;
    this.#context.counters.EventReadFail++;
    this.#context.log.warn(`cannot read ${file.path}, it is tried again: ${describeError(error)}`);
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
