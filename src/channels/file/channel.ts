import { mkdir } from 'node:fs/promises';
import type { Channel, ChannelContext, Delivery } from '../../component/channel.ts';
import { DirectoryLock } from '../../component/directory-lock.ts';
import { Takers } from '../../component/takers.ts';
import { describeError, fromSystemError, SluiceError } from '../../errors.ts';
import type { EventBatch } from '../../event/event-batch.ts';
import { freeMemory } from '../../event/free-batch.ts';
import type { ReceiptLeg } from '../../event/receipt.ts';
import { BacklogReader } from './backlog-reader.ts';
import { type DeliveryOwner, FileDelivery } from './delivery.ts';
import { parseLogState } from './log-state.ts';
import { PutQueue } from './put-queue.ts';
import { recover } from './recover.ts';
import { type Entry, Memory, RowQueue } from './row-queue.ts';
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
const READ_RETRY_MS = 1000;
const LOCK_HINT = 'each file channel needs a checkpointDir and dataDirs of its own';

/**
 * A durable queue. Every put is a record in a segment file, synced before the put resolves; rows are handed on from memory while the sink keeps up, and are read
 * back otherwise. Commits are records, too, but at a start the agent's checkpoint says which rows were committed, and which are in the channel: with it fit the
 * positions of the sources and the lengths of the sinks' files. The records stand in for it when it is lost.
 */
