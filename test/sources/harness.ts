import type { LogFields, Logger } from '../../src/component/context.ts';
import { newSourceCounters } from '../../src/component/counters.ts';
import type { Declaration } from '../../src/component/declaration.ts';
import type { EmitOptions, Source, SourceContext, SourceOutput } from '../../src/component/source.ts';
import type { EventBatch } from '../../src/event/event-batch.ts';
import { Receipt, type ReceiptLeg } from '../../src/event/receipt.ts';
import { bind } from '../../src/options/bind.ts';
import { TestCheckpoint } from '../support/checkpoint.ts';
import { waitFor } from '../support/wait-for.ts';

/** A log that keeps its lines as `LEVEL message`. */
export class MemoryLog implements Logger {
  readonly lines: string[] = [];
  readonly isDebug = true;
  error(message: string, _fields?: LogFields): void {
    this.lines.push(`ERROR ${message}`);
  }
  warn(message: string, _fields?: LogFields): void {
    this.lines.push(`WARN ${message}`);
  }
  info(message: string, _fields?: LogFields): void {
    this.lines.push(`INFO ${message}`);
  }
  debug(message: string, _fields?: LogFields): void {
    this.lines.push(`DEBUG ${message}`);
  }
}

/** What one call of `emit` brought. */
export interface Emitted {
  readonly batch: EventBatch;
  readonly leg: ReceiptLeg;
  readonly receipt: Receipt;
}

/** Stands for the runner: keeps every batch, hands out receipts with one leg, and settles them at once unless told otherwise. */
export class FakeOutput implements SourceOutput {
  readonly emitted: Emitted[] = [];
  readonly options: (EmitOptions | undefined)[] = [];
  /** Whether rows are durable as soon as they are accepted. */
  settle = true;
  /** Called before a batch is accepted; what it throws, `emit` throws. */
  before: ((batch: EventBatch) => Promise<void> | void) | undefined;
  #ready = Promise.withResolvers<void>();

  async emit(batch: EventBatch, options?: EmitOptions): Promise<Receipt> {
    const receipt = new Receipt(batch.length);
    options?.onReceipt?.(receipt);
    await this.before?.(batch);
    const leg = receipt.leg('c');
    receipt.seal();
    this.emitted.push({ batch, leg, receipt });
    this.options.push(options);
    if (this.settle) leg.settle(0, batch.length);
    return receipt;
  }

  ready(): void {
    this.#ready.resolve();
  }

  get whenReady(): Promise<void> {
    return this.#ready.promise;
  }

  /** Rows so far. */
  get rows(): number {
    return this.emitted.reduce((sum, { batch }) => sum + batch.length, 0);
  }

  /** The bodies so far, as text in the given encoding. */
  bodies(encoding: BufferEncoding = 'utf8'): string[] {
    return this.emitted.flatMap(({ batch }) =>
      Array.from({ length: batch.length }, (_, row) => batch.bodyOf(row).toString(encoding)),
    );
  }

  /** The headers of each row so far. */
  headers(): Record<string, string>[] {
    return this.emitted.flatMap(({ batch }) =>
      Array.from({ length: batch.length }, (_, row) => {
        const found: Record<string, string> = {};
        for (const column of batch.headers) {
          const value = column.value(row);
          if (value !== undefined) found[column.name] = value;
        }
        return found;
      }),
    );
  }

  async waitForRows(count: number): Promise<void> {
    await waitFor(() => this.rows >= count, { what: `${count} rows`, everyMs: 2 });
  }
}

/** A source under test: made from option texts as a configuration would, run against a fake output. */
export class SourceRun {
  readonly log = new MemoryLog();
  readonly counters = newSourceCounters();
  readonly out: FakeOutput;
  readonly source: Source;
  #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(
    declaration: Declaration<'source'>,
    options: Readonly<Record<string, string>>,
    more: Partial<SourceContext> = {},
    out: FakeOutput = new FakeOutput(),
  ) {
    this.out = out;
    const raw = new Map(Object.entries(options).map(([key, text]) => [key, { text }]));
    const bound = bind(declaration, raw, 'source r', () => ({ known: [] }));
    const errors = bound.problems.filter((problem) => problem.severity === 'error');
    if (errors.length > 0) throw new Error(errors.map((problem) => problem.message).join('; '));
    this.source = declaration.create(bound.values, {
      agent: 'a',
      name: 'r',
      log: this.log,
      counters: this.counters,
      clock: systemClock,
      stateDir: '/nowhere',
      checkpoint: new TestCheckpoint(),
      homeDir: '/nowhere',
      host: { name: 'h', address: '127.0.0.1', canonicalName: 'h' },
      env: process.env,
      systemProperties: new Map(),
      fileSystem: () => {
        throw new Error('no file system in this test');
      },
      ...more,
    });
  }

  /** Starts it and waits until it is ready (or has ended, or failed). */
  async start(): Promise<this> {
    this.#running = this.source.run(this.out, this.#stop.signal);
    this.#running.catch(() => {});
    await Promise.race([this.out.whenReady, this.#running]);
    return this;
  }

  /** Resolves when `run` has ended by itself. */
  async ended(): Promise<void> {
    await this.#running;
  }

  /** Stops it and waits for its end. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('stop'));
    await this.#running;
  }
}

export const systemClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (signal?.aborted) return resolve();
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      }
      signal?.addEventListener('abort', done);
    }),
};
