import { setImmediate as nextTurn } from 'node:timers/promises';

/** So much is read in a turn of the event loop: 1 MiB takes up to 60 ms. */
const TURN_BYTES = 1 << 20;

/**
 * Shares the turns of the event loop among requests: what is read in one of them is bounded, however many long requests have come at once. Short ones go
 * together and wait for nothing.
 */
export class Turns {
  /** Bytes read in this turn. */
  #spent = 0;
  /** Resolves in the turn of the last one who waits. */
  #last: Promise<void> | undefined;

  /** Before so many bytes are read: `undefined` when there is room in this turn, else resolves in one of their own. */
  take(bytes: number): Promise<void> | undefined {
    if (this.#last !== undefined || (this.#spent > 0 && this.#spent + bytes > TURN_BYTES)) return this.#wait(bytes);
    if (this.#spent === 0) this.#beginAnew();
    this.#spent += bytes;
    return undefined;
  }

  /** With the next turn, unless somebody waits for one: he begins it then. */
  #beginAnew(): void {
    setImmediate(() => {
      if (this.#last === undefined) this.#spent = 0;
    });
  }

  #wait(bytes: number): Promise<void> {
    const before = this.#last ?? Promise.resolve();
    const mine = before.then(async () => {
      if (this.#spent + bytes > TURN_BYTES) {
        await nextTurn();
        this.#spent = 0;
      }
      this.#spent += bytes;
      if (this.#last !== mine) return;
      this.#last = undefined;
      this.#beginAnew();
    });
    this.#last = mine;
    return mine;
  }
}
