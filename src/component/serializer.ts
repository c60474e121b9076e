import type { EventBatch } from '../event/event-batch.ts';
import type { ComponentContext } from './context.ts';

/**
 * A serializer turns rows into the bytes of one file. One object serves one file after another: `begin` starts a file, and
 * for each file the bytes are, in this order, those of `begin`, of any `rows` and `endUnit`, and of `end`.
 * Returned Buffers may share memory with the batch and are never written to again.
 */
export interface Serializer {
  /**
   * The first bytes of a file, before any row. `first` is the batch that the file is opened for; it may be empty.
   * @throws SluiceError EVENT_UNUSABLE
   */
  begin(first: EventBatch): readonly Buffer[] | Promise<readonly Buffer[]>;
  /** The bytes of rows `from` up to `to`; may hold some back until `endUnit`. */
  rows(batch: EventBatch, from: number, to: number): readonly Buffer[];
  /** What was held back: called at each flush, after which a file may be cut and still be whole. */
  endUnit(): readonly Buffer[];
  /** The last bytes of a file, after the last `endUnit`. */
  end(): readonly Buffer[];
}

export type SerializerContext = ComponentContext;
