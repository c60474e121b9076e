import { javaRegex } from '../options/java-regex.ts';

/** How much of a line a pattern is held against, in bytes. */
export const MAX_MATCHED = 512;

/** How lines are joined to events. */
export interface MultilineOptions {
  /** A line in which this Java pattern is found begins an event. */
  readonly start?: string;
  /** A line in which this one is found belongs to the event before it. */
  readonly continuation?: string;
  /** The most lines and bytes of an event; the next line then begins another one. */
  readonly maxLines: number;
  readonly maxBytes: number;
}

/** Tells whether a line goes on with the event before it. */
export class LinePattern {
  readonly maxLines: number;
  readonly maxBytes: number;
  readonly #start: RegExp | undefined;
  readonly #continuation: RegExp | undefined;

  constructor(options: MultilineOptions) {
    this.maxLines = options.maxLines;
    this.maxBytes = options.maxBytes;
    if (options.start !== undefined) this.#start = javaRegex(options.start).regex;
    if (options.continuation !== undefined) this.#continuation = javaRegex(options.continuation).regex;
  }

  /** With both patterns a line must be no start, and be a continuation. */
  continues(bytes: Buffer, start: number, end: number): boolean {
    // A string of the beginning: 80 ns a line of 320 bytes, as with latin1; a string of a whole MiB and slices of it take longer.
    const head = bytes.toString('utf8', start, Math.min(end, start + MAX_MATCHED));
    if (this.#start?.test(head)) return false;
    return this.#continuation === undefined || this.#continuation.test(head);
  }
}
