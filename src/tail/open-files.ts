import { readFileSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import type { Logger } from '../component/context.ts';
import type { TailedFile } from './tailed-file.ts';

/** This part of the descriptors that the process may have. */
const SHARE = 1 / 4;

/** The files that are open. Of those that rest no more are kept open than allowed, and fewer when the descriptors run out. */
export class OpenFiles {
  readonly #log: Logger;
  /** The one read longest ago first. */
  readonly #files = new Set<TailedFile>();
  #most: number;
  #hasLacked = false;

  constructor(most: number, log: Logger) {
    this.#log = log;
    this.#most = Math.max(1, Math.min(most, Math.floor(descriptorLimit() * SHARE)));
  }

  all(): ReadonlySet<TailedFile> {
    return this.#files;
  }

  /** Opens a file for its turn. False when there is nothing or another file under its name. @throws the error of the system */
  async take(file: TailedFile): Promise<boolean> {
    if (!(await this.#open(file))) return false;
    if (this.#files.size > this.#most) {
      const victim = this.#victim(file);
      if (victim !== undefined) await this.close(victim);
    }
    return true;
  }

  /** What is open survives its name: new files are not lost when they are rotated away before their turn. */
  async openSoon(files: readonly TailedFile[]): Promise<void> {
    for (const file of files) {
      if (this.#files.size >= this.#most) return;
      // A failure comes again in its turn, and is told then.
      if (!file.isOpen) await this.#open(file).catch(() => {});
    }
  }

  async close(file: TailedFile): Promise<void> {
    this.#files.delete(file);
    await file.close();
  }

  async #open(file: TailedFile): Promise<boolean> {
    for (;;) {
      try {
        const result = await file.open();
        if (result === 'missing') return false;
        // Links, and what may be one, are not among the local ones.
        if (result === 'open' && !file.isLocal && file.awayPath === undefined) await noteRealPath(file);
        this.#files.delete(file);
        this.#files.add(file);
        if (result === 'other') {
          this.#log.info(
            `${file.path} has other content than was read under its inode ${file.id.inode}; it is read from its beginning`,
          );
        }
        return true;
      } catch (error) {
        if (!isLack(error) || !(await this.#makeRoom())) throw error;
      }
    }
  }

  /** Closes a quarter of the files, and keeps no more open from now on. @returns whether one could be closed */
  async #makeRoom(): Promise<boolean> {
    const before = this.#files.size;
    for (let count = Math.ceil(before / 4); count > 0; count--) {
      const victim = this.#victim();
      if (victim !== undefined) await this.close(victim);
    }
    if (this.#files.size === before) return false;
    this.#most = Math.max(1, Math.min(this.#most, this.#files.size));
    if (!this.#hasLacked) {
      this.#log.warn(
        `there are no file descriptors left (ulimit -n): from now on at most ${this.#most} files are kept open, others are opened when they grow`,
      );
    }
    this.#hasLacked = true;
    return true;
  }

  /** The open file to be closed first; one that was renamed away or deleted is read to its end before. */
  #victim(but?: TailedFile): TailedFile | undefined {
    let waiting: TailedFile | undefined;
    for (const file of this.#files) {
      if (file.isGone || file.isBusy || file === but) continue;
      if (!file.isQueued) return file;
      waiting ??= file;
    }
    return waiting;
  }
}

/** Notes where a link leads: there what it leads to now is looked for when it is led elsewhere. */
export async function noteRealPath(file: TailedFile): Promise<void> {
  const real = await realpath(file.path).catch(() => undefined);
  if (real === undefined || real === file.path || real === file.realPath) return;
  file.realPath = real;
  file.touch();
}

function isLack(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EMFILE' || code === 'ENFILE';
}

/** How many descriptors this process may have; where that cannot be found out, it shows when they run out. */
function descriptorLimit(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
