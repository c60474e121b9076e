import type { TailedFile } from './tailed-file.ts';

/** The files that must have a turn without having changed: they hold an event to which the next line may belong, or are to be asked again. */
export class HeldFiles {
  readonly #timeout: number;
  readonly #files = new Set<TailedFile>();

  /** @param timeout milliseconds for which an event waits */
  constructor(timeout: number) {
    this.#timeout = timeout;
  }

  /** A file had its turn. */
  note(file: TailedFile): void {
    if (file.shape?.isHolding || file.content?.turnAt !== undefined) this.#files.add(file);
  }

  /** When the first of them is due, by the monotonic clock. */
  get nextAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const file of this.#files) next = Math.min(next, this.#endOf(file));
    return next;
  }

  /** The files that are due: an event has waited long enough, or `content.turnAt` has come. */
  due(now: number): TailedFile[] {
    const due: TailedFile[] = [];
    for (const file of this.#files) {
      if (this.#endOf(file) > now) continue;
      this.#files.delete(file);
      due.push(file);
    }
    return due;
  }

  #endOf({ shape, content }: TailedFile): number {
    if (content?.turnAt !== undefined) return content.turnAt;
    return shape?.isHolding ? shape.since + this.#timeout : Number.NEGATIVE_INFINITY;
  }
}
