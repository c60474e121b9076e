import type { Clock, Logger } from '../component/context.ts';
import type { FileSystem } from '../component/file-system.ts';
import { describeError, SluiceError } from '../errors.ts';
import { withCallTimeout } from './call-timeout.ts';
import type { EventFileEnd } from './event-file.ts';

export interface ConclusionSettings {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly log: Logger;
  /** Tries until a file is left as it is; Infinity: none is. */
  readonly tries: number;
  readonly retryMs: number;
  /** How long one call may take; 0: for ever. */
  readonly callTimeoutMs: number;
}

/** A file that nothing more is written to, on its way to its final name. */
interface Ending {
  readonly end: EventFileEnd;
  readonly path: string;
  /** The final name; `again` asks for another one, since this is taken. The same as `path`: no renaming. */
  readonly finalPath: (again: boolean) => string;
  cut: boolean;
  tries: number;
  nextAt: number;
  /** The try that is under way. */
  attempt: Promise<void> | undefined;
}

/**
 * Brings files to their end: cuts off what was never confirmed (those rows come again in another file), and gives them their final
 * names, which are never another file's. What does not work is tried again in the background.
 */
export class Conclusions {
  readonly #settings: ConclusionSettings;
  readonly #open = new Set<Ending>();

  constructor(settings: ConclusionSettings) {
    this.#settings = settings;
  }

  /** How many files have not come to their end. */
  get open(): number {
    return this.#open.size;
  }

  /** Brings a file to its end, or begins to: resolves after the first try. Never rejects. */
  async conclude(end: EventFileEnd, finalPath: Ending['finalPath']): Promise<void> {
    if (end.path === undefined) return;
    const ending: Ending = {
      end,
      path: end.path,
      finalPath,
      cut: end.whole,
      tries: 0,
      nextAt: 0,
      attempt: undefined,
    };
    this.#open.add(ending);
    await this.#attempt(ending);
  }

  /** Tries again what is due, without waiting for it. */
  retry(now: number): void {
    for (const ending of this.#open) if (ending.nextAt <= now) void this.#attempt(ending);
  }

  /** One more try for each, at the end; says what is left. */
  async finish(): Promise<void> {
    await Promise.all(Array.from(this.#open, (ending) => ending.attempt));
    await Promise.all(Array.from(this.#open, (ending) => this.#attempt(ending)));
    for (const { path, end } of this.#open) {
      this.#settings.log.warn(`${path} is left as it is; its first ${end.length} bytes (${end.rows} events) are right`);
    }
    this.#open.clear();
  }

  #attempt(ending: Ending): Promise<void> {
    ending.attempt ??= this.#try(ending).finally(() => {
      ending.attempt = undefined;
    });
    return ending.attempt;
  }

  async #try(ending: Ending): Promise<void> {
    const { clock, log, tries, retryMs } = this.#settings;
    ending.nextAt = Number.POSITIVE_INFINITY;
    ending.tries++;
    try {
      await this.#act(ending);
      this.#open.delete(ending);
    } catch (error) {
      if (ending.tries >= tries) {
        this.#open.delete(ending);
        log.error(`${ending.path} is left as it is after ${ending.tries} tries: ${describeError(error)}`);
      } else {
        ending.nextAt = clock.now() + retryMs;
        log.warn(
          `${ending.path} is not finished yet, it is tried again in ${retryMs / 1000} s: ${describeError(error)}`,
        );
      }
    }
  }

  async #act(ending: Ending): Promise<void> {
    const { end, path } = ending;
    const { fileSystem, log } = this.#settings;
    if (!ending.cut) {
      if (end.rows === 0) {
        await this.#removeEmpty(ending);
        return;
      }
      try {
        await this.#timed(`cutting ${path}`, fileSystem.truncate(path, end.length));
      } catch (error) {
        if (codeOf(error) !== 'FILE_NOT_FOUND') throw error;
        log.error(`${path} was removed by somebody, with ${end.rows} events in it`);
        return;
      }
      ending.cut = true;
    }
    let again = false;
    for (;;) {
      const target = ending.finalPath(again);
      if (target === path) return;
      try {
        await this.#timed(`renaming ${path}`, fileSystem.rename(path, target));
        return;
      } catch (error) {
        if (codeOf(error) === 'FILE_NOT_FOUND' || codeOf(error) === 'FILE_EXISTS') {
          if (!(await this.#isThere(path))) {
            // An earlier try has worked, though it failed.
            if (!(await this.#isThere(target)))
              log.error(`${path} was removed by somebody, with ${end.rows} events in it`);
            return;
          }
        }
        if (codeOf(error) !== 'FILE_EXISTS') throw error;
        again = true;
      }
    }
  }

  /** A file without a confirmed row: it goes, if it is ours. */
  async #removeEmpty({ end, path }: Ending): Promise<void> {
    const { fileSystem } = this.#settings;
    if (!end.made) {
      // Nobody knows whether the call that failed made it. What is not empty is another's.
      const status = await this.#timed(`looking at ${path}`, fileSystem.stat(path));
      if (status === undefined || status.directory || status.length > 0) return;
    }
    await this.#timed(`removing ${path}`, fileSystem.remove(path));
  }

  async #isThere(path: string): Promise<boolean> {
    return (await this.#timed(`looking at ${path}`, this.#settings.fileSystem.stat(path))) !== undefined;
  }

  #timed<T>(what: string, call: Promise<T>): Promise<T> {
    return withCallTimeout(this.#settings.callTimeoutMs, this.#settings.clock, what, call);
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof SluiceError ? error.code : undefined;
}
