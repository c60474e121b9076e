import type { Clock, Logger } from '../component/context.ts';
import { faultPoint } from '../component/fault-point.ts';
import type { FileStatus, FileSystem } from '../component/file-system.ts';
import { describeError, SluiceError } from '../errors.ts';
import { withCallTimeout } from './call-timeout.ts';
import type { EventFileEnd } from './event-file.ts';
import type { FileRegister, RegisteredFile } from './file-register.ts';
import { whereIs } from './where-is.ts';
import { WorkSlots } from './work-slots.ts';

export interface ConclusionSettings {
  readonly register: FileRegister;
  readonly clock: Clock;
  readonly log: Logger;
  /** Tries until a file is left as it is; Infinity: none is. Files of a life before are tried for ever. */
  readonly tries: number;
  readonly retryMs: number;
  /** How long one call may take; 0: for ever. */
  readonly callTimeoutMs: number;
  /** How many files may be worked on at a time. */
  readonly parallel: number;
}

/** A file that nothing more is written to, on its way to its final name. */
export interface Ending {
  readonly file: RegisteredFile;
  readonly fileSystem: FileSystem;
  /** Another final name, when one is taken. */
  readonly nextTarget: () => string;
  /** There are no bytes behind its length. */
  whole: boolean;
  tries: number;
  nextAt: number;
  /** The try that is under way. */
  attempt: Promise<void> | undefined;
}

/**
 * Brings files to their end: cuts off what was never confirmed (those rows come again in another file), and gives them their final
 * names, which are never another file's. What does not work is tried again in the background; what is not done when the sink ends
 * stays in the register, for the next one.
 *
 * A name is given only when a checkpoint has the file's whole length and that name: whatever bears a final name is never cut again, and
 * no source sends again what stands in it.
 */
export class Conclusions {
  readonly #settings: ConclusionSettings;
  readonly #slots: WorkSlots;
  readonly #open = new Set<Ending>();
  #closed = false;

  constructor(settings: ConclusionSettings) {
    this.#settings = settings;
    this.#slots = new WorkSlots(settings.parallel);
  }

  /** How many files have not come to their end. */
  get open(): number {
    return this.#open.size;
  }

