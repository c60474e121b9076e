import type { OutputFile } from '../../src/component/file-system.ts';

/** A file in memory that knows what of it is durable, and whether it was used as the contract says. */
export class MemoryFile implements OutputFile {
  readonly path = '/memory';
  readonly chunks: Buffer[] = [];
  length = 0;
  durable = 0;
  closed = false;
  abandoned = false;
  /** Set to make every further call reject. */
  failure: Error | undefined;
  /** Awaited by every write and flush, to hold them up. */
  gate: Promise<void> = Promise.resolve();
  /** Awaited by every flush only. */
  flushGate: Promise<void> = Promise.resolve();

  async write(chunks: readonly Buffer[]): Promise<void> {
    this.#usable();
    for (const chunk of chunks) {
      this.chunks.push(chunk);
      this.length += chunk.length;
    }
    await this.gate;
  }

  async flush(): Promise<number> {
    this.#usable();
    const length = this.length;
    await this.gate;
    await this.flushGate;
    this.durable = length;
    return this.length;
  }

  async close(): Promise<void> {
    await this.flush();
    this.closed = true;
  }

  async abandon(): Promise<void> {
    this.abandoned = true;
  }

  /** All bytes, or those up to `end`. */
  bytes(end = this.length): Buffer {
    return Buffer.concat(this.chunks).subarray(0, end);
  }

  #usable(): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.closed || this.abandoned) throw new Error('the file is closed');
  }
}
