import type { Source, SourceContext, SourceOutput } from '../component/source.ts';
import { type FileGroup, requireFolders } from './file-groups.ts';
import { FileSet } from './file-set.ts';
import { PositionFile } from './positions.ts';
import type { TailOptions } from './tail-options.ts';
import type { TailedFile } from './tailed-file.ts';
import { ReadFailure, Tailer, type Turn } from './tailer.ts';
import { Waker } from './waker.ts';
import { FolderWatch } from './watch.ts';

/** A file that grew lately is asked again this often, without waiting for the kernel to report. */
const HOT_INTERVAL = 20;
/** For so long after it grew. */
const HOT_TIME = 1000;
/** How much apart asking is, for each file that is asked: a thousand files are asked four times a second. */
const HOT_SPACING = 0.25;
/** Folders are not looked through more often than this, whatever happens in them. */
const MIN_LOOK_INTERVAL = 20;
/** How often positions are written while rows settle after the source was stopped. */
const LATE_SAVE_INTERVAL = 200;

/**
 * Reads lines from files that grow, are rotated, cut and deleted. Discovery is by folder, reading by open files: the kernel's reports
 * only wake it. Positions are those of lines that are durable behind the channels.
 */
export class TailReader implements Source {
  readonly #options: TailOptions;
  readonly #context: SourceContext;
  readonly #groups: readonly FileGroup[];
  readonly #positions: PositionFile | undefined;
  readonly #files: FileSet;
  readonly #tailer: Tailer;
  readonly #waker: Waker;
  readonly #queue: TailedFile[] = [];
  /** Files that grew a moment ago. */
  readonly #hot = new Set<TailedFile>();
  #isLoaded = false;
  #isRunning = false;
  #lookWanted = true;
  #lastLook = Number.NEGATIVE_INFINITY;
  #lookCost = 0;
  #lastLateSave = Number.NEGATIVE_INFINITY;

