import { mkdir } from 'node:fs/promises';
import type { Channel, ChannelContext, Delivery } from '../../component/channel.ts';
import { DirectoryLock } from '../../component/directory-lock.ts';
import { describeError, SluiceError } from '../../errors.ts';
import { concatBatches } from '../../event/concat.ts';
import type { EventBatch } from '../../event/event-batch.ts';
import { freeMemory } from '../../event/free-batch.ts';
import type { ReceiptLeg } from '../../event/receipt.ts';
import { BacklogReader } from './backlog-reader.ts';
import { PutQueue } from './put-queue.ts';
import { recover } from './recover.ts';
import { SegmentLog } from './segment-log.ts';
import { Writer, type WrittenRows } from './writer.ts';

export interface FileChannelSettings {
  readonly checkpointDir: string;
  readonly dataDirs: readonly string[];
  readonly capacity: number;
  readonly transactionCapacity: number;
  /** Milliseconds. */
  readonly keepAlive: number;
  /** Milliseconds. */
  readonly checkpointInterval: number;
  readonly maxSegmentBytes: number;
  readonly minimumRequiredSpace: number;
}

/** Rows that wait in memory to be taken: with more, they are read back from the segments when their turn comes. */
const QUEUE_BYTES = 16 * 1024 * 1024;
/** With less than this waiting, what comes behind it is read ahead. */
const READ_AHEAD_BYTES = 2 * 1024 * 1024;
/** Batches below this are joined when they lie behind each other, up to the second figure. */
const SMALL_BYTES = 16_384;
const JOINED_BYTES = 262_144;
const READ_RETRY_MS = 1000;
const LOCK_HINT = 'each file channel needs a checkpointDir and dataDirs of its own';

/** What rows lie in; freed with the last of them. */
class Memory {
  readonly #buffer: Buffer;
  #rows: number;

  constructor(buffer: Buffer, rows: number) {
    this.#buffer = buffer;
    this.#rows = rows;
  }

  release(rows: number): void {
    this.#rows -= rows;
    if (this.#rows === 0) freeMemory(this.#buffer);
  }
}

/** Rows in memory. */
interface Entry {
  readonly firstRow: number;
  readonly batch: EventBatch;
  readonly memory: Memory;
}

/**
 * A durable queue. Every put is a record in a segment file, synced before the put resolves; rows are handed on from memory while the sink keeps up, and are read
 * back otherwise. Commits are records, too: after a crash those that had not reached the disk come again.
 */
export class FileChannel implements Channel {
  readonly transactionCapacity: number;
  readonly keepAlive: number;
  readonly isDurable = true;
  readonly #settings: FileChannelSettings;
  readonly #context: ChannelContext;
  readonly #locks: DirectoryLock[] = [];
  #life: { log: SegmentLog; puts: PutQueue; reader: BacklogReader; writer: Writer } | undefined;
  #closed = false;
  /** Durable rows that are not committed. */
  #rows = 0;
  #queue: Entry[] = [];
  #head = 0;
  #queueBytes = 0;
  /** Rolled back, in order; they come before the queue. */
  #returned: Entry[] = [];
  #reading: Promise<void> | undefined;
  readonly #takers: ((open: boolean) => void)[] = [];

  constructor(settings: FileChannelSettings, context: ChannelContext) {
    this.#settings = settings;
    this.#context = context;
    this.transactionCapacity = settings.transactionCapacity;
    this.keepAlive = settings.keepAlive;
    const { counters } = context;
    counters.ChannelCapacity = settings.capacity;
    counters.Open = false;
    counters.Closed = 1;
    counters.Unhealthy = 0;
    counters.EventPutErrorCount = 0;
    counters.EventTakeErrorCount = 0;
    counters.CheckpointWriteErrorCount = 0;
    counters.CheckpointBackupWriteErrorCount = 0;
  }

  get size(): number {
    return this.#rows;
  }

