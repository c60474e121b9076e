import type { Channel } from '../component/channel.ts';
import type { Clock, Logger } from '../component/context.ts';
import type { SourceCounters } from '../component/counters.ts';
import type { Interceptor } from '../component/interceptor.ts';
import type { Route, Selector } from '../component/selector.ts';
import type { EmitOptions, Source, SourceOutput } from '../component/source.ts';
import { describeError, SluiceError } from '../errors.ts';
import type { EventBatch } from '../event/event-batch.ts';
import { freeBatch } from '../event/free-batch.ts';
import { Receipt } from '../event/receipt.ts';
import { backOff } from './back-off.ts';
import { composeRows, intercept } from './interceptor-chain.ts';
import type { SequenceHeaders } from './sequence-headers.ts';

export interface SourceRunnerParts {
  readonly name: string;
  readonly source: Source;
  readonly interceptors: readonly Interceptor[];
  readonly selector: Selector;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly counters: SourceCounters;
  /** Whether the source emits again what was not settled in its life before. */
  readonly replays: boolean;
  /** Names the events, if that is wanted. */
  readonly sequenceHeaders?: SequenceHeaders;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Runs a source: starts it again when it failed, takes its batches through interceptors and selector, puts them into the
 * channels, and gives the receipt. All puts of events into channels are here.
 */
export class SourceRunner {
  readonly #parts: SourceRunnerParts;
  /** Ends the source's life: it emits what it has and returns. */
  readonly #stop = new AbortController();
  /** Ends waiting for room, too. */
  readonly #giveUp = new AbortController();
  /** Optional channels that had no room for the last rows, and how many events they missed. */
  readonly #missed = new Map<string, number>();
  #running: Promise<void> | undefined;
  #ready = false;

  constructor(parts: SourceRunnerParts) {
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.name;
  }

  /** Whether the source has said that it is ready and has not ended. */
  get ready(): boolean {
    return this.#ready;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /**
   * Stops the source; resolves when what it had read is in the channels.
   * @param deadline aborted when there is no more time: what waits for room is given up
   */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#stop.abort();
    const giveUp = (): void => this.#giveUp.abort(new Error('the agent ends'));
    if (deadline.aborted) giveUp();
    else deadline.addEventListener('abort', giveUp, { once: true });
    await this.#running;
    deadline.removeEventListener('abort', giveUp);
  }

