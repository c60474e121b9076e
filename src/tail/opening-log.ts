import type { Logger } from '../component/context.ts';
import type { TailedFile } from './tailed-file.ts';

/** So many files of a look are told one by one. */
const MOST = 100;

/** Logs the files that a look finds as Flume does, and of very many only how many they are: a hundred thousand lines take as long as the look. */
export class OpeningLog {
  readonly #log: Logger;
  #files = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(file: TailedFile): void {
    if (++this.#files > MOST) return;
    this.#log.info(`Opening file: ${file.path}, inode: ${file.id.inode}, pos: ${file.offset}`);
  }

  /** The look is over. */
  end(): void {
    if (this.#files > MOST) this.#log.info(`Opening ${this.#files - MOST} more files`);
    this.#files = 0;
  }
}
