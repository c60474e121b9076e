import type { Channel, ChannelContext, Delivery } from '../component/channel.ts';
import type { ChannelCounters } from '../component/counters.ts';
import { declare } from '../component/declaration.ts';
import { Takers } from '../component/takers.ts';
import { SluiceError } from '../errors.ts';
import { concatBatches } from '../event/concat.ts';
import type { EventBatch } from '../event/event-batch.ts';
import { type LegRows, settleRange, settleScattered, unsettled } from '../event/leg-rows.ts';
import { Receipt, type ReceiptLeg } from '../event/receipt.ts';
import { RowMarks } from '../event/row-marks.ts';
import { integer, type OptionValues } from '../options/option.ts';

/*
 * The memory channel: a bounded queue of batches. It counts what it holds in events and in bytes of memory kept alive; what is
 * over either bound waits. Rows that a sink has taken count until they are committed.
 */

const options = {
  capacity: integer({
    default: 100,
    min: 1,
    unit: 'events',
    lenient: true,
    doc: 'How many events the channel holds at the most; a source waits when it is full.',
  }),
  transactionCapacity: integer({
    default: 100,
    min: 1,
    unit: 'events',
    lenient: true,
    doc: 'How many events a batch of a client (avro, thrift, http) may have; larger ones are refused. Other sources are not bound by it.',
  }),
  'keep-alive': integer({
    default: 3,
    min: 0,
    unit: 's',
    lenient: true,
    doc: 'How long a client (avro, thrift, http) waits for room before it is refused. Other sources wait as long as it takes.',
  }),
  byteCapacity: integer({
    default: 33_554_432,
    min: 0,
    unit: 'bytes',
    lenient: true,
    doc: 'How many bytes of memory the events may keep alive (0: no bound). Flume counts bodies alone, and takes 80 % of its heap by default.',
  }),
  byteCapacityBufferPercentage: integer({
    default: 20,
    min: 0,
    max: 99,
    unit: '%',
    lenient: true,
    doc: 'The part of byteCapacity that is kept free, for headers.',
  }),
};

/** Batches below this are joined when they lie behind each other, up to the second figure. */
const SMALL_BYTES = 16_384;
const JOINED_BYTES = 262_144;

/** Rows in the queue: a run of one leg. */
interface Entry extends LegRows {
  /** The place in the queue, for the order after a rollback. */
  sequence: number;
  batch: EventBatch;
}

interface PutWaiter {
  readonly batch: EventBatch;
  readonly leg: ReceiptLeg;
  /** Rows let in already, of a batch larger than the channel. */
  done: number;
  readonly resolve: () => void;
}

class MemoryChannel implements Channel {
  readonly transactionCapacity: number;
  readonly keepAlive: number;
  readonly #capacity: number;
  readonly #maxBytes: number;
  readonly #counters: ChannelCounters;
  readonly #queue: Entry[] = [];
  #head = 0;
  /** Rolled back, the first one last; they come before the queue. There may be one for each row: nothing is shifted. */
  readonly #returned: Entry[] = [];
  #sequence = 0;
  #rows = 0;
  #bytes = 0;
  readonly #putters: PutWaiter[] = [];
  readonly #takers = new Takers();

  constructor(values: OptionValues<typeof options>, context: ChannelContext) {
    this.#capacity = values.capacity;
    this.transactionCapacity = values.transactionCapacity;
    this.keepAlive = values['keep-alive'] * 1000;
    const bytes = values.byteCapacity * (1 - values.byteCapacityBufferPercentage / 100);
    this.#maxBytes = bytes < 100 ? Number.POSITIVE_INFINITY : bytes;
    this.#counters = context.counters;
    this.#counters.ChannelCapacity = this.#capacity;
  }

  get size(): number {
    return this.#rows;
  }

  async open(): Promise<void> {}

  async close(): Promise<void> {
    this.#takers.close();
  }

