import type { EventBatch } from '../event/event-batch.ts';
import type { ComponentContext } from './context.ts';

/**
 * An interceptor looks at each batch before channels are chosen. It returns the batch itself, one with other headers or bodies, or fewer rows.
 * Synchronous, and it never throws for what an event holds.
 */
export interface Interceptor {
  intercept(batch: EventBatch): Intercepted;
  /** What it counts, by name; shown with the counters of the other components. Flume's have none. */
  readonly counters?: Readonly<Record<string, number>>;
}

/** What is left: `rows` gives the number each row had in the batch that came in, ascending; left out when none was dropped. */
export interface Intercepted {
  readonly batch: EventBatch;
  readonly rows?: Uint32Array;
}

export type InterceptorContext = ComponentContext;
