/** Offsets where an event ended because nothing came for some time: what is read again after a crash is parted there too. */
export class Cuts {
  #offsets: readonly number[] = [];
  #at = 0;

  reset(offsets: readonly number[]): void {
    this.#offsets = offsets;
    this.#at = 0;
  }

  /** Whether one lies between the line before and this one; to be asked in the order of the lines. */
  at(offset: number): boolean {
    if (this.#at === this.#offsets.length || this.#offsets[this.#at]! > offset) return false;
    while (this.#at < this.#offsets.length && this.#offsets[this.#at]! <= offset) this.#at++;
    return true;
  }
}