  constructor(values: TailOptions, context: SourceContext) {
    this.#options = values;
    this.#context = context;
    this.#groups = values.groups;
    if (values.positionFile !== undefined) this.#positions = new PositionFile(values.positionFile, context.log);
    this.#tailer = new Tailer(values, context, () => this.#settled());
    this.#waker = new Waker(context.clock);
    const { maxLineLength: maxLength, longLine } = values;
    this.#files = new FileSet({
      groups: this.#groups,
      skipToEnd: values.skipToEnd,
      firstPosition: values.firstPosition,
      maxOpenFiles: values.maxOpenFiles,
      log: context.log,
      rulesFor: (file) => ({
        maxLength,
        longLine,
        bareCr: values.bareCr ?? false,
        onLongLine: (offset) => this.#tailer.longLine(file(), offset),
      }),
    });
  }

  async run(out: SourceOutput, signal: AbortSignal): Promise<void> {
    if (!this.#options.awaitsFolders) await requireFolders(this.#groups);
    if (!this.#isLoaded && this.#positions !== undefined) this.#files.restore(await this.#positions.load());
    this.#isLoaded = true;
    this.#isRunning = true;
    this.#lookWanted = true;
    const watch = new FolderWatch(this.#groups, this.#context.log, (path, isNew) => this.#changed(path, isNew));
    const stop = new AbortController();
    const wake = () => this.#waker.wake();
    signal.addEventListener('abort', wake);
    const saving = this.#savePositions(stop.signal);
    try {
      await watch.start();
      await this.#look();
      out.ready();
      while (!signal.aborted) await this.#step(out, signal, watch);
    } catch (error) {
      // What the runner rejects an emit with while it stops us is no failure of ours.
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', wake);
      stop.abort();
      await Promise.all([saving, watch.close()]);
      this.#queue.length = 0;
      this.#hot.clear();
      for (const file of this.#files.all()) file.isQueued = false;
      await this.#files.closeAll();
      this.#isRunning = false;
      await this.#positions?.save(this.#files.positions());
    }
  }

  /** One turn of a file, or a look through the folders, or a wait for either. */
  async #step(out: SourceOutput, signal: AbortSignal, watch: FolderWatch): Promise<void> {
    const now = this.#context.clock.monotonic();
    if (now >= this.#nextLook(watch)) return this.#look();
    const file = this.#queue.shift();
    if (file === undefined) return this.#wait(now, watch);
    file.isQueued = false;
    await this.#turn(file, out, signal);
  }

  async #turn(file: TailedFile, out: SourceOutput, signal: AbortSignal): Promise<void> {
    try {
      if (!(await this.#files.take(file))) {
        this.#lookWanted = true;
        return;
      }
    } catch (error) {
      this.#tailer.failed(file, error);
      return;
    }
    let turn: Turn;
    try {
      turn = await this.#tailer.turn(file, out, signal);
    } catch (error) {
      if (!(error instanceof ReadFailure)) throw error;
      this.#tailer.failed(file, error.cause);
      await this.#files.close(file);
      return;
    }
    file.hasFailed = false;
    if (turn === 'same') {
      await this.#verify(file);
      return;
    }
    this.#hot.add(file);
    if (turn === 'more') this.#enqueue(file);
  }

  /** Waits until the kernel reports something, or files that grew lately are to be asked, or a look is due. */
  async #wait(now: number, watch: FolderWatch): Promise<void> {
    if (watch.hasFailed) for (const file of this.#files.open()) this.#hot.add(file);
    const hotIn = this.#hot.size > 0 ? Math.max(HOT_INTERVAL, this.#hot.size * HOT_SPACING) : Number.POSITIVE_INFINITY;
    await this.#waker.sleep(Math.min(hotIn, this.#nextLook(watch) - now));
    if (this.#hot.size > 0) await this.#askHot();
  }

  async #askHot(): Promise<void> {
    const now = this.#context.clock.monotonic();
    for (const file of [...this.#hot]) {
      if (!file.isOpen) this.#hot.delete(file);
      else if (file.isQueued) continue;
      else if ((await file.size()) !== file.seenSize) this.#enqueue(file);
      else if (now - file.lastGrown > HOT_TIME) {
        this.#hot.delete(file);
        await this.#verify(file);
      }
    }
  }

  /** A file renamed to a name that is not ours, with a new one in its place, is reported as a mere change. */
  async #verify(file: TailedFile): Promise<void> {
    if (!file.isGone && !(await file.isAtPath())) this.#lookWanted = true;
  }

  #enqueue(file: TailedFile): void {
    if (file.isQueued) return;
    file.isQueued = true;
    this.#queue.push(file);
  }

  /** The kernel reports: the file has grown, or there is another one under its name, or a new name. */
  #changed(path: string, isNew: boolean): void {
    const file = this.#files.at(path);
    if (file !== undefined && !isNew) this.#enqueue(file);
    this.#lookWanted ||= isNew || file === undefined;
    this.#waker.wake();
  }

  #nextLook(watch: FolderWatch): number {
    const interval = watch.hasFailed ? Math.min(1000, this.#options.rescanInterval) : this.#options.rescanInterval;
    // Looking takes at most a tenth of the time: ten thousand files cost a second.
    const least = this.#lastLook + Math.max(MIN_LOOK_INTERVAL, this.#lookCost * 10);
    return this.#lookWanted ? least : Math.max(least, this.#lastLook + interval);
  }

  async #look(): Promise<void> {
    const { clock } = this.#context;
    this.#lookWanted = false;
    const start = clock.monotonic();
    for (const file of await this.#files.look()) this.#enqueue(file);
    const now = clock.monotonic();
    this.#lookCost = now - start;
    this.#lastLook = now;
    for (const file of [...this.#files.open()]) {
      if (!file.isQueued && now - file.lastGrown > this.#options.idleTimeout) await this.#files.close(file);
    }
  }

  async #savePositions(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#context.clock.sleep(this.#options.writePosInterval, signal);
      if (!signal.aborted) await this.#positions?.save(this.#files.positions());
    }
  }

  /** Rows have become durable. While the source runs its timer writes that down; after its end, while channels drain, this does. */
  #settled(): void {
    if (this.#isRunning) return;
    const now = this.#context.clock.monotonic();
    if (now - this.#lastLateSave < LATE_SAVE_INTERVAL && !this.#files.isSettled) return;
    this.#lastLateSave = now;
    this.#positions?.saveNow(this.#files.positions());
  }
}
