import type { SourceContext, SourceOutput } from '../../component/source.ts';
import { describeError } from '../../errors.ts';
import type { EventBatch } from '../../event/event-batch.ts';
import { ConstantColumn, type HeaderColumn, NumberColumn } from '../../event/header-columns.ts';
import { type LinePiece, type LineRows, toBatch } from '../../event/line-splitter.ts';
import type { TaildirOptions } from './options.ts';
import type { TailedFile } from './tailed-file.ts';

/** No file is read further than this before the next one has its turn. */
const MAX_TURN_BYTES = 8 << 20;

/** What came of a turn: there is more to read, all was read, or there was nothing new. */
export type Turn = 'more' | 'grown' | 'same';

/** The file could not be read, for the reason in `cause`. */
export class ReadFailure extends Error {}

/** Reads files and hands their lines on: one turn of one file at a time. */
export class Tailer {
  readonly #options: TaildirOptions;
  readonly #context: SourceContext;
  readonly #maxTurnRows: number;
  readonly #onProgress: () => void;

  /** @param onProgress called whenever rows have become durable */
  constructor(options: TaildirOptions, context: SourceContext, onProgress: () => void) {
    this.#options = options;
    this.#context = context;
    this.#onProgress = onProgress;
    const { batchSize, maxBatchCount } = options;
    this.#maxTurnRows = maxBatchCount <= 0 ? Number.POSITIVE_INFINITY : batchSize * maxBatchCount;
  }

  /** Reads on in a file that is open. Rejects with what `emit` rejects with; the file then stands where it was not accepted. */
  async turn(file: TailedFile, out: SourceOutput, signal: AbortSignal): Promise<Turn> {
    const size = await file.size();
    if (size < file.offset) {
      this.#context.log.info(
        `${file.path} was cut from ${file.offset} to ${size} bytes and is read from its beginning`,
      );
      file.restart();
    }
    if (size <= file.offset) return 'same';
    const start = file.offset;
    let rowsLeft = this.#maxTurnRows;
    // The next slab is read while the lines of this one are cut and handed on.
    let next: Promise<LinePiece[] | undefined> | undefined = file.read(size);
    let accepted = file.splitter.lineStart;
    try {
      while (next !== undefined) {
        const pieces: LinePiece[] | undefined = await next.catch(failedToRead);
        next = undefined;
        if (pieces === undefined) break;
        const isTurnOver = file.offset - start >= MAX_TURN_BYTES || rowsLeft <= 0 || signal.aborted;
        if (!isTurnOver) next = file.read(size);
        for (const piece of pieces) {
          rowsLeft -= await this.#handOn(file, piece, out);
          accepted = piece.end;
        }
      }
    } catch (error) {
      await next?.catch(() => undefined);
      file.rewind(accepted);
      throw error;
    }
    file.seenSize = file.offset;
    file.lastGrown = this.#context.clock.monotonic();
    return file.offset < size ? 'more' : 'grown';
  }

  async #handOn(file: TailedFile, piece: LinePiece, out: SourceOutput): Promise<number> {
    const { counters } = this.#context;
    const rows = file.splitter.rows(piece);
    const count = rows.starts.length;
    if (count === 0) {
      file.ledger.skip(piece.end);
      return 0;
    }
    counters.AppendBatchReceivedCount++;
    counters.EventReceivedCount += count;
    const receipt = await out.emit(this.#batch(file, piece, rows), { ownsMemory: true });
    counters.AppendBatchAcceptedCount++;
    file.ledger.add(receipt, piece, rows);
    receipt.onProgress(this.#onProgress);
    return count;
  }

  #batch(file: TailedFile, piece: LinePiece, rows: LineRows): EventBatch {
    const { byteOffsetHeader, fileHeader, fileHeaderKey } = this.#options;
    const headers: HeaderColumn[] = [...file.group.headers];
    if (byteOffsetHeader) {
      const offsets = new Float64Array(rows.starts.length);
      for (let row = 0; row < offsets.length; row++) offsets[row] = piece.offset + rows.starts[row];
      put(headers, new NumberColumn('byteoffset', offsets));
    }
    if (fileHeader) put(headers, new ConstantColumn(fileHeaderKey, file.path));
    return toBatch(piece, rows, headers);
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
