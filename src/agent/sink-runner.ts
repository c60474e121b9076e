import type { Channel, Delivery } from '../component/channel.ts';
import type { Clock, Logger } from '../component/context.ts';
import type { SinkCounters } from '../component/counters.ts';
import type { Processor } from '../component/processor.ts';
import { noSettler, type Settler } from '../component/settler.ts';
import type { Sink } from '../component/sink.ts';
import { describeError, SluiceError } from '../errors.ts';
import { RowMarks } from '../event/row-marks.ts';
import { backOff } from './back-off.ts';

/** A sink of the group, and where it takes from. */
export interface SinkMember {
  readonly name: string;
  readonly sink: Sink;
  readonly channel: Channel;
  readonly counters: SinkCounters;
  /** Flume's batch size, for the counters of full and small batches. */
  readonly batchSize: number;
  readonly log: Logger;
}

export interface SinkRunnerParts {
  readonly members: readonly SinkMember[];
  readonly processor: Processor;
  readonly clock: Clock;
  readonly checkpoint: CheckpointGate;
}

/** What the runner needs of the agent's checkpoint. */
export interface CheckpointGate {
  /** Whether checkpoints can be written: while they cannot, nothing is taken, since a crash would undo what comes after the last one. */
  readonly healthy: boolean;
  whenHealthy(): Promise<void>;
  commit(): Promise<void>;
}

/** How often sinks get the time of day. */
const MAINTENANCE_MS = 250;

/** A member at work. */
class Lane {
  readonly member: SinkMember;
  open = false;
  deliveries = 0;
  bytes = 0;

  constructor(member: SinkMember) {
    this.member = member;
  }

  get full(): boolean {
    const { window } = this.member.sink;
    return this.deliveries > 0 && (this.deliveries >= window.deliveries || this.bytes >= window.bytes);
  }
}

/**
 * Drives the sinks of a group: takes from the channel, delivers, commits what the destination owns, rolls back what
 * it does not, backs off, and gives the sinks the time for their timers. All takes of events from channels are here.
 */
export class SinkRunner {
  readonly #lanes: readonly Lane[];
  readonly #processor: Processor;
  readonly #clock: Clock;
  readonly #checkpoint: CheckpointGate;
  /** No more is taken. */
  readonly #stop = new AbortController();
  /** Deliveries under way are given up, too. */
  readonly #giveUp = new AbortController();
  readonly #stopped = new Promise<void>((resolve) => {
    this.#stop.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  /** Waits for a checkpoint; each is ended at the deadline. */
  readonly #awaited = new Set<() => void>();
  #running: Promise<unknown> | undefined;
  #failed = false;
  #failures = 0;
  /** Sinks that failed since the last success. */
  #tried: string[] = [];
  #wake: (() => void) | undefined;

  constructor(parts: SinkRunnerParts) {
    this.#lanes = parts.members.map((member) => new Lane(member));
    this.#processor = parts.processor;
    this.#clock = parts.clock;
    this.#checkpoint = parts.checkpoint;
  }

  get channels(): readonly Channel[] {
    return this.#lanes.map((lane) => lane.member.channel);
  }

  start(): void {
    for (const { member } of this.#lanes) {
      member.counters.StartTime = this.#clock.now();
      member.counters.StopTime = 0;
      member.log.info(`Component type: SINK, name: ${member.name} started`);
    }
    this.#running ??= Promise.all([this.#run(), ...this.#lanes.map((lane) => this.#maintain(lane))]);
  }

