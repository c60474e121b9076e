import type { EventBatch } from '../event/event-batch.ts';
import type { ReceiptLeg } from '../event/receipt.ts';
import type { ComponentContext } from './context.ts';
import type { ChannelCounters } from './counters.ts';
import type { Settler } from './settler.ts';

/**
 * A channel keeps events between sources and sinks, in order, bounded in events and in bytes. Only the runners call it: any
 * number of source runners put, any number of sink runners take, at the same time.
 */
export interface Channel {
  /** Events that one client's batch may have at the most; larger ones of a source with a client waiting are refused. */
  readonly transactionCapacity: number;
  /** How long a put for a waiting client waits for room, in milliseconds. */
  readonly keepAlive: number;
  /** Rows accepted and not yet committed by a sink. */
  readonly size: number;
  /** Rows outlive the process: an agent that stops need not wait until they are out. */
  readonly isDurable?: boolean;

  /** Makes the channel usable; what an earlier life left behind comes out first. */
  open(): Promise<void>;

  /**
   * Accepts a batch, all rows or none, once there is room; puts are served in the order of their calls. A batch that is larger than the
   * whole channel is let in piece by piece. Resolves when the channel has it.
   * The leg is settled, row by row, when the rows are durable: at `commit` for a channel in memory, at the put for a durable one. After
   * its last row was settled the batch's memory may be freed: a channel that keeps rows beyond that copies them before.
   *
   * @param signal aborting it gives up waiting: rejects with the signal's reason, no row is kept
   *   (of a batch larger than the channel, no further row)
   * @param patience how long to wait for room, in milliseconds; without it, as long as it takes
   * @throws SluiceError CHANNEL_FULL when patience is over; no row is kept
   */
  put(batch: EventBatch, leg: ReceiptLeg, signal: AbortSignal, patience?: number): Promise<void>;

  /**
   * The next rows, at most `maxRows` of them, as one batch; waits until there is one. Small batches that lie behind each other may
   * come together. Resolves with `undefined` when the signal is
   * aborted. Every delivery is ended by exactly one `commit` or `rollback`.
   */
  take(maxRows: number, signal: AbortSignal): Promise<Delivery | undefined>;

  /**
   * For a channel in memory: puts what it still holds into another one, in order, apart from rows that their source emits again. For a change of
   * the configuration; this channel is closed then.
   * @returns how many events that were; they wait for room there like any others
   */
  handOver?(to: Channel, signal: AbortSignal): number;

  /** Frees what the channel holds. Rows in memory are lost; the supervisor has drained them before. */
  close(): Promise<void>;
}

/**
 * Rows on their way to a sink. They count as in the channel until they are committed. Rows that were settled one by one do not come again after a
 * rollback; their receipts (and a durable channel's own record) know at once.
 */
export interface Delivery extends Settler {
  readonly batch: EventBatch;
  /** Every row that is not settled comes again after a crash: its source replays, or the channel is durable. */
  readonly replayable: boolean;
  /** The rows are durable at the destination: they leave the channel and their receipt is settled. */
  commit(): void;
  /** The rows come again: before all rows behind them, and in their order, also when several deliveries are rolled back. */
  rollback(): void;
}

export interface ChannelContext extends ComponentContext {
  /** All counted by the channel. */
  readonly counters: ChannelCounters;
}
