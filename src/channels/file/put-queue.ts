import { SluiceError } from '../../errors.ts';
import type { EventBatch } from '../../event/event-batch.ts';
import type { ReceiptLeg } from '../../event/receipt.ts';

/** Rows that have their room in the channel and are to be written: a batch, or a piece of one that is larger than the channel. */
export interface PutItem {
  readonly put: Put;
  readonly batch: EventBatch;
  /** The number of the first row in the leg. */
  readonly first: number;
}

/** A call of `put`. */
interface Put {
  readonly batch: EventBatch;
  readonly leg: ReceiptLeg;
  /** Rows that were given room already. */
  placed: number;
  /** Why it gives up as soon as it can: aborted, or out of patience. */
  given: { readonly reason: unknown; readonly aborted: boolean } | undefined;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Puts on their way: first they wait for room, in order; then to be written. While they are written nothing can call them back; before that they may give up, but
 * for want of patience only where the channel is full or cannot write.
 */
export class PutQueue {
  readonly #capacity: number;
  readonly #onReady: () => void;
  readonly #waiting: Put[] = [];
  readonly #ready: PutItem[] = [];
  /** Rows that have room: in the channel, being written, or ready to be. */
  #used: number;
  /** Why nothing can be written now. */
  #trouble: SluiceError | undefined;

  /**
   * @param used rows that are in the channel already
   * @param onReady called when there is something to write
   */
  constructor(capacity: number, used: number, onReady: () => void) {
    this.#capacity = capacity;
    this.#used = used;
    this.#onReady = onReady;
  }

  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  put(batch: EventBatch, leg: ReceiptLeg, signal: AbortSignal, patience: number | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = (): void => this.#giveUp(put, signal.reason, true);
      const timer =
        patience === undefined ? undefined : setTimeout(() => this.#giveUp(put, undefined, false), patience);
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const put: Put = {
        batch,
        leg,
        placed: 0,
        given: undefined,
        resolve: () => {
          end();
          resolve();
        },
        reject: (reason) => {
          end();
          reject(reason);
        },
      };
      signal.addEventListener('abort', onAbort);
      this.#waiting.push(put);
      this.#letIn();
    });
  }

  /** What is to be written next: about `maxBytes` of it, one item at least. */
  next(maxBytes: number): PutItem[] {
    let bytes = 0;
    let count = 0;
    for (; count < this.#ready.length && bytes < maxBytes; count++) bytes += this.#ready[count]!.batch.retainedBytes;
    return this.#ready.splice(0, count);
  }

  /** They are durable. */
  written(items: readonly PutItem[]): void {
    this.#trouble = undefined;
    for (const { put, batch, first } of items) {
      const isLast = first + batch.length === put.batch.length;
      put.leg.settle(first, first + batch.length);
      if (isLast) put.resolve();
    }
  }

  /** They could not be written: they are the next ones again, but for those that have given up. */
  failed(items: readonly PutItem[], error: SluiceError): void {
    this.#trouble = error;
    this.#ready.unshift(...items);
    for (const { put } of [...this.#ready]) if (put.given !== undefined) this.#drop(put);
  }

  /** Rows have left the channel. */
  release(rows: number): void {
    this.#used -= rows;
    this.#letIn();
  }

  /** Nothing is written any more. */
  close(error: SluiceError): void {
    for (const put of new Set([...this.#waiting, ...this.#ready.map((item) => item.put)])) put.reject(error);
    this.#waiting.length = 0;
    this.#ready.length = 0;
  }

  #letIn(): void {
    for (;;) {
      const put = this.#waiting[0];
      if (put === undefined) break;
      const left = put.batch.length - put.placed;
      // Larger than the channel: in halves of it, so that the sink works on one while the next comes in.
      const rows = put.batch.length <= this.#capacity ? left : Math.min(left, Math.ceil(this.#capacity / 2));
      if (this.#used + rows > this.#capacity) break;
      this.#ready.push({ put, batch: put.batch.slice(put.placed, put.placed + rows), first: put.placed });
      this.#used += rows;
      put.placed += rows;
      if (put.placed === put.batch.length) this.#waiting.shift();
    }
    if (this.#ready.length > 0) this.#onReady();
  }

  #giveUp(put: Put, reason: unknown, aborted: boolean): void {
    put.given ??= { reason, aborted };
    if (aborted || this.#trouble !== undefined || this.#waiting.includes(put)) this.#drop(put);
  }

  /** Takes out what of it is not being written, and refuses it. */
  #drop(put: Put): void {
    const waits = this.#waiting.indexOf(put);
    const ready = this.#ready.filter((item) => item.put === put);
    if (waits < 0 && ready.length === 0) return; // It is being written: what becomes of that decides.
    if (waits >= 0) this.#waiting.splice(waits, 1);
    for (const item of ready) {
      this.#ready.splice(this.#ready.indexOf(item), 1);
      this.#used -= item.batch.length;
    }
    const why = this.#trouble === undefined ? `${this.#used} of ${this.#capacity} events` : this.#trouble.message;
    put.reject(
      put.given!.aborted
        ? put.given!.reason
        : new SluiceError('CHANNEL_FULL', `no room for ${put.batch.length} events in time (${why})`, this.#trouble),
    );
    this.#letIn(); // It may have stood in the way of a smaller one.
  }
}
