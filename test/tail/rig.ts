import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { EmitOptions } from '../../src/component/source.ts';
import type { EventBatch } from '../../src/event/event-batch.ts';
import { Receipt, type ReceiptLeg } from '../../src/event/receipt.ts';
import { taildirSource } from '../../src/sources/taildir/index.ts';
import { FakeOutput, SourceRun } from '../sources/harness.ts';
import { TestCheckpoint } from '../support/checkpoint.ts';
import { waitFor } from '../support/wait-for.ts';

/** TAILDIR over the folder `logs`, over several lives that share a checkpoint and a position file. */
export class TailRig {
  readonly #dir: () => string;
  checkpoint = new TestCheckpoint();
  run: SourceRun | undefined;

  constructor(dir: () => string) {
    this.#dir = dir;
  }

  path(name: string): string {
    return join(this.#dir(), 'logs', name);
  }

  get positionFile(): string {
    return join(this.#dir(), 'taildir_position.json');
  }

  put(name: string, content: string | Buffer): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content);
  }

  append(name: string, content: string | Buffer): void {
    appendFileSync(this.path(name), content);
  }

  /** A new life. */
  async start(pattern: string, options: Record<string, string> = {}, out?: FakeOutput): Promise<SourceRun> {
    mkdirSync(join(this.#dir(), 'logs'), { recursive: true });
    const all = {
      filegroups: 'f',
      'filegroups.f': this.path(pattern),
      positionFile: this.positionFile,
      writePosInterval: '20',
      rescanInterval: '30',
      ...options,
    };
    this.run = new SourceRun(taildirSource, all, { checkpoint: this.checkpoint }, out);
    return this.run.start();
  }

  /** Ends the life in order. */
  async stop(): Promise<void> {
    await this.run?.stop();
    this.checkpoint = new TestCheckpoint(this.checkpoint.take());
    this.run = undefined;
  }

  /** Ends the life as a crash would: what stood on disk at this moment is all that the next one has. */
  async crash(): Promise<void> {
    const saved = this.checkpoint.take();
    const positions = existsSync(this.positionFile) ? readFileSync(this.positionFile) : undefined;
    await this.run?.stop().catch(() => {});
    if (positions === undefined) rmSync(this.positionFile, { force: true });
    else writeFileSync(this.positionFile, positions);
    this.checkpoint = new TestCheckpoint(saved);
    this.run = undefined;
  }

  /** Runs one life until so many lines have come, and gives them. */
  async life(pattern: string, rows: number, options: Record<string, string> = {}): Promise<string[]> {
    const run = await this.start(pattern, options);
    await run.out.waitForRows(rows);
    await this.stop();
    return run.out.bodies();
  }

  async said(text: RegExp): Promise<void> {
    await waitFor(() => this.run?.log.lines.some((line) => text.test(line)), { what: `${text} in the log` });
  }

  /** What the checkpoint knows of a file now. */
  saved(name: string): Record<string, unknown> | undefined {
    const { files } = this.checkpoint.take() as { files: Record<string, unknown>[] };
    return files.find(({ path }) => path === this.path(name));
  }
}

/** Stands for a runner with two channels that all rows go to; nothing is durable unless told so. */
export class TwoWays extends FakeOutput {
  readonly lines: { c1: string[]; c2: string[] } = { c1: [], c2: [] };
  readonly legs: { c1: ReceiptLeg; c2: ReceiptLeg }[] = [];
  /** Called before the second channel has the rows. */
  between: (() => Promise<void>) | undefined;

  override async emit(batch: EventBatch, options?: EmitOptions): Promise<Receipt> {
    const receipt = new Receipt(batch.length);
    options?.onReceipt?.(receipt);
    const c1 = this.#put(batch, receipt, 'c1', options);
    await this.between?.();
    const c2 = this.#put(batch, receipt, 'c2', options);
    this.legs.push({ c1, c2 });
    this.emitted.push({ batch, leg: c1, receipt });
    receipt.seal();
    return receipt;
  }

  #put(batch: EventBatch, receipt: Receipt, channel: 'c1' | 'c2', options: EmitOptions | undefined): ReceiptLeg {
    const done = new Set(options?.settled?.get(channel));
    const rows = Array.from({ length: batch.length }, (_, row) => row).filter((row) => !done.has(row));
    for (const row of rows) this.lines[channel].push(batch.bodyOf(row).toString());
    return receipt.leg(channel, rows.length === batch.length ? undefined : Uint32Array.from(rows));
  }
}
