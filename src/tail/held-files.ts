import type { TailedFile } from './tailed-file.ts';

/** The files that hold an event to which the next line may belong. */
export class HeldFiles {
  readonly #timeout: number;
  readonly #files = new Set<TailedFile>();

  /** @param timeout milliseconds for which an event waits */
  constructor(timeout: number) {
    this.#timeout = timeout;
  }

  /** A file had its turn. */
  note(file: TailedFile): void {
    if (file.shape?.isHolding) this.#files.add(file);
  }

  /** When the first event has waited long enough, by the monotonic clock. */
  get nextAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const file of this.#files) next = Math.min(next, this.#endOf(file));
    return next;
  }

  /** The files whose events have waited long enough. */
  due(now: number): TailedFile[] {
    const due: TailedFile[] = [];
    for (const file of this.#files) {
      if (this.#endOf(file) > now) continue;
      this.#files.delete(file);
      if (file.shape?.isHolding) due.push(file);
    }
    return due;
  }

  #endOf({ shape }: TailedFile): number {
    return shape?.isHolding ? shape.since + this.#timeout : Number.NEGATIVE_INFINITY;
  }
}
