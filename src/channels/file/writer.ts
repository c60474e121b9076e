import type { ChannelContext } from '../../component/channel.ts';
import { describeError, fromSystemError, type SluiceError } from '../../errors.ts';
import type { EventBatch } from '../../event/event-batch.ts';
import { FreeSpace } from './free-space.ts';
import { type EncodedPut, encodePut } from './payload.ts';
import type { PutItem, PutQueue } from './put-queue.ts';
import { commitRecord, sealPut } from './record.ts';
import type { SegmentLog } from './segment-log.ts';

/** So much is written and synced at once, about. */
const GROUP_BYTES = 8 * 1024 * 1024;
/** For so long records of commits wait for a put to be synced with. */
const LAZY_SYNC_MS = 25;
/** How long the writer waits after a failure. */
const RETRY_MS = 500;
/** How long the end of the channel waits for the agent's checkpoint, to give disk space back; the next life does it otherwise. */
const CLOSE_PATIENCE_MS = 1000;

/** Rows that became durable. */
export interface WrittenRows {
  readonly firstRow: number;
  readonly batch: EventBatch;
  /** What the batch lies in. */
  readonly memory: Buffer;
}

export interface WriterParts {
  readonly log: SegmentLog;
  readonly puts: PutQueue;
  readonly context: ChannelContext;
  readonly checkpointInterval: number;
  readonly minimumRequiredSpace: number;
  /** Whether a segment is to be begun at once, since it tells what is committed. */
  readonly beginsAtOnce: boolean;
  readonly onWritten: (rows: readonly WrittenRows[]) => void;
}

/**
 * The one that writes: gathers the puts that have come, and the commits, into one write and one sync (group commit); writes checkpoints in between. What cannot
 * be written is tried again until it can.
 */
