import type { OutputFile } from '../component/file-system.ts';

/** How many pieces may be under way: as many as Node's pool has threads. */
const PIECES_UNDER_WAY = 4;

/**
 * Brings pieces that are compressed at the same time into a file in their order. Adding may go on while a flush is under way. After an error
 * everything rejects with it.
 */
export class UnitPipeline {
  readonly #file: OutputFile;
  /** Pieces and flushes, one after the other. */
  #tail: Promise<void> = Promise.resolve();
  readonly #underWay: Promise<void>[] = [];
  /** Being compressed. */
  readonly #compressing = new Set<Promise<unknown>>();
  #pieces = 0;

  constructor(file: OutputFile) {
    this.#file = file;
  }

  /** Nothing was added yet. */
  get empty(): boolean {
    return this.#pieces === 0;
  }

  /** Puts a piece behind all before it, and does not wait. */
  add(piece: Promise<readonly Buffer[]>): void {
    this.#pieces++;
    this.#underWay.push(this.#chain(async () => await this.#file.write(await piece)));
    // Whoever waits for the chain gets the error; nobody may be waiting at this moment.
    const compressed: Promise<void> = piece.then(
      () => {},
      () => {},
    );
    void compressed.then(() => this.#compressing.delete(compressed));
    this.#compressing.add(compressed);
  }

  /** Resolves when there is room for one more piece. */
  async room(): Promise<void> {
    while (this.#underWay.length >= PIECES_UNDER_WAY) await this.#underWay.shift();
  }

  /** @returns the length of the file up to which it is durable: with what was added before the call, and no more. */
  async flush(): Promise<number> {
    let length = 0;
    let flushed: Promise<number> | undefined;
    // Asked for in the chain, between this unit and the next; waited for outside it, so that the next goes on being compressed and written.
    await this.#chain(async () => {
      length = this.#file.length;
      flushed = this.#file.flush();
      flushed.catch(() => {});
    });
    await flushed;
    return length;
  }

  /** Writes all, closes the file. */
  async close(): Promise<void> {
    await this.#chain(() => this.#file.close());
  }

  /** Gives the file up. Resolves when no thread reads any more what was added: its memory may be freed. */
  async abandon(): Promise<void> {
    await Promise.all([this.#file.abandon(), ...this.#compressing]);
  }

  #chain(step: () => Promise<void>): Promise<void> {
    const done = this.#tail.then(step);
    done.catch(() => {});
    this.#tail = done;
    return done;
  }
}
