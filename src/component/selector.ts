import type { EventBatch } from '../event/event-batch.ts';
import type { ComponentContext } from './context.ts';

/** A selector says which rows go to which channels. Synchronous; a constant column never splits a batch. */
export interface Selector {
  route(batch: EventBatch): readonly Route[];
}

/** Rows for one channel. */
export interface Route {
  readonly channel: string;
  /** An optional channel gets what it has room for; a failure is logged and does not count. */
  readonly required: boolean;
  /** Ascending row numbers; left out when all rows go. */
  readonly rows?: Uint32Array;
}

export interface SelectorContext extends ComponentContext {
  /** The channels of the source, in the order of the configuration. */
  readonly channels: readonly string[];
}
