import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { SluiceError } from '../errors.ts';
import type { Bzip2Answer, Bzip2Request } from './bzip2-worker.ts';

/** At most this many threads; each takes some 60 MB. */
const MOST_THREADS = 2;

interface Waiting {
  readonly resolve: (packed: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/** One thread, and who waits for an answer of it. */
class Bzip2Thread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  /** Set when the thread has ended: it takes no more. */
  failed = false;

  constructor() {
    // The same extension as this file has: .ts in a checkout, .js when built.
    this.#worker = new Worker(new URL(`./bzip2-worker${extname(import.meta.url)}`, import.meta.url));
    this.#worker.on('message', (answer: Bzip2Answer) => this.#answered(answer));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`the thread ended with ${code}`)));
    this.#worker.unref();
  }

  get load(): number {
    return this.#waiting.size;
  }

  compress(raw: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      // A thread that has nothing to do does not keep the process alive.
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, raw } satisfies Bzip2Request);
    });
  }

  #answered(answer: Bzip2Answer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (answer.packed !== undefined) {
      waiting.resolve(Buffer.from(answer.packed.buffer, answer.packed.byteOffset, answer.packed.byteLength));
    } else if (answer.missing) {
      waiting.reject(new SluiceError('PACKAGE_MISSING', 'the codec bzip2 needs the package bzip2-wasm'));
    } else {
      waiting.reject(new SluiceError('INTERNAL', `bzip2: ${answer.problem}`));
    }
  }

  #fail(error: Error): void {
    this.failed = true;
    const failure = new SluiceError('INTERNAL', `bzip2: ${error.message}`, error);
    for (const waiting of this.#waiting.values()) waiting.reject(failure);
    this.#waiting.clear();
  }
}

/** Threads that compress with bzip2; started when they are first needed. */
export class Bzip2Pool {
  #threads: Bzip2Thread[] = [];

  /** One stream of at most 1 MB. */
  compress(raw: Buffer): Promise<Buffer> {
    this.#threads = this.#threads.filter((thread) => !thread.failed);
    let best: Bzip2Thread | undefined;
    for (const thread of this.#threads) if (best === undefined || thread.load < best.load) best = thread;
    if (
      best === undefined ||
      (best.load > 0 && this.#threads.length < Math.min(MOST_THREADS, availableParallelism()))
    ) {
      best = new Bzip2Thread();
      this.#threads.push(best);
    }
    return best.compress(raw);
  }
}
