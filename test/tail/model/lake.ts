import type { Channel, Delivery } from '../../../src/component/channel.ts';
import type { EventBatch } from '../../../src/event/event-batch.ts';
import type { ReceiptLeg } from '../../../src/event/receipt.ts';

/** An event in the order of arrival. */
interface Arrived {
  readonly text: string;
  readonly leg: ReceiptLeg;
  readonly row: number;
}

/**
 * A channel and everything behind it: rows wait until they are made durable, in any order; a crash takes what waits, and cuts what is durable back to what the last
 * checkpoint knew.
 */
export class Lake implements Channel {
  readonly transactionCapacity = Number.MAX_SAFE_INTEGER;
  readonly keepAlive = 0;
  /** Durable, in the order in which it became so. */
  durable: string[] = [];
  #waiting: Arrived[] = [];
  #known = 0;
  #gate: PromiseWithResolvers<void> | undefined;
  /** Everything that arrived since the last start, in order. */
  arrived: string[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  async open(): Promise<void> {}
  async close(): Promise<void> {}

  async put(batch: EventBatch, leg: ReceiptLeg, signal: AbortSignal): Promise<void> {
    while (this.#gate !== undefined && !signal.aborted) {
      const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      await Promise.race([this.#gate.promise, aborted]);
    }
    if (signal.aborted) throw signal.reason;
    for (let row = 0; row < batch.length; row++) {
      const text = batch.bodyOf(row).toString('latin1');
      this.arrived.push(text);
      this.#waiting.push({ text, leg, row });
    }
  }

  take(): Promise<Delivery | undefined> {
    return Promise.resolve(undefined);
  }

  /** Takes nothing in until `release`. */
  hold(): void {
    this.#gate ??= Promise.withResolvers();
  }

  release(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  /** Makes waiting rows durable: those that `pick` wants. */
  settle(pick: (index: number) => boolean): void {
    const chosen = this.#waiting.filter((_, index) => pick(index));
    this.#waiting = this.#waiting.filter((_, index) => !pick(index));
    for (const { text } of chosen) this.durable.push(text);
    for (const { leg, row } of chosen) leg.settle(row, row + 1);
  }

  /** A checkpoint is taken now. */
  checkpoint(): void {
    this.#known = this.durable.length;
  }

  crash(): void {
    this.#waiting = [];
    this.arrived = [];
    this.durable.length = this.#known;
    this.release();
  }
}