  async open(): Promise<void> {
    const { checkpointDir, dataDirs, capacity } = this.#settings;
    const { agent, name, log, counters } = this.#context;
    try {
      for (const dir of new Set([checkpointDir, ...dataDirs])) {
        await mkdir(dir, { recursive: true, mode: 0o750 });
        this.#locks.push(await DirectoryLock.take(dir, `channel ${name} of agent ${agent}`, LOCK_HINT));
      }
      const recovered = await recover(checkpointDir, dataDirs, log);
      this.#rows = recovered.committed.countMissing(0, recovered.nextRow);
      this.#start(new SegmentLog(recovered, checkpointDir, dataDirs, this.#settings.maxSegmentBytes));
    } catch (error) {
      counters.Unhealthy = 1;
      await this.#unlock();
      throw error instanceof SluiceError
        ? error
        : new SluiceError('STATE_UNUSABLE', `the directories of channel ${name}: ${describeError(error)}`, error);
    }
    counters.ChannelSize = this.#rows;
    counters.Open = true;
    counters.Closed = 0;
    log.info(`${this.#rows} events are queued from before`);
    if (this.#rows > capacity) log.warn(`that is more than the capacity of ${capacity}: puts wait until it is less`);
  }

  #start(log: SegmentLog): void {
    const { checkpointInterval, minimumRequiredSpace, capacity } = this.#settings;
    const puts = new PutQueue(capacity, this.#rows, () => writer.wake());
    const writer = new Writer({
      log,
      puts,
      context: this.#context,
      checkpointInterval,
      minimumRequiredSpace,
      onWritten: (rows) => this.#arrived(rows),
    });
    const reader = new BacklogReader(log, {
      damaged: (path, from, to) => {
        this.#context.log.error(`${path}: ${to - from} bytes at ${from} are damaged and are passed over`);
      },
      missing: (path, from, to) => this.#lose(path, from, to),
    });
    this.#life = { log, puts, reader, writer };
    writer.start();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const wake of this.#takers.splice(0)) wake(false);
    const life = this.#life;
    if (life !== undefined) {
      await life.writer.close();
      life.puts.close(new SluiceError('CHANNEL_FULL', 'the channel is closed'));
      await this.#reading;
      await life.reader.close();
      await life.log.close();
    }
    await this.#unlock();
    this.#context.counters.Open = false;
    this.#context.counters.Closed = 1;
  }

  async #unlock(): Promise<void> {
    for (const lock of this.#locks.splice(0)) await lock.release();
  }

  async put(batch: EventBatch, leg: ReceiptLeg, signal: AbortSignal, patience?: number): Promise<void> {
    const { counters } = this.#context;
    counters.EventPutAttemptCount += batch.length;
    if (batch.length === 0) return;
    if (this.#life === undefined || this.#closed) throw new SluiceError('CHANNEL_FULL', 'the channel is not open');
    await this.#life.puts.put(batch, leg, signal, patience);
  }

  /** Rows are durable: they are handed on from memory when all before them are in memory or taken, and there is room. */
  #arrived(written: readonly WrittenRows[]): void {
    const { reader } = this.#life!;
    let rows = 0;
    for (const { batch } of written) rows += batch.length;
    const first = written[0]!;
    const inMemory = this.#reading === undefined && reader.isNextRow(first.firstRow) && this.#queueBytes < QUEUE_BYTES;
    for (const { firstRow, batch, memory } of written) {
      if (inMemory) this.#enqueue({ firstRow, batch, memory: new Memory(memory, batch.length) });
      else freeMemory(memory);
    }
    if (inMemory) reader.skipToEnd();
    this.#rows += rows;
    const { counters } = this.#context;
    counters.EventPutSuccessCount += rows;
    counters.ChannelSize = this.#rows;
    this.#wakeTaker();
  }

  #enqueue(entry: Entry): void {
    this.#queue.push(entry);
    this.#queueBytes += entry.batch.retainedBytes;
  }

  #wakeTaker(): void {
    this.#takers.shift()?.(true);
  }

