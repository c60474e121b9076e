import type { Readable } from 'node:stream';

/** So much output is gathered while the channel is busy; then the command has to wait. */
const MAX_GATHERED = 1 << 20;

/**
 * Gathers what a stream brings while nobody asks, up to a bound. Measured with `cat` of 640 MB: 'data' events bring 1.6 to 2.3 GB/s in pieces
 * of 64 KiB, async iteration 1.2 to 1.9, reading the descriptor in the thread pool 0.7 to 1.2.
 */
export class ChunkReader {
  readonly #stream: Readable;
  #chunks: Buffer[] = [];
  #size = 0;
  #isEnded = false;
  #wake: (() => void) | undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#size += chunk.length;
      if (this.#size >= MAX_GATHERED) stream.pause();
      this.#wake?.();
    });
    const end = () => {
      this.#isEnded = true;
      this.#wake?.();
    };
    stream.on('end', end).on('close', end).on('error', end);
  }

  /** All that has come; waits for something. Nothing at the end. */
  async next(): Promise<Buffer[]> {
    while (this.#chunks.length === 0 && !this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#size = 0;
    if (this.#stream.isPaused()) this.#stream.resume();
    return chunks;
  }
}