export class Writer {
  readonly #parts: WriterParts;
  readonly #space: FreeSpace;
  /** Committed rows whose record is still to be written: from, to, from, to, … */
  #commits: number[] = [];
  #closing = false;
  #dirty = false;
  #checkpointAt: number;
  #trouble: string | undefined;
  #checkpointTrouble = false;
  #deleteTrouble = false;
  #wake: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #toBegin: boolean;
  /** Waits until the agent's last two checkpoints know what is committed. */
  #releasing: Promise<void> | undefined;
  /** They know the rows before this one to be committed. */
  #deletable = 0;

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#space = new FreeSpace(parts.minimumRequiredSpace, parts.context.clock);
    this.#checkpointAt = parts.context.clock.monotonic() + parts.checkpointInterval;
    this.#toBegin = parts.beginsAtOnce;
  }

  start(): void {
    const { log, context } = this.#parts;
    if (log.canDelete(log.committed.low)) {
      // What the life before had no time for: a checkpoint first, then the segments before it go.
      this.#dirty = true;
      this.#checkpointAt = context.clock.monotonic();
    }
    this.#running = this.#run();
  }

  /** Rows were committed: their record is written soon. */
  committed(from: number, to: number): void {
    const commits = this.#commits;
    if (commits.length > 0 && commits[commits.length - 1] === from) commits[commits.length - 1] = to;
    else commits.push(from, to);
    this.#dirty = true;
    this.wake();
  }

  wake(): void {
    this.#wake?.();
  }

  /** Writes what is there, and a last checkpoint. */
  async close(): Promise<void> {
    this.#closing = true;
    this.wake();
    await this.#running;
    await this.#checkpoint();
    const { clock } = this.#parts.context;
    const enough = new AbortController();
    await Promise.race([this.#releasing, clock.sleep(CLOSE_PATIENCE_MS, enough.signal)]);
    enough.abort();
    await this.#delete();
  }

  async #run(): Promise<void> {
    const { log, puts, context } = this.#parts;
    for (;;) {
      try {
        if (this.#toBegin) {
          await log.place();
          this.#toBegin = false;
        }
        if (this.#checkpointDue()) await this.#checkpoint();
        await this.#delete();
        const items = puts.next(GROUP_BYTES);
        const shortage = items.length > 0 || this.#trouble !== undefined ? await this.#shortage(items) : undefined;
        if (shortage !== undefined) this.#fail(items, shortage);
        const toWrite = shortage === undefined ? items : [];
        if (toWrite.length > 0 || this.#commits.length > 0) {
          const isDone = await this.#write(toWrite);
          if (isDone && shortage === undefined) {
            this.#recovered();
            continue;
          }
        } else if (shortage === undefined) this.#recovered();
        if (this.#trouble !== undefined) {
          if (this.#closing) return;
          await this.#makeRoom();
          await this.#pause(RETRY_MS);
        } else if (log.unsynced) {
          if (this.#closing || !(await this.#pause(LAZY_SYNC_MS))) await log.sync();
        } else if (this.#closing) return;
        else await this.#pause(this.#dirty ? Math.max(1, this.#checkpointAt - context.clock.monotonic()) : undefined);
      } catch (error) {
        this.#fail([], fromSystemError(error, 'the file channel'));
        if (this.#closing) return;
        await this.#pause(RETRY_MS);
      }
    }
  }

  #shortage(items: readonly PutItem[]): Promise<SluiceError | undefined> {
    let bytes = 0;
    for (const { batch } of items) bytes += batch.retainedBytes;
    return this.#space.shortage(this.#parts.log.directory, bytes);
  }

  /** Waits; true when there is something to do. A put that comes does not end the wait after a failure early. */
  #pause(ms: number | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (woken: boolean): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve(woken);
      };
      const timer = ms === undefined ? undefined : setTimeout(() => end(false), ms);
      this.#wake = () => {
        if (this.#trouble === undefined || this.#closing) end(true);
      };
      if (this.#closing || (this.#trouble === undefined && this.#hasWork)) end(true);
    });
  }

  get #hasWork(): boolean {
    const { log, puts } = this.#parts;
    return puts.hasReady || this.#commits.length > 0 || (!this.#deleteTrouble && log.canDelete(this.#deletable));
  }

  /** One write: all or nothing. */
  async #write(items: readonly PutItem[]): Promise<boolean> {
    const { log, puts, context, onWritten } = this.#parts;
    const commits = this.#commits;
    this.#commits = [];
    try {
      const place = await log.place();
      const records: Buffer[] = [];
      const written: WrittenRows[] = [];
      let nextRow = log.nextRow;
      if (commits.length > 0) records.push(commitRecord(place, commits));
      for (const { put, batch } of items) {
        const encoded: EncodedPut = encodePut(batch);
        sealPut(encoded.record, place, nextRow, batch.length, put.leg.receipt.replayable);
        records.push(encoded.record);
        written.push({ firstRow: nextRow, batch: encoded.batch, memory: encoded.record });
        nextRow += batch.length;
      }
      await log.write(records);
      if (items.length === 0) return true;
      await log.sync();
      this.#dirty = true;
      // In one tick: a checkpoint that knows the rows to be here knows their sources to have settled them.
      log.advance(nextRow);
      onWritten(written);
      puts.written(items);
      context.checkpoint.changed();
      return true;
    } catch (error) {
      this.#commits = [...commits, ...this.#commits];
      this.#fail(items, fromSystemError(error, `the file channel in ${log.directory}`));
      return false;
    }
  }

  #fail(items: readonly PutItem[], error: SluiceError): void {
    const { puts, context } = this.#parts;
    const { counters, log } = context;
    puts.failed(items, error);
    counters.EventPutErrorCount = (counters.EventPutErrorCount ?? 0) + 1;
    counters.Unhealthy = 1;
    if (this.#trouble === error.code) return;
    this.#trouble = error.code;
    log.error(`events cannot be written and wait: ${describeError(error)}. ${error.action}`);
  }

  #recovered(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#parts.context.counters.Unhealthy = 0;
    this.#parts.context.log.info('events can be written again');
  }

  /** What is committed gives its room back. */
  async #makeRoom(): Promise<void> {
    if (this.#releasing !== undefined || !this.#parts.log.canDelete(this.#parts.log.committed.low)) return;
    await this.#checkpoint();
  }

  #checkpointDue(): boolean {
    const now = this.#parts.context.clock.monotonic();
    if (this.#checkpointTrouble) return now >= this.#checkpointAt;
    return (
      (this.#dirty && now >= this.#checkpointAt) || (this.#releasing === undefined && this.#parts.log.worthCheckpoint)
    );
  }

  async #checkpoint(): Promise<void> {
    const { log, context, checkpointInterval } = this.#parts;
    this.#checkpointAt = context.clock.monotonic() + checkpointInterval;
    // What is committed while it is written is not in it.
    const { low } = log.committed;
    try {
      this.#dirty = false;
      await log.checkpoint();
      this.#checkpointTrouble = false;
    } catch (error) {
      this.#dirty = true;
      context.counters.CheckpointWriteErrorCount = (context.counters.CheckpointWriteErrorCount ?? 0) + 1;
      if (!this.#checkpointTrouble) context.log.error(`the checkpoint cannot be written: ${describeError(error)}`);
      this.#checkpointTrouble = true;
    }
    // Whether it could be written or not: room may be what it lacks.
    this.#release(low);
  }

  /**
   * A segment may be deleted when the agent's last two checkpoints know its rows to be committed: it can fall back to the one before the last, and the rows must
   * be there then.
   */
  #release(low: number): void {
    const { log, context } = this.#parts;
    if (this.#releasing !== undefined || !log.canDelete(low)) return;
    const released = async (): Promise<void> => {
      try {
        await context.checkpoint.commit();
        await context.checkpoint.commit();
        this.#deletable = low;
      } catch {
        // The agent has ended: the next life does it.
      } finally {
        this.#releasing = undefined;
        this.wake();
      }
    };
    this.#releasing = released();
  }

  async #delete(): Promise<void> {
    const { log, context } = this.#parts;
    try {
      await log.delete(this.#deletable);
      this.#deleteTrouble = false;
    } catch (error) {
      if (!this.#deleteTrouble) context.log.warn(`a segment cannot be deleted: ${describeError(error)}`);
      this.#deleteTrouble = true;
    }
  }
}
