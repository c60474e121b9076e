/** Those who wait at an empty channel for rows, in the order in which they came. */
export class Takers {
  readonly #waiting: ((open: boolean) => void)[] = [];

  /** Resolves with true when it was woken, false when the channel closes or the signal is aborted. */
  wait(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const wake = (open: boolean): void => {
        signal.removeEventListener('abort', onAbort);
        resolve(open);
      };
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(wake), 1);
        resolve(false);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(wake);
    });
  }

  /** There are rows for one of them. */
  wakeOne(): void {
    this.#waiting.shift()?.(true);
  }

  /** The channel closes. */
  close(): void {
    for (const wake of this.#waiting.splice(0)) wake(false);
  }
}
