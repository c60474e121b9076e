import { basename, dirname } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Logger } from '../component/context.ts';
import { describeError } from '../errors.ts';
import type { FileGroup } from './file-groups.ts';

/**
 * Hears from the kernel that something happened in the folders. It is only ever a hint to look: what is lost (an overflow of the
 * kernel's queue is not reported) is found by the rescan.
 */
export class FolderWatch {
  readonly #groups: readonly FileGroup[];
  readonly #log: Logger;
  readonly #onChange: (path: string, isNew: boolean) => void;
  #watcher: FSWatcher | undefined;
  /** The watch does not work, files have to be asked. */
  hasFailed = false;

  constructor(groups: readonly FileGroup[], log: Logger, onChange: (path: string, isNew: boolean) => void) {
    this.#groups = groups;
    this.#log = log;
    this.#onChange = onChange;
  }

  /** Resolves when changes are heard. */
  start(): Promise<void> {
    const dirs = [...new Set(this.#groups.map((group) => group.dir))];
    const watcher = watch(dirs, {
      ignoreInitial: true,
      // With 0 a folder that was deleted and made again is not heard any more.
      depth: 1,
      // Else a rename within 100 ms is taken for a write, and some names are left out.
      atomic: false,
      awaitWriteFinish: false,
      ignored: (path) => !dirs.includes(path) && !this.#isWanted(path),
    });
    this.#watcher = watcher;
    watcher.on('all', (event, path) => this.#onChange(path, event !== 'change'));
    return new Promise((resolve) => {
      watcher.on('ready', resolve);
      watcher.on('error', (error) => {
        if (!this.hasFailed)
          this.#log.warn(`cannot watch ${dirs.join(', ')}, files are asked instead: ${describeError(error)}`);
        this.hasFailed = true;
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    await this.#watcher?.close();
  }

  #isWanted(path: string): boolean {
    const dir = dirname(path);
    return this.#groups.some((group) => group.dir === dir && group.matches(basename(path)));
  }
}
