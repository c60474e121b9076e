import type { SourceOutput } from '../../component/source.ts';
import type { Receipt } from '../../event/receipt.ts';
import type { HeldBody } from '../../rpc/http/body.ts';
import { Refusal } from '../../rpc/http/refusal.ts';
import { batchOf } from './batch.ts';
import type { Row } from './rows.ts';

/** How much goes into one batch; a request is never torn apart. */
const BATCH_ROWS = 1000;
const BATCH_BYTES = 4 << 20;

export interface GatherSettings {
  /** How long a request waits for room in the channels, in ms. */
  readonly patienceMs: number;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** Whether requests are done when their rows are durable, or as soon as the channels have them. */
  readonly durable: boolean;
  /** How many requests may wait, and how many bytes of them for the channels. */
  readonly mostRequests: number;
  readonly mostBytes: number;
}

/** A request that waits for its fate. */
interface Waiting {
  rows: readonly Row[];
  readonly bytes: number;
  readonly body: HeldBody;
  readonly since: number;
  /** Where its rows end in the batch. */
  end: number;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Joins the rows of requests into batches: whatever comes while a batch is handed over goes into the next one, which follows at once. So a
 * lonely request waits for nobody, and many at a time share the cost.
 */
export class Gatherer {
  readonly #out: SourceOutput;
  readonly #settings: GatherSettings;
  readonly #stopping: AbortSignal;
  #queue: Waiting[] = [];
  #queuedBytes = 0;
  /** Requests without an answer, queued or not. */
  #requests = 0;
  #busy = false;

  /** @param stopping aborted: what is not durable yet is not waited for */
  constructor(out: SourceOutput, settings: GatherSettings, stopping: AbortSignal) {
    this.#out = out;
    this.#settings = settings;
    this.#stopping = stopping;
  }

  /**
   * Hands rows over; releases the body they lie in as soon as it is not needed.
   * @throws Refusal 429 when too many wait already, 503 when the agent stops before the rows are durable
   * @throws SluiceError CHANNEL_FULL
   */
  add(rows: readonly Row[], body: HeldBody): Promise<void> {
    let bytes = 0;
    for (const row of rows) bytes += row.body.length;
    const { mostRequests, mostBytes } = this.#settings;
    if (this.#requests >= mostRequests || (this.#queue.length > 0 && this.#queuedBytes + bytes > mostBytes)) {
      return Promise.reject(new Refusal(429, 'too many requests wait for the channel'));
    }
    this.#requests++;
    this.#queuedBytes += bytes;
    return new Promise((resolve, reject) => {
      const ended = (): void => {
        this.#requests--;
      };
      this.#queue.push({
        rows,
        bytes,
        body,
        since: this.#settings.now(),
        end: 0,
        resolve: () => {
          ended();
          resolve();
        },
        reject: (error) => {
          ended();
          reject(error);
        },
      });
      if (this.#busy) return;
      this.#busy = true;
      // What else has come in this turn of the event loop goes along.
      setImmediate(() => void this.#drain());
    });
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#next();
      try {
        this.#accepted(batch, await this.#emit(batch));
      } catch (error) {
        for (const waiting of batch) waiting.reject(error);
      }
    }
    this.#busy = false;
  }

  /** The requests of the next batch. */
  #next(): Waiting[] {
    let rows = 0;
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#queue) {
      if (count > 0 && (rows + waiting.rows.length > BATCH_ROWS || bytes + waiting.bytes > BATCH_BYTES)) break;
      rows += waiting.rows.length;
      bytes += waiting.bytes;
      count++;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  #emit(waiting: readonly Waiting[]): Promise<Receipt> {
    const rows: Row[] = [];
    for (const one of waiting) {
      for (const row of one.rows) rows.push(row);
      one.end = rows.length;
    }
    const batch = batchOf(rows);
    for (const one of waiting) {
      one.rows = [];
      one.body.release();
    }
    // Those in front may have waited for long already.
    const { patienceMs, now } = this.#settings;
    const patience = Math.max(0, patienceMs - (now() - waiting[0]!.since));
    return this.#out.emit(batch, { patienceMs: patience, ownsMemory: true });
  }

  #accepted(batch: readonly Waiting[], receipt: Receipt): void {
    if (!this.#settings.durable || receipt.settled) {
      for (const waiting of batch) waiting.resolve();
      return;
    }
    let done = 0;
    const stopping = this.#stopping;
    const onAbort = (): void => {
      for (const waiting of batch.slice(done)) waiting.reject(new Refusal(503, 'the agent is stopping'));
      done = batch.length;
    };
    receipt.onProgress(() => {
      const { lowWater } = receipt;
      while (done < batch.length && batch[done]!.end <= lowWater) batch[done++]!.resolve();
      if (done === batch.length) stopping.removeEventListener('abort', onAbort);
    });
    if (done === batch.length) return;
    if (stopping.aborted) onAbort();
    else stopping.addEventListener('abort', onAbort);
  }
}
