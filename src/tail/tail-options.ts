import type { FileGroup, FoundFile } from './file-groups.ts';
import type { LineOptions } from './file-shape.ts';

/** What a reader of growing files needs to know; sources that read files fill it from their options. */
export interface TailOptions {
  readonly groups: readonly FileGroup[];
  /** Where positions are kept in Flume's format; `undefined`: nowhere but in the checkpoint. */
  readonly positionFile: string | undefined;
  /** Where files are begun that are there at the first look and have no position: at their end. */
  readonly skipToEnd: boolean;
  /** The same for a source that begins elsewhere: the offset to begin at; `undefined` leaves it to skipToEnd. */
  readonly firstPosition?: (file: FoundFile) => number | undefined;
  /** Whether folders that are missing at the start are waited for; else that is an error, as with Flume's TAILDIR. */
  readonly awaitsFolders?: boolean;
  /** Whether a CR without an LF ends a line, too. */
  readonly bareCr?: boolean;
  /** Whether the Append counters count; true unless said otherwise. */
  readonly countsBatches?: boolean;
  readonly byteOffsetHeader: boolean;
  readonly fileHeader: boolean;
  readonly fileHeaderKey: string;
  /** Milliseconds without growth after which a file is closed. */
  readonly idleTimeout: number;
  /** Milliseconds without growth after which the unfinished last line of a deleted file is taken for a whole one; 5000 unless said otherwise. */
  readonly deletedFileTimeout?: number;
  /** Milliseconds. */
  readonly writePosInterval: number;
  /** Rows of one file in a turn: batchSize times maxBatchCount (0 or less: no limit). */
  readonly batchSize: number;
  readonly maxBatchCount: number;
  /** Bytes. */
  readonly maxLineLength: number;
  readonly longLine: 'cut' | 'skip';
  /** How lines become events; without it each is one. */
  readonly lines?: LineOptions;
  /** Whether compressed files are read for what they hold, left out, or read like others, as without it. */
  readonly compressed?: 'read' | 'skip' | 'raw';
  readonly maxOpenFiles: number;
  /** Milliseconds between looks through the folders. */
  readonly rescanInterval: number;
}