  /**
   * Takes no more, waits for what is under way, closes the sinks.
   * @param deadline aborted when there is no more time
   */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#stop.abort();
    const giveUp = (): void => {
      this.#giveUp.abort(new Error('the agent ends'));
      for (const end of this.#awaited) end();
    };
    if (deadline.aborted) giveUp();
    else deadline.addEventListener('abort', giveUp, { once: true });
    await this.#running;
    deadline.removeEventListener('abort', giveUp);
    for (const { member } of this.#lanes) {
      try {
        await member.sink.close(deadline);
      } catch (error) {
        member.log.error(`could not be closed: ${describeError(error)}`);
      }
      member.counters.StopTime = this.#clock.now();
      member.log.info(`Component type: SINK, name: ${member.name} stopped`);
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      if (this.#failed) {
        await this.#recover();
        continue;
      }
      if (!this.#checkpoint.healthy) {
        await Promise.race([this.#checkpoint.whenHealthy(), this.#stopped]);
        continue;
      }
      const name = this.#processor.pick(this.#clock.now(), this.#tried);
      const lane = this.#lanes.find((candidate) => candidate.member.name === name);
      if (lane === undefined) {
        this.#tried = [];
        await this.#clock.sleep(backOff(Math.max(1, this.#failures)), signal);
        continue;
      }
      if (!lane.open && !(await this.#open(lane))) continue;
      if (lane.full) {
        await this.#change();
        continue;
      }
      const { channel, sink, counters } = lane.member;
      if (channel.size === 0) counters.BatchEmptyCount++;
      const delivery = await channel.take(sink.window.rows, signal);
      if (delivery === undefined) continue;
      // While this waited an earlier delivery may have failed: these rows go behind its rows again.
      if (this.#failed) delivery.rollback();
      else this.#launch(lane, delivery);
    }
    while (this.#lanes.some((lane) => lane.deliveries > 0)) await this.#change();
  }

  async #open(lane: Lane): Promise<boolean> {
    try {
      await lane.member.sink.open();
      lane.open = true;
      return true;
    } catch (error) {
      this.#fail(lane, error);
      return false;
    }
  }

  #launch(lane: Lane, delivery: Delivery): void {
    const { member } = lane;
    const { counters } = member;
    const { batch } = delivery;
    const rows = batch.length;
    counters.EventDrainAttemptCount += rows;
    if (rows >= member.batchSize) counters.BatchCompleteCount++;
    else counters.BatchUnderflowCount++;
    lane.deliveries++;
    lane.bytes += batch.retainedBytes;
    const isCutBack = member.sink.cutsBack === true;
    // What no source sends again must not be cut back: it is only done when a checkpoint knows of it.
    const waits = isCutBack && !delivery.replayable;
    const out = waits ? new RowMarks(rows) : undefined;
    const settler = out === undefined ? (isCutBack ? delivery : noSettler) : marking(out);
    const delivered = member.sink.deliver(batch, this.#giveUp.signal, settler);
    const done = out === undefined ? delivered : this.#whenKnown(delivered, out, delivery);
    done.then(
      () => {
        delivery.commit();
        counters.EventDrainSuccessCount += rows;
        this.#processor.succeeded(member.name, this.#clock.now());
        this.#failures = 0;
        if (this.#tried.length > 0) this.#tried = [];
        this.#landed(lane, batch.retainedBytes);
      },
      (error: unknown) => {
        delivery.rollback();
        this.#fail(lane, error);
        this.#landed(lane, batch.retainedBytes);
      },
    );
  }

  /** Ends as a delivery does, when a checkpoint knows what came out of it. What is out of one that failed does not come again. */
  async #whenKnown(delivered: Promise<void>, out: RowMarks, delivery: Delivery): Promise<void> {
    try {
      await delivered;
    } catch (error) {
      const ranges = out.low > 0 ? [0, out.low, ...out.rangesAbove] : out.rangesAbove;
      if (ranges.length > 0) await this.#known();
      for (let i = 0; i < ranges.length; i += 2) delivery.settle(ranges[i]!, ranges[i + 1]!);
      throw error;
    }
    await this.#known();
  }

  /** Resolves when a checkpoint knows what is durable now, or the time to stop is over before: the rows are out all the same. */
  #known(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#giveUp.signal.aborted) return resolve();
      const end = (): void => {
        this.#awaited.delete(end);
        resolve();
      };
      this.#awaited.add(end);
      this.#checkpoint.commit().then(end, end);
    });
  }

  #landed(lane: Lane, bytes: number): void {
    lane.deliveries--;
    lane.bytes -= bytes;
    this.#wake?.();
  }

  #fail(lane: Lane, error: unknown): void {
    // Many deliveries may fail of one cause: one line.
    if (this.#failed) return;
    this.#failed = true;
    this.#failures++;
    if (!this.#tried.includes(lane.member.name)) this.#tried.push(lane.member.name);
    this.#processor.failed(lane.member.name, this.#clock.now());
    const action = error instanceof SluiceError ? ` ${error.action}` : '';
    lane.member.log.error(
      `Unable to deliver event: ${describeError(error)}. Tries again in ${backOff(this.#failures) / 1000} s.${action}`,
    );
  }

  /** Waits until nothing is under way, and a while. */
  async #recover(): Promise<void> {
    while (this.#lanes.some((lane) => lane.deliveries > 0)) await this.#change();
    this.#failed = false;
    // Another sink of the group may be tried at once.
    if (this.#lanes.some((lane) => !this.#tried.includes(lane.member.name))) return;
    this.#tried = [];
    await this.#clock.sleep(backOff(this.#failures), this.#stop.signal);
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }

  async #maintain(lane: Lane): Promise<void> {
    const { sink, log } = lane.member;
    if (sink.maintain === undefined) return;
    while (!this.#stop.signal.aborted) {
      await this.#clock.sleep(MAINTENANCE_MS, this.#stop.signal);
      if (!lane.open || this.#stop.signal.aborted) continue;
      try {
        await sink.maintain(this.#clock.now());
      } catch (error) {
        log.error(`maintenance failed: ${describeError(error)}`);
      }
    }
  }
}

/** Takes note of rows, and settles none. */
function marking(marks: RowMarks): Settler {
  return { settle: (from, to) => marks.add(from, to), settleRows: (rows) => marks.addRows(rows) };
}