  async #run(): Promise<void> {
    const { source, log, clock, counters, name } = this.#parts;
    const out: SourceOutput = {
      wantsOrigin: this.#parts.sequenceHeaders !== undefined,
      emit: (batch, options) => this.#emit(batch, options),
      ready: () => {
        this.#ready = true;
        counters.StartTime = clock.now();
        counters.StopTime = 0;
        log.info(`Component type: SOURCE, name: ${name} started`);
      },
    };
    for (let failures = 0; !this.#stop.signal.aborted; ) {
      try {
        await source.run(out, this.#stop.signal);
        if (!this.#stop.signal.aborted) log.info('the source has come to its end');
        break;
      } catch (error) {
        if (this.#stop.signal.aborted) {
          if (!this.#giveUp.signal.aborted) log.warn(`stopped with an error: ${describeError(error)}`);
          break;
        }
        failures = this.#ready ? 1 : failures + 1;
        const wait = backOff(failures);
        const action = error instanceof SluiceError ? ` ${error.action}` : '';
        log.error(`failed: ${describeError(error)}. Starts again in ${wait / 1000} s.${action}`);
        this.#ready = false;
        await clock.sleep(wait, this.#stop.signal);
      }
    }
    this.#ready = false;
    counters.StopTime = clock.now();
  }

  async #emit(batch: EventBatch, options: EmitOptions | undefined): Promise<Receipt> {
    const receipt = new Receipt(
      batch.length,
      options?.ownsMemory ? () => freeBatch(batch) : undefined,
      this.#parts.replays,
    );
    options?.onReceipt?.(receipt);
    const { sequenceHeaders, interceptors, selector, counters } = this.#parts;
    const named = sequenceHeaders === undefined ? batch : sequenceHeaders.add(batch, options?.origin);
    const left = interceptors.length === 0 ? { batch: named } : intercept(interceptors, named);
    if (left.batch.length > 0) {
      const routes = selector.route(left.batch);
      try {
        for (const route of routes) if (route.required) await this.#put(left.batch, left.rows, route, receipt, options);
      } catch (error) {
        counters.ChannelWriteFail++;
        throw error;
      }
      for (const route of routes) {
        if (!route.required) await this.#putOptional(left.batch, left.rows, route, receipt, options);
      }
    }
    counters.EventAcceptedCount += batch.length;
    receipt.seal();
    return receipt;
  }

  #put(
    batch: EventBatch,
    rows: Uint32Array | undefined,
    route: Route,
    receipt: Receipt,
    options: EmitOptions | undefined,
  ): Promise<void> {
    const channel = this.#channel(route.channel);
    const { part, sourceRows } = onTheWay(batch, rows, route, options);
    if (part.length === 0) {
      // Rows that were settled in an earlier life have a leg all the same, by which the next checkpoint tells so again.
      if (options?.settled?.has(route.channel)) receipt.leg(route.channel, sourceRows);
      return Promise.resolve();
    }
    if (options?.forClient && part.length > channel.transactionCapacity) {
      throw new SluiceError(
        'CHANNEL_FULL',
        `a batch of ${part.length} events is above the transactionCapacity ${channel.transactionCapacity} of channel ${route.channel}`,
      );
    }
    const leg = receipt.leg(route.channel, sourceRows);
    return channel.put(
      part,
      leg,
      this.#giveUp.signal,
      options?.patienceMs ?? (options?.forClient ? channel.keepAlive : undefined),
    );
  }

  /**
   * Puts what an optional channel has room for, in pieces that it takes as a whole. It is waited for as a client would wait; once that was in
   * vain, no more until it takes rows again.
   */
  async #putOptional(
    batch: EventBatch,
    rows: Uint32Array | undefined,
    route: Route,
    receipt: Receipt,
    options: EmitOptions | undefined,
  ): Promise<void> {
    const { counters, log } = this.#parts;
    const name = route.channel;
    const channel = this.#channel(name);
    const { part, sourceRows } = onTheWay(batch, rows, route, options);
    if (part.length === 0 && options?.settled?.has(name)) receipt.leg(name, sourceRows);
    for (let from = 0; from < part.length; from += channel.transactionCapacity) {
      const to = Math.min(from + channel.transactionCapacity, part.length);
      const piece = to - from === part.length ? part : part.slice(from, to);
      const leg = receipt.leg(name, piece === part ? sourceRows : composeRows(sourceRows, range(from, to)));
      const missed = this.#missed.get(name);
      try {
        await channel.put(piece, leg, this.#giveUp.signal, missed === undefined ? channel.keepAlive : 0);
      } catch (error) {
        leg.settle(0, leg.rows); // Optional: what it could not take counts as done.
        counters.ChannelWriteFail++;
        this.#missed.set(name, (missed ?? 0) + part.length - from);
        if (missed === undefined) log.warn(`optional channel ${name} does not keep up: ${describeError(error)}`);
        return;
      }
      if (missed === undefined) continue;
      this.#missed.delete(name);
      log.info(`optional channel ${name} takes events again; it missed ${missed}`);
    }
  }

  #channel(name: string): Channel {
    const channel = this.#parts.channels.get(name);
    if (channel === undefined) throw new SluiceError('INTERNAL', `no channel ${name}`);
    return channel;
  }
}

/** The rows of a batch that go a way, and their numbers in the batch as it was emitted; what was settled there in an earlier life is left out. */
function onTheWay(
  batch: EventBatch,
  rows: Uint32Array | undefined,
  route: Route,
  options: EmitOptions | undefined,
): { part: EventBatch; sourceRows: Uint32Array | undefined } {
  const settled = options?.settled?.get(route.channel);
  if (settled === undefined) {
    const part = route.rows === undefined ? batch : batch.select(route.rows);
    return { part, sourceRows: composeRows(rows, route.rows) };
  }
  const done = new Set(settled);
  const candidates = route.rows ?? range(0, batch.length);
  const left = candidates.filter((row) => !done.has(rows === undefined ? row : rows[row]!));
  return { part: left.length === 0 ? batch.slice(0, 0) : batch.select(left), sourceRows: composeRows(rows, left) };
}

/** The row numbers `from` up to `to`. */
function range(from: number, to: number): Uint32Array {
  return Uint32Array.from({ length: to - from }, (_, i) => from + i);
}