export class FileChannel implements Channel, DeliveryOwner {
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
  readonly #queue = new RowQueue();
  #reading: Promise<void> | undefined;
  readonly #takers = new Takers();

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
    const { agent, name, log, counters, checkpoint } = this.#context;
    try {
      for (const dir of new Set([checkpointDir, ...dataDirs])) {
        await mkdir(dir, { recursive: true, mode: 0o750 });
        this.#locks.push(await DirectoryLock.take(dir, `channel ${name} of agent ${agent}`, LOCK_HINT));
      }
      const recovered = await recover(checkpointDir, dataDirs, parseLogState(checkpoint.saved), log);
      for (let i = 0; i < recovered.damaged; i++) checkpoint.damaged();
      if (recovered.lost > 0) counters.EventTakeErrorCount = (counters.EventTakeErrorCount ?? 0) + recovered.lost;
      this.#rows = recovered.nextRow - recovered.committed.size;
      const life = new SegmentLog(recovered, checkpointDir, dataDirs, this.#settings.maxSegmentBytes);
      checkpoint.provide(stateText(life));
      this.#start(life, recovered.differs);
    } catch (error) {
      counters.Unhealthy = 1;
      await this.#unlock();
      const what = `the directories of channel ${name}`;
      const failure = fromSystemError(error, what);
      // A disk that is full is another matter than one that cannot be used.
      if (failure === error || failure.code === 'NO_SPACE') throw failure;
      throw new SluiceError('STATE_UNUSABLE', `${what}: ${describeError(error)}`, error);
    }
    checkpoint.changed();
    counters.ChannelSize = this.#rows;
    counters.Open = true;
    counters.Closed = 0;
    log.info(`${this.#rows} events are queued from before`);
    if (this.#rows > capacity) log.warn(`that is more than the capacity of ${capacity}: puts wait until it is less`);
  }

  #start(log: SegmentLog, beginsAtOnce: boolean): void {
    const { checkpointInterval, minimumRequiredSpace, capacity } = this.#settings;
    const puts = new PutQueue(capacity, this.#rows, () => writer.wake());
    const writer = new Writer({
      log,
      puts,
      context: this.#context,
      checkpointInterval,
      minimumRequiredSpace,
      beginsAtOnce,
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
    this.#takers.close();
    const life = this.#life;
    try {
      if (life !== undefined) {
        await life.writer.close();
        life.puts.close(new SluiceError('CHANNEL_FULL', 'the channel is closed'));
        await this.#reading;
        await life.reader.close();
        await life.log.close();
      }
    } finally {
      // Also when a disk does not let it close: after a reload the next one wants the directories.
      await this.#unlock();
    }
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
    const inMemory = this.#reading === undefined && reader.isNextRow(first.firstRow) && this.#queue.bytes < QUEUE_BYTES;
    for (const { firstRow, batch, memory } of written) {
      if (inMemory) this.#queue.push({ first: firstRow, batch, memory: new Memory(memory, batch.length) });
      else freeMemory(memory);
    }
    if (inMemory) reader.skipToEnd();
    this.#rows += rows;
    const { counters } = this.#context;
    counters.EventPutSuccessCount += rows;
    counters.ChannelSize = this.#rows;
    this.#takers.wakeOne();
  }

  async take(maxRows: number, signal: AbortSignal): Promise<Delivery | undefined> {
    for (;;) {
      if (signal.aborted || this.#closed || this.#life === undefined) return undefined;
      const entries = this.#queue.next(maxRows);
      if (this.#life.reader.isBehind && this.#queue.bytes < READ_AHEAD_BYTES) this.#reading ??= this.#readBack();
      if (entries !== undefined) {
        if (!this.#queue.isEmpty) this.#takers.wakeOne();
        const delivery = new FileDelivery(entries, this);
        this.#context.counters.EventTakeAttemptCount += delivery.batch.length;
        return delivery;
      }
      if (this.#reading !== undefined) await this.#reading;
      else if (!(await this.#takers.wait(signal))) return undefined;
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
      for (const { firstRow, batch } of rows) this.#queue.push({ first: firstRow, batch, memory: shared! });
    } catch (error) {
      const { counters, log, clock } = this.#context;
      counters.EventTakeErrorCount = (counters.EventTakeErrorCount ?? 0) + 1;
      log.error(`events cannot be read back, tries again: ${describeError(error)}`);
      if (!this.#closed) await clock.sleep(READ_RETRY_MS);
    } finally {
      this.#reading = undefined;
      if (!this.#queue.isEmpty) this.#takers.wakeOne();
    }
  }

  /** Rows that were to be read are not there: they count as committed from now on. */
  #lose(path: string, from: number, to: number): void {
    const { log, puts, writer } = this.#life!;
    const parts = log.committed.missing(from, to);
    for (let i = 0; i < parts.length; i += 2) writer.committed(parts[i]!, parts[i + 1]!);
    const lost = log.committed.addAll(parts);
    if (lost === 0) return;
    this.#rows -= lost;
    puts.release(lost);
    const { counters, checkpoint } = this.#context;
    checkpoint.changed();
    counters.ChannelSize = this.#rows;
    counters.EventTakeErrorCount = (counters.EventTakeErrorCount ?? 0) + lost;
    this.#context.log.error(`${lost} events are lost to damage in ${path} (rows ${from} to ${to})`);
  }

  settled(ranges: readonly number[]): void {
    const { log, puts } = this.#life!;
    // The agent's checkpoint, which may be taken in the very next tick, has them.
    const rows = log.committed.addAll(ranges);
    if (rows === 0) return;
    this.#rows -= rows;
    const { counters, checkpoint } = this.#context;
    checkpoint.changed();
    counters.EventTakeSuccessCount += rows;
    counters.ChannelSize = this.#rows;
    puts.release(rows);
  }

  ended(entries: readonly Entry[], settled: readonly number[], left: readonly Entry[]): void {
    const { writer } = this.#life!;
    for (let i = 0; i < settled.length; i += 2) writer.committed(settled[i]!, settled[i + 1]!);
    for (const { batch, memory } of left) memory.keep(batch.length);
    for (const { batch, memory } of entries) memory.release(batch.length);
    if (left.length === 0) return;
    this.#queue.giveBack(left);
    this.#takers.wakeOne();
  }
}

/** Tells the state of a log as text; what did not change is kept. */
function stateText(log: SegmentLog): () => string {
  let seen = '';
  let text = '';
  return () => {
    const { putMark, segment, length } = log.state;
    const now = `${putMark} ${segment} ${length} ${log.committed.size}`;
    if (now !== seen) {
      seen = now;
      text = JSON.stringify(log.state);
    }
    return text;
  };
}