  async take(maxRows: number, signal: AbortSignal): Promise<Delivery | undefined> {
    for (;;) {
      if (signal.aborted || this.#closed || this.#life === undefined) return undefined;
      const entries = this.#next(maxRows);
      if (this.#life.reader.isBehind && this.#queueBytes < READ_AHEAD_BYTES) this.#reading ??= this.#readBack();
      if (entries !== undefined) {
        if (this.#peek() !== undefined) this.#wakeTaker();
        return this.#deliver(entries);
      }
      if (this.#reading !== undefined) await this.#reading;
      else if (!(await this.#arrival(signal))) return undefined;
    }
  }

  /** Reads the next rows back into the queue. Never rejects: what cannot be read is tried again. */
  async #readBack(): Promise<void> {
    const { reader } = this.#life!;
    try {
      const { rows, memory } = await reader.read();
      let count = 0;
      for (const { batch } of rows) count += batch.length;
      const shared = memory === undefined ? undefined : new Memory(memory, count);
      for (const { firstRow, batch } of rows) this.#enqueue({ firstRow, batch, memory: shared! });
    } catch (error) {
      const { counters, log, clock } = this.#context;
      counters.EventTakeErrorCount = (counters.EventTakeErrorCount ?? 0) + 1;
      log.error(`events cannot be read back, tries again: ${describeError(error)}`);
      if (!this.#closed) await clock.sleep(READ_RETRY_MS);
    } finally {
      this.#reading = undefined;
      if (this.#peek() !== undefined) this.#wakeTaker();
    }
  }

  /** Rows that were to be read are not there: they count as committed from now on. */
  #lose(path: string, from: number, to: number): void {
    const { log, puts, writer } = this.#life!;
    const parts = log.committed.missing(from, to);
    let lost = 0;
    for (let i = 0; i < parts.length; i += 2) {
      lost += parts[i + 1]! - parts[i]!;
      writer.committed(parts[i]!, parts[i + 1]!);
    }
    if (lost === 0) return;
    log.committed.add(from, to);
    this.#rows -= lost;
    puts.release(lost);
    const { counters } = this.#context;
    counters.ChannelSize = this.#rows;
    counters.EventTakeErrorCount = (counters.EventTakeErrorCount ?? 0) + lost;
    this.#context.log.error(`${lost} events are lost to damage in ${path} (rows ${from} to ${to})`);
  }

  #arrival(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const wake = (open: boolean): void => {
        signal.removeEventListener('abort', onAbort);
        resolve(open);
      };
      const onAbort = (): void => {
        this.#takers.splice(this.#takers.indexOf(wake), 1);
        resolve(false);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#takers.push(wake);
    });
  }

  /** Takes entries off the queue: one, or several small ones. */
  #next(maxRows: number): Entry[] | undefined {
    const first = this.#pop(maxRows);
    if (first === undefined) return undefined;
    const entries = [first];
    let rows = first.batch.length;
    let bytes = first.batch.retainedBytes;
    while (bytes < JOINED_BYTES && rows < maxRows && first.batch.retainedBytes < SMALL_BYTES) {
      const peek = this.#peek();
      if (peek === undefined || peek.batch.retainedBytes >= SMALL_BYTES) break;
      const next = this.#pop(maxRows - rows)!;
      entries.push(next);
      rows += next.batch.length;
      bytes += next.batch.retainedBytes;
    }
    this.#context.counters.EventTakeAttemptCount += rows;
    return entries;
  }

  #peek(): Entry | undefined {
    return this.#returned[0] ?? this.#queue[this.#head];
  }

  #pop(maxRows: number): Entry | undefined {
    const entry = this.#peek();
    if (entry === undefined) return undefined;
    const isReturned = this.#returned.length > 0;
    if (!isReturned) this.#queueBytes -= entry.batch.retainedBytes;
    if (entry.batch.length > maxRows) {
      const rest: Entry = {
        firstRow: entry.firstRow + maxRows,
        batch: entry.batch.slice(maxRows, entry.batch.length),
        memory: entry.memory,
      };
      if (isReturned) this.#returned[0] = rest;
      else {
        this.#queue[this.#head] = rest;
        this.#queueBytes += rest.batch.retainedBytes;
      }
      return { ...entry, batch: entry.batch.slice(0, maxRows) };
    }
    if (isReturned) return this.#returned.shift();
    this.#head++;
    if (this.#head >= 1024 || this.#head === this.#queue.length) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    return entry;
  }

  #deliver(entries: readonly Entry[]): Delivery {
    const batch = entries.length === 1 ? entries[0]!.batch : concatBatches(entries.map((entry) => entry.batch));
    let open = true;
    const end = (): void => {
      if (!open) throw new Error('a delivery is ended once');
      open = false;
    };
    return {
      batch,
      replayable: true,
      settle: () => {},
      settleRows: () => {},
      commit: () => {
        end();
        this.#commit(entries);
      },
      rollback: () => {
        end();
        this.#returned = [...this.#returned, ...entries].sort((a, b) => a.firstRow - b.firstRow);
        this.#wakeTaker();
      },
    };
  }

  #commit(entries: readonly Entry[]): void {
    const { log, puts, writer } = this.#life!;
    let rows = 0;
    for (const { firstRow, batch, memory } of entries) {
      log.committed.add(firstRow, firstRow + batch.length);
      writer.committed(firstRow, firstRow + batch.length);
      memory.release(batch.length);
      rows += batch.length;
    }
    this.#rows -= rows;
    const { counters } = this.#context;
    counters.EventTakeSuccessCount += rows;
    counters.ChannelSize = this.#rows;
    puts.release(rows);
  }
}
