import type { Clock } from '../component/context.ts';

/** A sleep that ends early when somebody wakes it, also when the call came before it began. */
export class Waker {
  readonly #clock: Clock;
  #sleep: AbortController | undefined;
  #isWoken = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wake(): void {
    this.#isWoken = true;
    this.#sleep?.abort();
  }

  async sleep(ms: number): Promise<void> {
    if (!this.#isWoken && ms > 0) {
      this.#sleep = new AbortController();
      await this.#clock.sleep(ms, this.#sleep.signal);
      this.#sleep = undefined;
    }
    this.#isWoken = false;
  }
}