  /** Brings a file to its end, or begins to: resolves after the first try. Never rejects. */
  async conclude({ file, whole }: EventFileEnd, fileSystem: FileSystem, nextTarget: () => string): Promise<void> {
    if (file === undefined) return;
    // Whatever holds rows is the next life's then.
    if (this.#closed && file.rows > 0) return;
    const ending: Ending = { file, fileSystem, nextTarget, whole, tries: 0, nextAt: 0, attempt: undefined };
    this.#open.add(ending);
    await this.#attempt(ending);
  }

  /** Tries again what is due, without waiting for it. */
  retry(now: number): void {
    // Farther away than one pause: the clock was set back.
    const latest = now + this.#settings.retryMs;
    for (const ending of this.#open) {
      if (ending.nextAt <= now || ending.nextAt > latest) void this.#attempt(ending);
    }
  }

  /** One more try for each, at the end; says what is left. */
  async finish(): Promise<void> {
    await Promise.all(Array.from(this.#open, (ending) => ending.attempt));
    await Promise.all(Array.from(this.#open, (ending) => this.#attempt(ending)));
    this.close();
  }

  /** Nothing more is begun; what is not done is left to the next life of the sink. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { file } of this.#open) {
      const what = `its first ${file.length} bytes (${file.rows} events) are right`;
      this.#settings.log.warn(`${file.path} is left as it is until the next start; ${what}`);
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
    const { path } = ending.file;
    ending.nextAt = Number.POSITIVE_INFINITY;
    ending.tries++;
    try {
      await this.#act(ending);
      this.#open.delete(ending);
    } catch (error) {
      if (!this.#open.has(ending)) return;
      if (ending.tries >= tries) {
        this.#open.delete(ending);
        // What has to be cut is worth another try at the next start; the name alone is not.
        if (ending.whole) ending.file.forget();
        log.error(`${path} is left as it is after ${ending.tries} tries: ${describeError(error)}`);
      } else {
        ending.nextAt = clock.now() + retryMs;
        log.warn(`${path} is not finished yet, it is tried again in ${retryMs / 1000} s: ${describeError(error)}`);
      }
    }
  }

  async #act(ending: Ending): Promise<void> {
    const { file, fileSystem } = ending;
    if (!ending.whole && file.rows === 0) {
      await this.#inSlot(() => this.#removeEmpty(file, fileSystem), true);
      return;
    }
    if (!ending.whole) {
      const isThere = await this.#inSlot(() => this.#cut(file, fileSystem));
      if (!isThere) return;
      ending.whole = true;
    }
    await this.rename(ending);
  }

  /** @returns false when there is nothing to cut */
  async #cut(file: RegisteredFile, fileSystem: FileSystem): Promise<boolean> {
    try {
      await this.#timed(`cutting ${file.path}`, fileSystem.truncate(file.path, file.length));
      return true;
    } catch (error) {
      if (codeOf(error) !== 'FILE_NOT_FOUND' || (await this.#look(file.path, fileSystem)) !== undefined) throw error;
      this.#gone(file);
      return false;
    }
  }

  /** Gives a whole file its final name, and forgets it. */
  async rename(ending: Pick<Ending, 'file' | 'nextTarget' | 'fileSystem'>): Promise<void> {
    const { file, nextTarget } = ending;
    for (let target = file.target; target !== file.path; target = nextTarget()) {
      if (file.state !== 'ending' || file.target !== target) file.ends(target);
      await this.#settings.register.commit();
      if (await this.#inSlot(() => this.#tryRename(file, ending.fileSystem))) break;
    }
    file.forget();
  }

  /** @returns false when the name is another file's */
  async #tryRename(file: RegisteredFile, fileSystem: FileSystem): Promise<boolean> {
    const { path, target } = file;
    faultPoint('before-rename');
    try {
      await this.#timed(`renaming ${path}`, fileSystem.rename(path, target));
      faultPoint('after-rename');
      return true;
    } catch (error) {
      if (codeOf(error) !== 'FILE_NOT_FOUND' && codeOf(error) !== 'FILE_EXISTS') throw error;
      // An earlier try may have worked, though it failed.
      const place = await whereIs(file, (at) => this.#look(at, fileSystem));
      if (place === 'in use') {
        if (codeOf(error) === 'FILE_EXISTS') return false;
        throw error;
      }
      if (place === 'gone') this.#gone(file);
      return true;
    }
  }

  #gone(file: RegisteredFile): void {
    this.#settings.log.error(`${file.path} was removed by somebody, with ${file.rows} events in it`);
    file.forget();
  }

  /** A file without a confirmed row: it goes, if it is ours. */
  async #removeEmpty(file: RegisteredFile, fileSystem: FileSystem): Promise<void> {
    const status = file.state === 'creating' ? await this.#look(file.path, fileSystem) : undefined;
    // Where nobody knows whether the call that failed made it, what is not empty is another's.
    const isAnothers = file.state === 'creating' && (status === undefined || status.directory || status.length > 0);
    if (!isAnothers) await this.#timed(`removing ${file.path}`, fileSystem.remove(file.path));
    file.forget();
  }

  #look(path: string, fileSystem: FileSystem): Promise<FileStatus | undefined> {
    return this.#timed(`looking at ${path}`, fileSystem.stat(path));
  }

  async #inSlot<T>(work: () => Promise<T>, evenWhenClosed = false): Promise<T> {
    await new Promise<void>((resolve) => this.#slots.take(resolve));
    try {
      if (this.#closed && !evenWhenClosed) throw new SluiceError('FILE_SYSTEM', 'the sink ends');
      return await work();
    } finally {
      this.#slots.release();
    }
  }

  #timed<T>(what: string, call: Promise<T>): Promise<T> {
    return withCallTimeout(this.#settings.callTimeoutMs, this.#settings.clock, what, call);
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof SluiceError ? error.code : undefined;
}
