import type { Logger } from '../component/context.ts';

/** Lines of warning in so many milliseconds at the most. */
const PERIOD_MS = 60_000;
const LINES = 20;

/** Warnings that peers cause: anybody who can connect can cause them, so there is a limit, and what it kept back is counted. */
export class LogLimit {
  readonly #log: Logger;
  readonly #now: () => number;
  #since = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #kept = 0;

  constructor(log: Logger, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  warn(message: string): void {
    const now = this.#now();
    if (now - this.#since >= PERIOD_MS) {
      this.#since = now;
      this.#lines = 0;
    }
    if (this.#lines >= LINES) {
      this.#kept++;
      return;
    }
    this.#lines++;
    const kept = this.#kept;
    this.#kept = 0;
    this.#log.warn(kept === 0 ? message : `${message} (${kept} more such lines were kept back)`);
  }
}
