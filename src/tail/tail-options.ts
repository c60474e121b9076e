import type { FileGroup } from './file-groups.ts';

/** What a reader of growing files needs to know; sources that read files fill it from their options. */
export interface TailOptions {
  readonly groups: readonly FileGroup[];
  /** Where positions are kept in Flume's format. */
  readonly positionFile: string;
  /** Where files are begun that are there at the first look and have no position: at their end. */
  readonly skipToEnd: boolean;
  readonly byteOffsetHeader: boolean;
  readonly fileHeader: boolean;
  readonly fileHeaderKey: string;
  /** Milliseconds without growth after which a file is closed. */
  readonly idleTimeout: number;
  /** Milliseconds. */
  readonly writePosInterval: number;
  /** Rows of one file in a turn: batchSize times maxBatchCount (0 or less: no limit). */
  readonly batchSize: number;
  readonly maxBatchCount: number;
  /** Bytes. */
  readonly maxLineLength: number;
  readonly longLine: 'cut' | 'skip';
  readonly maxOpenFiles: number;
  /** Milliseconds between looks through the folders. */
  readonly rescanInterval: number;
}
