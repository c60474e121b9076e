/** How many things may be worked on at a time; the others wait their turn, first come, first served. */
export class WorkSlots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(slots: number) {
    this.#free = slots;
  }

  /** Calls back, at once or later, when a slot is there; every call is answered by one `release`. */
  take(start: () => void): void {
    if (this.#free > 0) {
      this.#free--;
      start();
    } else this.#waiting.push(start);
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
