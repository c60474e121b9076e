import { statfs } from 'node:fs/promises';
import type { Clock } from '../../component/context.ts';
import { SluiceError } from '../../errors.ts';

/** For how long what was measured is believed, less what was written since. */
const BELIEVED_MS = 3000;

/** Watches that a file system keeps some room. */
export class FreeSpace {
  readonly #least: number;
  readonly #clock: Clock;
  #dir = '';
  #free = 0;
  #until = 0;

  /** @param least bytes that are to stay free */
  constructor(least: number, clock: Clock) {
    this.#least = least;
    this.#clock = clock;
  }

  /** What is wrong when so many bytes more are written in that directory; `undefined`: nothing. */
  async shortage(dir: string, bytes: number): Promise<SluiceError | undefined> {
    const now = this.#clock.monotonic();
    if (dir !== this.#dir || now >= this.#until || this.#free - bytes < this.#least) {
      const { bavail, bsize } = await statfs(dir);
      this.#dir = dir;
      this.#free = bavail * bsize;
      this.#until = now + BELIEVED_MS;
    }
    this.#free -= bytes;
    if (this.#free >= this.#least) return undefined;
    this.#until = 0;
    return new SluiceError(
      'NO_SPACE',
      `${dir} has ${this.#free + bytes} bytes free, and minimumRequiredSpace = ${this.#least} are to stay free`,
    );
  }
}
