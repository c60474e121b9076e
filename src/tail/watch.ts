import { stat } from 'node:fs/promises';
import { basename, join, normalize } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Logger } from '../component/context.ts';
import { describeError } from '../errors.ts';

/** What the kernel reports. It is only ever a hint to look: what is lost (an overflow of its queue is not reported) is found by the rescan. */
export interface FolderReports {
  /** Something happened to a name in a folder: it was made, moved or deleted (`isNew`), or merely written to. */
  onName(path: string, isNew: boolean): void;
  /** A folder has come or gone. */
  onFolder(dir: string): void;
}

/**
 * Hears from the kernel what happens in folders, by one watch each. The files are left out (`ignored`): chokidar would call `lstat` at each
 * write and hold back all but 20 a second; what it passes on of a folder's own watch comes at once, for 10 us instead of 16.
 */
export class FolderWatch {
  readonly #log: Logger;
  readonly #reports: FolderReports;
  readonly #watch: typeof watch;
  readonly #watchers = new Map<string, FSWatcher>();
  /** What the folders are, by device and inode. */
  readonly #ids = new Map<string, string>();
  /** A folder cannot be watched, its files have to be asked. */
  hasFailed = false;

  /** @param watchFolder stands for chokidar's `watch` in tests */
  constructor(log: Logger, reports: FolderReports, watchFolder: typeof watch = watch) {
    this.#log = log;
    this.#reports = reports;
    this.#watch = watchFolder;
  }

  /** Resolves when changes in the folder are heard, or cannot be. A folder that is missing is heard when it comes. */
  add(dir: string): Promise<void> {
    if (this.#watchers.has(dir)) return Promise.resolve();
    const path = dir === '/' ? dir : normalize(dir).replace(/\/$/, '');
    const own = join(path, basename(path));
    const watcher = this.#watch(path, {
      ignoreInitial: true,
      // With 0 a folder that was deleted and made again is not heard any more.
      depth: 1,
      // Else a rename within 100 ms is taken for a write, and some names are left out.
      atomic: false,
      awaitWriteFinish: false,
      // The kernel reports the end of a folder as one of a name in it, which is the folder's own.
      ignored: (other) => other !== path && other !== own,
    });
    this.#watchers.set(dir, watcher);
    watcher.on('raw', (event, name, details) => {
      // While the folder is missing the one above is watched.
      if (name === null || !isAbout(details, path)) return;
      this.#reports.onName(dir === '/' ? `/${name}` : `${dir}/${name}`, event !== 'change');
      // So the folder itself is reported as moved.
      if (event !== 'change' && name === basename(path)) this.#reports.onFolder(dir);
    });
    watcher.on('all', () => this.#reports.onFolder(dir));
    return new Promise((resolve) => {
      watcher.on('ready', resolve);
      watcher.on('error', (error) => {
        this.#failed(dir, error);
        resolve();
      });
    });
  }

  /** Watches these folders and no others. */
  async keep(dirs: ReadonlySet<string>): Promise<void> {
    for (const dir of [...this.#watchers.keys()]) if (!dirs.has(dir)) await this.#remove(dir);
    for (const dir of dirs) await this.add(dir);
  }

  /**
   * Watches folders anew that are others than before: the kernel watches what a folder is, not its name, which another one may have been moved to, or
   * a link have been led to. Resolves with whether there were some: what happened in them meanwhile was not heard.
   */
  async renew(): Promise<boolean> {
    let isRenewed = false;
    for (const dir of [...this.#watchers.keys()]) {
      const stats = await stat(dir, { bigint: true }).catch(() => undefined);
      if (stats === undefined) continue;
      const known = this.#ids.get(dir);
      const id = `${stats.dev}:${stats.ino}`;
      if (known !== undefined && known !== id) {
        await this.#remove(dir);
        await this.add(dir);
        isRenewed = true;
      }
      this.#ids.set(dir, id);
    }
    return isRenewed;
  }

  async #remove(dir: string): Promise<void> {
    const watcher = this.#watchers.get(dir);
    this.#watchers.delete(dir);
    this.#ids.delete(dir);
    await watcher?.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#watchers.keys()].map((dir) => this.#remove(dir)));
  }

  #failed(dir: string, error: unknown): void {
    if (!this.hasFailed)
      this.#log.warn(`cannot watch ${dir}, files are asked instead, once a second: ${describeError(error)}`);
    this.hasFailed = true;
  }
}

function isAbout(details: unknown, path: string): boolean {
  return typeof details === 'object' && details !== null && 'watchedPath' in details && details.watchedPath === path;
}
