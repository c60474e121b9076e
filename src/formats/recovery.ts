import type { Clock, Logger } from '../component/context.ts';
import { faultPoint } from '../component/fault-point.ts';
import type { FileStatus, FileSystem } from '../component/file-system.ts';
import { describeError } from '../errors.ts';
import { Conclusions } from './conclusions.ts';
import type { FileRegister, RegisteredFile } from './file-register.ts';
import { untilAborted } from './until-aborted.ts';
import { whereIs } from './where-is.ts';
import { WorkSlots } from './work-slots.ts';

export interface RecoverySettings {
  readonly register: FileRegister;
  readonly clock: Clock;
  readonly log: Logger;
  /** The file system of a URL. @throws when there is none */
  readonly fileSystem: (url: string) => FileSystem;
  /** Told of each file that may hold events twice or has lost some. */
  readonly doubtful: () => void;
}

/** Where the lease of a dead client has to be waited for, each file takes up to a minute and hardly any work. */
const PARALLEL = 64;
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 30_000;
/** An empty file that bears the name of one that was about to be made is looked at again after this time. */
const LOOK_AGAIN_MS = 2000;
/** One line for a trouble that many files share. */
const COMPLAIN_MS = 30_000;
/** How long the end of the sink waits. */
const GRACE_MS = 5000;

/**
 * Brings the files that a crash has left to their end, in the background, for as long as it takes: they are cut back to what the
 * checkpoint knows of them and get their final names; what has no events goes. A file is in the register until it is done, so that
 * the next crash finds it there.
 */
export class Recovery {
  readonly #settings: RecoverySettings;
  readonly #conclusions: Conclusions;
  readonly #slots = new WorkSlots(PARALLEL);
  readonly #end = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #complainedAt = Number.NEGATIVE_INFINITY;

  constructor(settings: RecoverySettings) {
    this.#settings = settings;
    const tries = { tries: Number.POSITIVE_INFINITY, retryMs: 0, callTimeoutMs: 0 };
    this.#conclusions = new Conclusions({ ...settings, ...tries, parallel: PARALLEL });
  }

