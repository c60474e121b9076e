import type { EventBatch } from '../event/event-batch.ts';
import type { Receipt } from '../event/receipt.ts';
import type { ComponentContext } from './context.ts';
import type { SourceCounters } from './counters.ts';

/**
 * A source brings events in. The source runner calls `run` once for each life: it resolves when the source has come to its end by itself (a
 * command that exited, a sequence that is complete) or when `signal` was aborted; a rejection is a failed start or life, which the runner
 * logs and repeats after a back-off. One source object may so be run several times, never twice at once.
 *
 * When `signal` is aborted, the source stops reading, emits what it has read and must not lose, and returns; the
 * channels still accept then. It knows nothing of channels, transactions and retries.
 */
export interface Source {
  run(out: SourceOutput, signal: AbortSignal): Promise<void>;
}

/** Where a source hands over. */
export interface SourceOutput {
  /**
   * Hands a batch over. Resolves with its receipt when every required channel has accepted all rows: that is the back-pressure, so a source
   * awaits it before it reads on (or bounds how many it has under way). Batches emitted in order are accepted in order.
   *
   * A source that can wait (files, commands) waits for room as long as it takes. A source with a client waiting passes
   * `forClient`: then a batch larger than a channel's transactionCapacity is refused, and so is one for which there is no
   * room within the channel's keep-alive, as Flume does.
   *
   * Batches of any size up to some megabytes are welcome, larger ones are better: a source's `batchSize` is not a ceiling.
   *
   * @throws SluiceError CHANNEL_FULL, for `forClient` and `patienceMs` alone; the rows are then in no required channel
   * @throws the reason of the runner's abort, when the agent ends before there was room: the rows were not accepted
   */
  emit(batch: EventBatch, options?: EmitOptions): Promise<Receipt>;
  /** Whether `EmitOptions.origin` is of use: the events get headers of where they come from. */
  readonly wantsOrigin?: boolean;
  /** Says that the source is ready (its port is open, its first file is read): the log line and the state depend on it. Once a life. */
  ready(): void;
}

export interface EmitOptions {
  /**
   * Called with the receipt before any channel has the batch: for sources with positions, whose checkpoint has to know of the batch when the first channel does.
   */
  readonly onReceipt?: (receipt: Receipt) => void;
  /** By channel: rows (ascending) that were durable behind it in an earlier life already. They do not go there again. */
  readonly settled?: ReadonlyMap<string, Uint32Array>;
  readonly forClient?: boolean;
  /**
   * How long to wait for room in a required channel, in ms, whatever its keep-alive and transactionCapacity: for sources with a client waiting
   * that gather the rows of several clients. CHANNEL_FULL after that; the rows are then in no channel that had no room.
   */
  readonly patienceMs?: number;
  /** Where the rows come from, the same in every life: for sources that read again what was not settled. Others are numbered by the agent. */
  readonly origin?: Origin;
  /**
   * The body and the row offsets lie in memory of their own, which neither the source nor another batch uses any more: it is freed as
   * soon as the last row is settled, not when the garbage collector comes by. For slabs: it keeps the memory of the agent small.
   */
  readonly ownsMemory?: boolean;
}

/** What names rows for ever. */
export interface Origin {
  /** Names what the rows were read from and its content: it is another one whenever a number could come again for another row. */
  readonly epoch: string;
  /** For each row a whole number that it alone has within the epoch, such as its offset. */
  readonly sequences: Float64Array;
}

export interface SourceContext extends ComponentContext {
  /** Counted by the source: EventReceivedCount, Append*, OpenConnectionCount, EventReadFail. The runner counts EventAcceptedCount and ChannelWriteFail. */
  readonly counters: SourceCounters;
}
