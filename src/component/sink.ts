import type { EventBatch } from '../event/event-batch.ts';
import type { ComponentContext } from './context.ts';
import type { SinkCounters } from './counters.ts';
import type { Settler } from './settler.ts';

/**
 * A sink brings events to their destination. The sink runner (through a processor) calls:
 * `open` once before all else, again after it rejected; then `deliver` for each batch in order; `maintain` now and then; `close` last.
 *
 * `deliver` is called again before the earlier calls have resolved, up to the sink's `window`: a sink that can overlap
 * (several requests in flight, one flush for many batches) declares a larger one. It keeps the order of the calls. When a
 * `deliver` rejects, the runner calls none until all under way have ended, waits its back-off and then delivers again, in order, those that
 * failed. So rows of a rejected call come again; rows of a resolved call never.
 */
export interface Sink {
  readonly window: DeliveryWindow;
  /**
   * After a crash it cuts its output back to what the checkpoint knows. Rows that no source sends again are then only committed when a checkpoint knows
   * of them; the runner sees to it.
   */
  readonly cutsBack?: boolean;

  open(): Promise<void>;

  /**
   * Resolves when the destination owns all rows (flushed, or acknowledged by the peer); rejects when it may not. The error's `retryable`
   * decides nothing about the rows, they are never dropped; it decides the log level and the hint.
   * @param signal aborted when the drain deadline is over: give up and reject
   * @param settler is told of single rows that are durable already, by sinks that `cutsBack`; others need not
   */
  deliver(batch: EventBatch, signal: AbortSignal, settler?: Settler): Promise<void>;

  /**
   * Does what time demands: rolls by interval, idle closes, retried renames, connection resets. Called about four times a second, never
   * twice at once, also while deliveries are under way. Must not reject for what can be tried again.
   * @param now the clock's milliseconds since 1970
   */
  maintain?(now: number): Promise<void>;

  /** Finishes: closes and renames files, closes connections. No delivery is under way. Idempotent; the signal ends its patience. */
  close(signal: AbortSignal): Promise<void>;
}

/** How much a sink takes at a time. */
export interface DeliveryWindow {
  /** Rows of one `deliver` at the most (Flume's batch size where it shows on the wire; else leave it Infinity). */
  readonly rows: number;
  /** Calls of `deliver` under way at a time, at the most. */
  readonly deliveries: number;
  /** Retained bytes under way at a time; one delivery is always let through. */
  readonly bytes: number;
}

export interface SinkContext extends ComponentContext {
  /** Counted by the sink: Connection*, EventWriteFail. The runner counts EventDrain*, Batch* and ChannelReadFail. */
  readonly counters: SinkCounters;
}