  /** Begins with these files, and does not wait for them. */
  begin(files: readonly RegisteredFile[]): void {
    if (files.length === 0) return;
    this.#settings.log.info(`${files.length} files of the time before are brought to their end`);
    for (const file of files) {
      const running: Promise<void> = this.#recover(file).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }

  /**
   * Gives it a little more time, then ends it. What is not done stays in the register.
   * @param signal aborted when there is no time
   */
  async end(signal: AbortSignal): Promise<void> {
    if (this.#running.size > 0) {
      const { clock } = this.#settings;
      const done = new AbortController();
      const all = Promise.all(this.#running).then(() => done.abort());
      await untilAborted(Promise.race([all, clock.sleep(GRACE_MS, done.signal)]), signal, clock);
      done.abort();
    }
    this.#end.abort();
    this.#conclusions.close();
    const left = this.#running.size;
    if (left > 0) this.#settings.log.warn(`${left} files of the time before are left to the next start`);
  }

  async #recover(file: RegisteredFile): Promise<void> {
    const { clock } = this.#settings;
    const { signal } = this.#end;
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(pause * 2, LAST_PAUSE_MS)) {
      await new Promise<void>((resolve) => this.#slots.take(resolve));
      try {
        if (signal.aborted) return;
        await this.#act(file);
        return;
      } catch (error) {
        this.#complain(file, error, pause);
      } finally {
        this.#slots.release();
      }
      await clock.sleep(pause, signal);
    }
  }

  #complain(file: RegisteredFile, error: unknown, pause: number): void {
    const { clock, log } = this.#settings;
    if (this.#end.signal.aborted || clock.monotonic() - this.#complainedAt < COMPLAIN_MS) return;
    this.#complainedAt = clock.monotonic();
    const others = this.#running.size > 1 ? `, with ${this.#running.size - 1} others` : '';
    log.warn(
      `${file.path}, left by a crash, is not finished yet${others}; it is tried again in ${pause / 1000} s: ${describeError(error)}`,
    );
  }

  async #act(file: RegisteredFile): Promise<void> {
    const fileSystem = this.#settings.fileSystem(file.fileSystemUrl);
    faultPoint('in-recovery');
    if (file.state === 'creating') {
      await this.#removeIfOurs(file, fileSystem);
      return;
    }
    const place = await whereIs(file, (path) => fileSystem.stat(path));
    if (this.#end.signal.aborted) return;
    if (place !== 'in use') {
      await this.#explain(file, place, fileSystem);
      file.forget();
      return;
    }
    if (file.state === 'open' && file.rows === 0) {
      await this.#removeUseless(file, fileSystem);
      return;
    }
    await this.#cut(file, fileSystem);
    faultPoint('in-recovery');
    if (this.#end.signal.aborted) return;
    const nextTarget = (): string => nextName(file.target);
    await this.#conclusions.rename({ file, fileSystem, nextTarget });
  }

  /** It was about to be made when the agent died. */
  async #removeIfOurs(file: RegisteredFile, fileSystem: FileSystem): Promise<void> {
    const { clock, log } = this.#settings;
    const first = await fileSystem.stat(file.path);
    if (first !== undefined && isEmpty(first)) {
      await clock.sleep(LOOK_AGAIN_MS, this.#end.signal);
      if (this.#end.signal.aborted) return;
      const second = await fileSystem.stat(file.path);
      if (second !== undefined && isEmpty(second) && second.id === first.id && second.modified === first.modified) {
        await fileSystem.remove(file.path);
      } else if (second !== undefined) {
        log.warn(`${file.path} is another's, who writes to it; it is left alone`);
      }
    } else if (first !== undefined) {
      log.warn(
        `${file.path} is another's, since nothing was written to it from here up to this checkpoint; it is left alone. (If this checkpoint is not the newest, what it holds may come again)`,
      );
    }
    file.forget();
  }

  /** It has no events, at most the first bytes of its format. */
  async #removeUseless(file: RegisteredFile, fileSystem: FileSystem): Promise<void> {
    const status = await fileSystem.stat(file.path);
    if (file.id === undefined || status?.id === undefined || status.id === file.id) await fileSystem.remove(file.path);
    else this.#settings.log.warn(`${file.path} is another's by now; it is left alone`);
    file.forget();
  }

  async #cut(file: RegisteredFile, fileSystem: FileSystem): Promise<void> {
    const { length } = (await fileSystem.stat(file.path)) ?? { length: 0 };
    if (length < file.length) {
      const { log, doubtful } = this.#settings;
      log.error(
        `${file.path} has only ${length} bytes, though ${file.length} (${file.rows} events) were durable: somebody has cut it, or the disk has lost some; it is finished as it is`,
      );
      doubtful();
    } else if (file.state === 'open' || length > file.length) {
      // Also when it has that length: where the file system is remote it may still be open for the dead one.
      await fileSystem.truncate(file.path, file.length);
    }
  }

  /** Says what became of a file that is not where it was. */
  async #explain(file: RegisteredFile, place: 'finished' | 'gone', fileSystem: FileSystem): Promise<void> {
    const { log, doubtful } = this.#settings;
    const known = `its first ${file.length} bytes (${file.rows} events)`;
    if (place === 'gone') {
      if (file.rows === 0) return;
      log.error(`${file.path} was removed or renamed by somebody; the checkpoint knows of ${known}`);
      doubtful();
      return;
    }
    const length = (await fileSystem.stat(file.target))?.length ?? 0;
    if (length <= file.length) return;
    log.error(
      `${file.target} was finished already, with ${length} bytes; the checkpoint knows only of ${known}. It is left as it is: what follows these comes again in another file`,
    );
    doubtful();
  }
}

function isEmpty({ directory, length }: FileStatus): boolean {
  return !directory && length === 0;
}

/** The same name with the next number: the last long one in it, or the last one, or one behind it. */
function nextName(path: string): string {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const name = path.slice(folder.length);
  const number = /^(.*?)(\d{9,15})(?!.*\d{9})(.*)$/s.exec(name) ?? /^(.*?)(\d{1,15})(\D*)$/s.exec(name);
  if (number === null) return `${path}.1`;
  return `${folder}${number[1]}${Number(number[2]) + 1}${number[3]}`;
}
