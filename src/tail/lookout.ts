import type { Clock, Logger } from '../component/context.ts';
import { type FileGroup, groupOf } from './file-groups.ts';
import type { FileSet, Look } from './file-set.ts';
import { LinkTargets } from './link-targets.ts';
import type { TailedFile } from './tailed-file.ts';
import { Waker } from './waker.ts';
import { FolderWatch } from './watch.ts';

/** Folders are not looked through more often than this, whatever happens in them, in milliseconds. */
const MIN_INTERVAL = 20;
/** How often they are looked through where the kernel cannot be relied on. */
const ASKING_INTERVAL = 1000;
/** What part of the time that may cost: when something is known to have happened, while files are asked, and at rest. */
const SHARE = { wanted: 1 / 10, asking: 1 / 20, resting: 1 / 200 } as const;
/** Longer than anything is waited for. */
const LONG = 60_000;
/** So many reports at once may be followed by some that were lost: the kernel keeps 16,384 and drops the rest without a word. */
const FLOOD = 4096;

/** What the lookout needs to know of its owner. */
export interface LookoutOptions {
  readonly groups: readonly FileGroup[];
  readonly files: FileSet;
  readonly log: Logger;
  readonly clock: Clock;
  /** Milliseconds between looks at all files, if that does not cost too much. */
  readonly rescanInterval: number;
  /** A file may have grown. */
  onGrown(file: TailedFile): void;
  /** The files to be read now were all told. */
  onTold(): void;
}

/**
 * Decides when and where to look for files: at names that the kernel reports; through all folders when it reported too much, when something
 * does not fit, and from time to time, since it loses reports.
 */
export class Lookout {
  readonly #options: LookoutOptions;
  readonly #watch: FolderWatch;
  readonly #waker: Waker;
  readonly #links = new LinkTargets();
  /** Names to be looked at. */
  readonly #names = new Set<string>();
  /** Files that have grown and are not open: before their turn comes they may be deleted. */
  readonly #closed = new Set<TailedFile>();
  /** Reports since the loop went round. */
  #reports = 0;
  #isAllWanted = false;
  #lastAll = Number.NEGATIVE_INFINITY;
  #cost = 0;
  #isRemote = false;

  constructor(options: LookoutOptions) {
    this.#options = options;
    this.#waker = new Waker(options.clock);
    this.#watch = new FolderWatch(options.log, {
      onName: (path, isNew) => this.#reported(path, isNew),
      onFolder: () => this.#wantAll(),
    });
  }

  /** Whether the kernel does not report all changes, so that files that grew lately are to be asked. */
  get asks(): boolean {
    return this.#watch.hasFailed || this.#isRemote;
  }

  /** Listens, and looks through all folders once. */
  async start(): Promise<void> {
    const dirs = new Set(this.#options.groups.map(({ dir }) => dir));
    await this.#watch.keep(dirs);
    await this.#watch.renew();
    await this.#lookThrough();
  }

  /** Looks whenever that is due. */
  async run(signal: AbortSignal): Promise<void> {
    const wake = (): void => this.#waker.wake();
    signal.addEventListener('abort', wake);
    try {
      while (!signal.aborted) {
        const wait = this.#nextAt() - this.#options.clock.monotonic();
        if (wait > 0) await this.#waker.sleep(Math.min(wait, LONG));
        else if (this.#closed.size > 0) await this.#openClosed();
        else if (this.#names.size > 0) await this.#lookAtNames();
        else await this.#lookThrough();
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  /** Stops listening; `run` must have ended. */
  async close(): Promise<void> {
    await this.#watch.close();
  }

  /** A path seems to lead to another file than it did. */
  want(path: string): void {
    this.#names.add(path);
    this.#waker.wake();
  }

  #wantAll(): void {
    this.#isAllWanted = true;
    this.#waker.wake();
  }

  #nextAt(): number {
    if (this.#names.size > 0 || this.#closed.size > 0) return Number.NEGATIVE_INFINITY;
    const { rescanInterval } = this.#options;
    if (this.#isAllWanted) return this.#lastAll + Math.max(MIN_INTERVAL, this.#cost / SHARE.wanted);
    const { asks } = this;
    const interval = asks ? Math.min(rescanInterval, ASKING_INTERVAL) : rescanInterval;
    return this.#lastAll + Math.max(interval, this.#cost / (asks ? SHARE.asking : SHARE.resting));
  }

  async #openClosed(): Promise<void> {
    const files = [...this.#closed];
    this.#closed.clear();
    await this.#options.files.openSoon(files);
  }

  async #lookAtNames(): Promise<void> {
    const names = [...this.#names];
    this.#names.clear();
    const look = await this.#options.files.lookAt(names);
    if (!look.isWhole) this.#isAllWanted = true;
    this.#tell(look);
    if (look.links.length === 0) return;
    for (const link of look.links) await this.#links.add(link);
    await this.#watchAll();
  }

  async #lookThrough(): Promise<void> {
    const { files, groups, clock, log } = this.#options;
    this.#isAllWanted = false;
    const look = await files.look();
    this.#cost = look.cost;
    this.#lastAll = clock.monotonic();
    this.#tell(look);
    await this.#links.replace(look.links);
    await this.#watchAll();
    if (await this.#watch.renew()) this.#isAllWanted = true;
    const remote = groups.find(({ dir }) => !files.isLocal(dir));
    if (remote !== undefined && !this.#isRemote)
      log.info(
        `${remote.dir} may be written to by other machines, which the kernel does not report: files are asked, once a second`,
      );
    this.#isRemote = remote !== undefined;
  }

  #tell(look: Look): void {
    for (const file of look.due) this.#options.onGrown(file);
    this.#options.onTold();
  }

  /** Watches the folders of the groups, and those that links lead to. */
  async #watchAll(): Promise<void> {
    const folders = this.#links.folders();
    for (const { dir } of this.#options.groups) folders.add(dir);
    await this.#watch.keep(folders);
  }

  #reported(path: string, isNew: boolean): void {
    // All that the kernel has to tell is told before the loop goes round.
    if (this.#reports++ === 0) setImmediate(() => this.#allReported());
    this.#sort(path, isNew);
    for (const link of this.#links.linksTo(path)) this.#sort(link, isNew);
  }

  #allReported(): void {
    if (this.#reports >= FLOOD) {
      this.#names.clear();
      this.#isAllWanted = true;
    }
    this.#reports = 0;
    if (this.#isAllWanted || this.#names.size > 0 || this.#closed.size > 0) this.#waker.wake();
    this.#options.onTold();
  }

  #sort(path: string, isNew: boolean): void {
    const file = this.#options.files.at(path);
    if (file !== undefined && !isNew) {
      this.#options.onGrown(file);
      if (!file.isOpen && this.#reports < FLOOD) this.#closed.add(file);
    } else if (this.#reports < FLOOD && groupOf(this.#options.groups, path) !== undefined) {
      this.#names.add(path);
    }
  }
}
