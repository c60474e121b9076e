/**
 * The devices whose files tell when they were made: that time is another one when the inode of a deleted file is used again. Where it is not kept, systems give 0,
 * or the time of the last change.
 */
export class Births {
  readonly #devices = new Set<bigint>();

  /** Learns from a file whether its device tells. */
  learn(stats: { readonly dev: bigint; readonly birthtimeNs: bigint; readonly ctimeNs: bigint }): void {
    if (stats.birthtimeNs > 0n && stats.birthtimeNs !== stats.ctimeNs) this.#devices.add(stats.dev);
  }

  /** Whether a file was made at another time than the one that was known; 0n: not known. */
  differs(known: bigint, stats: { readonly dev: bigint; readonly birthtimeNs: bigint }): boolean {
    return known > 0n && stats.birthtimeNs > 0n && known !== stats.birthtimeNs && this.#devices.has(stats.dev);
  }
}
