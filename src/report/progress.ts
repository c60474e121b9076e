import type { Progress } from './load.ts';
import { bytesWords, numberWords } from './words.ts';

/** Who waits longer is told how far it is. */
const PATIENCE_MS = 1000;
const TELL_MS = 200;

/** Something that may be a terminal. */
export interface Terminal {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A line on a terminal that says how far the reading is; nothing where it is no terminal, or goes quickly. */
export class Meter {
  readonly #stream: Terminal;
  readonly #clock: () => number;
  readonly #started: number;
  #told = 0;

  /** @param clock milliseconds that only grow */
  constructor(stream: Terminal, clock: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#clock = clock;
    this.#started = clock();
  }

  tell({ files, ofFiles, bytes, ofBytes }: Progress): void {
    const now = this.#clock();
    if (this.#stream.isTTY !== true || now - this.#started < PATIENCE_MS || now - this.#told < TELL_MS) return;
    this.#told = now;
    const share = Math.floor((100 * bytes) / Math.max(1, ofBytes));
    const line = `Reading: ${numberWords(files)} of ${numberWords(ofFiles)} files, ${bytesWords(bytes)} of ${bytesWords(ofBytes)} (${share} %)`;
    this.#stream.write(`\r${line}\x1b[K`);
  }

  end(): void {
    if (this.#told > 0) this.#stream.write('\r\x1b[K');
  }
}
