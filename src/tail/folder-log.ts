import type { Logger } from '../component/context.ts';
import { describeError } from '../errors.ts';
import type { Scan } from './folder-scan.ts';

/** Logs when folders are missing or cannot be listed, and when that is over: once each. */
export class FolderLog {
  readonly #log: Logger;
  readonly #missing = new Set<string>();
  readonly #unlisted = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  report({ missing, unlisted }: Pick<Scan, 'missing' | 'unlisted'>): void {
    for (const dir of missing) {
      if (!this.#missing.has(dir)) this.#log.warn(`the folder ${dir} is missing; it is waited for`);
    }
    for (const [dir, error] of unlisted) {
      if (!this.#unlisted.has(dir))
        this.#log.warn(`cannot list the folder ${dir}, it is tried again: ${describeError(error)}`);
    }
    for (const dir of [...this.#missing, ...this.#unlisted]) {
      if (!missing.has(dir) && !unlisted.has(dir)) this.#log.info(`the folder ${dir} is there again`);
    }
    this.#missing.clear();
    this.#unlisted.clear();
    for (const dir of missing) this.#missing.add(dir);
    for (const dir of unlisted.keys()) this.#unlisted.add(dir);
  }
}
