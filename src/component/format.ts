import type { EventBatch } from '../event/event-batch.ts';
import type { Codec } from './codec.ts';
import type { OutputFile } from './file-system.ts';
import type { Serializer } from './serializer.ts';

/** How rows become a file: text or containers as they are, compressed, or Hadoop SequenceFiles. Each opened file has a writer of its own. */
export interface EventFileWriter {
  /** Writes rows `from` up to `to`; they are durable after the next `flush`. Calls are not overlapped, except with `flush` (see there). */
  write(batch: EventBatch, from: number, to: number): Promise<void>;
  /**
   * Ends a unit that the file may be cut after, and makes everything written before the call durable. `write` may be called again before
   * it resolves; those rows belong to the next flush.
   * @returns the length of the file up to which it is durable
   */
  flush(): Promise<number>;
  /** Flushes, writes what ends the file, closes it. */
  close(): Promise<void>;
  /** Gives the file up after an error: closes what can be closed, never rejects. */
  abandon(): Promise<void>;
}

export interface FormatSettings {
  readonly serializer: Serializer;
  readonly codec: Codec | undefined;
  /** SequenceFile: BytesWritable for `Writable`, Text for `Text`. */
  readonly writeFormat: 'Writable' | 'Text';
  /** For the key of a SequenceFile record without a timestamp header, in milliseconds. */
  readonly now: () => number;
}

/** Makes the writer of a file that is open and empty. `first` is the batch that the file was opened for. */
export type OpenFormat = (file: OutputFile, settings: FormatSettings, first: EventBatch) => Promise<EventFileWriter>;