  handOver(to: Channel, signal: AbortSignal): number {
    let events = 0;
    for (
      let entry = this.#pop(Number.POSITIVE_INFINITY);
      entry !== undefined;
      entry = this.#pop(Number.POSITIVE_INFINITY)
    ) {
      const { batch, leg, first } = entry;
      if (leg.receipt.replayable) continue;
      events += batch.length;
      const receipt = new Receipt(batch.length, () => leg.settle(first, first + batch.length));
      const way = receipt.leg(leg.channel);
      // Above the capacity, if need be: what waited outside would be lost, and not counted, with the next reload or end.
      if (to instanceof MemoryChannel) to.#accept(batch, way, 0);
      else to.put(batch, way, signal).catch(() => {}); // The agent ends before there was room: what lies in memory is lost then.
      receipt.seal();
    }
    return events;
  }

  put(batch: EventBatch, leg: ReceiptLeg, signal: AbortSignal, patience?: number): Promise<void> {
    this.#counters.EventPutAttemptCount += batch.length;
    if (batch.length === 0) return Promise.resolve();
    if (this.#putters.length === 0 && this.#fits(batch)) {
      this.#accept(batch, leg, 0);
      return Promise.resolve();
    }
    return this.#wait(batch, leg, signal, patience);
  }

  #wait(batch: EventBatch, leg: ReceiptLeg, signal: AbortSignal, patience: number | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      let timer: NodeJS.Timeout | undefined;
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const waiter: PutWaiter = {
        batch,
        leg,
        done: 0,
        resolve: () => {
          end();
          resolve();
        },
      };
      const giveUp = (reason: unknown): void => {
        end();
        this.#putters.splice(this.#putters.indexOf(waiter), 1);
        reject(reason);
        this.#letIn(); // It may have stood in the way of a smaller one.
      };
      const onAbort = (): void => giveUp(signal.reason);
      signal.addEventListener('abort', onAbort);
      if (patience !== undefined) {
        timer = setTimeout(
          () =>
            giveUp(
              new SluiceError(
                'CHANNEL_FULL',
                `no room for ${batch.length} events within ${Math.round(patience)} ms (${this.#rows} of ${this.#capacity} events, ${this.#bytes} bytes kept)`,
              ),
            ),
          patience,
        );
      }
      this.#putters.push(waiter);
      this.#letIn();
    });
  }

  #fits(batch: EventBatch): boolean {
    if (this.#rows + batch.length > this.#capacity) return false;
    // A batch above the byte bound gets in when the channel is empty, else it would wait for ever.
    return this.#rows === 0 || this.#bytes + batch.retainedBytes <= this.#maxBytes;
  }

  #letIn(): void {
    for (;;) {
      const waiter = this.#putters[0];
      if (waiter === undefined) return;
      const { batch, leg } = waiter;
      if (batch.length <= this.#capacity) {
        if (!this.#fits(batch)) return;
        this.#putters.shift();
        this.#accept(batch, leg, 0);
        waiter.resolve();
        continue;
      }
      // Larger than the channel: in halves of it, so that the sink works on one while the next comes in.
      const piece = batch.slice(waiter.done, Math.min(waiter.done + Math.ceil(this.#capacity / 2), batch.length));
      if (!this.#fits(piece)) return;
      this.#accept(piece, leg, waiter.done);
      waiter.done += piece.length;
      if (waiter.done < batch.length) continue;
      this.#putters.shift();
      waiter.resolve();
    }
  }

  #accept(batch: EventBatch, leg: ReceiptLeg, first: number): void {
    this.#queue.push({ sequence: this.#sequence++, batch, leg, first });
    this.#rows += batch.length;
    this.#bytes += batch.retainedBytes;
    this.#counters.EventPutSuccessCount += batch.length;
    this.#counters.ChannelSize = this.#rows;
    this.#takers.wakeOne();
  }

  async take(maxRows: number, signal: AbortSignal): Promise<Delivery | undefined> {
    for (;;) {
      if (signal.aborted) return undefined;
      const entries = this.#next(maxRows);
      if (entries !== undefined) return this.#deliver(entries);
      if (!(await this.#takers.wait(signal))) return undefined;
    }
  }

  /** Takes entries off the queue: one, or several small ones. */
  #next(maxRows: number): Entry[] | undefined {
    const first = this.#pop(maxRows);
    if (first === undefined) return undefined;
    this.#counters.EventTakeAttemptCount += first.batch.length;
    const entries = [first];
    let rows = first.batch.length;
    let bytes = first.batch.retainedBytes;
    while (bytes < JOINED_BYTES && rows < maxRows && first.batch.retainedBytes < SMALL_BYTES) {
      const peek = this.#peek();
      if (peek === undefined || peek.batch.retainedBytes >= SMALL_BYTES) break;
      // Rows that a source sends again are settled with the length of their file, others when a checkpoint has it.
      if (peek.leg.receipt.replayable !== first.leg.receipt.replayable) break;
      const next = this.#pop(maxRows - rows)!;
      this.#counters.EventTakeAttemptCount += next.batch.length;
      entries.push(next);
      rows += next.batch.length;
      bytes += next.batch.retainedBytes;
    }
    return entries;
  }

  #peek(): Entry | undefined {
    return this.#returned.at(-1) ?? this.#queue[this.#head];
  }

  #pop(maxRows: number): Entry | undefined {
    const entry = this.#peek();
    if (entry === undefined) return undefined;
    if (entry.batch.length > maxRows) {
      const front: Entry = { ...entry, batch: entry.batch.slice(0, maxRows) };
      const back: Entry = {
        ...entry,
        batch: entry.batch.slice(maxRows, entry.batch.length),
        first: entry.first + maxRows,
      };
      // Rounding up each share could count more than was put: the rest keeps what is left.
      this.#bytes += front.batch.retainedBytes + back.batch.retainedBytes - entry.batch.retainedBytes;
      if (this.#returned.length > 0) this.#returned[this.#returned.length - 1] = back;
      else this.#queue[this.#head] = back;
      return front;
    }
    if (this.#returned.length > 0) return this.#returned.pop();
    this.#head++;
    if (this.#head >= 1024 || this.#head === this.#queue.length) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    return entry;
  }

  #deliver(entries: Entry[]): Delivery {
    const batch = entries.length === 1 ? entries[0]!.batch : concatBatches(entries.map((entry) => entry.batch));
    let open = true;
    const end = (): void => {
      if (!open) throw new Error('a delivery is ended once');
      open = false;
    };
    // Made with the first row that is settled by itself.
    let settled: RowMarks | undefined;
    return {
      batch,
      replayable: entries[0]!.leg.receipt.replayable,
      settle: (from, to) => {
        settled ??= new RowMarks(batch.length);
        settled.add(from, to);
        settleRange(entries, from, to);
      },
      settleRows: (rows) => {
        settled ??= new RowMarks(batch.length);
        settled.addRows(rows);
        settleScattered(entries, rows);
      },
      commit: () => {
        end();
        this.#commit(entries);
      },
      rollback: () => {
        end();
        this.#rollback(settled === undefined ? entries : this.#keep(entries, settled));
      },
    };
  }

  /** Drops what was settled; gives the entries that are left. */
  #keep(entries: readonly Entry[], settled: RowMarks): Entry[] {
    const kept = unsettled(entries, settled);
    for (const [sign, some] of [[-1, entries] as const, [1, kept] as const]) {
      for (const { batch } of some) {
        this.#rows += sign * batch.length;
        this.#bytes += sign * batch.retainedBytes;
        this.#counters.EventTakeSuccessCount -= sign * batch.length;
      }
    }
    this.#counters.ChannelSize = this.#rows;
    this.#letIn();
    return kept;
  }

  #commit(entries: readonly Entry[]): void {
    for (const { batch, leg, first } of entries) {
      this.#rows -= batch.length;
      this.#bytes -= batch.retainedBytes;
      this.#counters.EventTakeSuccessCount += batch.length;
      leg.settle(first, first + batch.length);
    }
    this.#counters.ChannelSize = this.#rows;
    this.#letIn();
  }

  #rollback(entries: readonly Entry[]): void {
    for (const entry of entries) this.#returned.push(entry);
    this.#returned.sort((a, b) => b.sequence - a.sequence || b.first - a.first);
    this.#takers.wakeOne();
  }
}

export const memory = declare('channel', {
  type: 'memory',
  classNames: ['org.apache.flume.channel.MemoryChannel'],
  summary: 'Keeps events in memory: fast; a replayable source (TAILDIR) sends again what was in it at a crash.',
  options,
  check: (values, report) => {
    if (values.transactionCapacity > values.capacity) {
      report(
        'error',
        'transactionCapacity',
        `${values.transactionCapacity} is above the capacity of ${values.capacity}`,
        'lower it, or raise capacity',
      );
    }
  },
  create: (values, context) => new MemoryChannel(values, context),
});
