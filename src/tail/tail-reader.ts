import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { Source, SourceContext, SourceOutput } from '../component/source.ts';
import { type FileGroup, requireFolders } from './file-groups.ts';
import { FileSet } from './file-set.ts';
import { shaperMaker } from './file-shape.ts';
import { isAtPath } from './found-files.ts';
import { HeldFiles } from './held-files.ts';
import { Lookout } from './lookout.ts';
import { PositionFile } from './positions.ts';
import { mergePositions, parsePart } from './saved-files.ts';
import type { TailOptions } from './tail-options.ts';
import type { TailedFile } from './tailed-file.ts';
import { ReadFailure, Tailer, type Turn } from './tailer.ts';
import { Waker } from './waker.ts';

/** Where the kernel does not report all, a file that grew lately is asked again this often, in milliseconds. */
const HOT_INTERVAL = 20;
/** For so long after it grew. */
const HOT_TIME = 1000;
/** How often files are asked that no name of ours leads to any more: the kernel reports by names. */
const GONE_INTERVAL = 100;
/** How much apart asking is, for each file that is asked: a thousand files are asked four times a second. */
const HOT_SPACING = 0.25;
/** How long the reader may have the thread to itself, in milliseconds: small files are read without leaving it. */
const MAX_HOLD = 5;
/** How often it is looked for idle files, at most and at least. */
const IDLE_INTERVAL = { least: 20, most: 5000 } as const;
/** Longer than anything is waited for. */
const LONG = 60_000;
/** How often positions are written while rows settle after the source was stopped. */
const LATE_SAVE_INTERVAL = 200;
/** How long the end waits for a checkpoint before the position file is written. */
const LAST_SAVE_TIMEOUT = 2000;
const DELETED_FILE_TIMEOUT = 5000;

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
  /** Files with an event that the next line may go on with. */
  readonly #held: HeldFiles;
  #isLoaded = false;
  #isRunning = false;
  /** Positions may have changed since they were last found to be written. */
  #hasNews = true;
  #lastLateSave = Number.NEGATIVE_INFINITY;

  constructor(values: TailOptions, context: SourceContext) {
    this.#options = values;
    this.#context = context;
    this.#groups = values.groups;
    const { positionFile } = values;
    const damaged = (): void => context.checkpoint.damaged();
    if (positionFile !== undefined) this.#positions = new PositionFile(positionFile, context.log, damaged);
    this.#tailer = new Tailer(values, context, {
      onProgress: () => this.#settled(),
      originals: () => this.#files.originals(),
    });
    this.#waker = new Waker(context.clock);
    const { maxLineLength: maxLength, longLine, lines } = values;
    const makeShaper = shaperMaker(lines, maxLength);
    this.#held = new HeldFiles(lines?.timeout ?? 0);
    this.#files = new FileSet({
      groups: this.#groups,
      skipToEnd: values.skipToEnd,
      firstPosition: values.firstPosition,
      maxOpenFiles: values.maxOpenFiles,
      log: context.log,
      shaperFor:
        makeShaper &&
        ((file) =>
          makeShaper({
            onLimit: (offset) => this.#tailer.atLimit(file(), offset),
            onBad: (offset) => this.#tailer.badLine(file(), offset),
          })),
      onChange: () => {
        this.#hasNews = true;
        context.checkpoint.changed();
      },
      rulesFor: (file) => ({
        maxLength,
        longLine,
        bareCr: values.bareCr ?? false,
        onLongLine: (offset) => this.#tailer.longLine(file, offset),
      }),
    });
  }

  async run(out: SourceOutput, signal: AbortSignal): Promise<void> {
    if (!this.#options.awaitsFolders) await requireFolders(this.#groups);
    if (!this.#isLoaded) await this.#restore();
    this.#isRunning = true;
    const lookout = this.#lookout();
    const stop = new AbortController();
    const end = (): void => {
      stop.abort();
      this.#waker.wake();
    };
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    const saving = this.#savePositions(stop.signal);
    try {
      await lookout.start();
      if (!this.#isLoaded) this.#context.checkpoint.provide(() => this.#files.part);
      this.#isLoaded = true;
      this.#context.checkpoint.changed();
      out.ready();
      // Folders are looked through while a batch waits for room, too: a file that comes and is rotated away meanwhile is opened in time.
      const loops = [lookout.run(stop.signal), this.#readOn(lookout, out, stop.signal), this.#closeIdle(stop.signal)];
      const ends = await Promise.allSettled(loops.map((loop) => loop.finally(end)));
      for (const result of ends) if (result.status === 'rejected') throw result.reason;
      await this.#readDeleted(out, signal);
    } catch (error) {
      // What the runner rejects an emit with while it stops us is no failure of ours.
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', end);
      end();
      await Promise.all([saving, lookout.close()]);
      this.#queue.length = 0;
      this.#hot.clear();
      for (const file of this.#files.all()) file.isQueued = false;
      await this.#files.closeAll();
      this.#isRunning = false;
      if (this.#isLoaded) await this.#saveLast();
    }
  }

  /** Takes up what an earlier life has left: in the checkpoint, and in the position file what another program has added since. */
  async #restore(): Promise<void> {
    const { checkpoint, log, stateDir } = this.#context;
    const files = parsePart(checkpoint.saved);
    if (checkpoint.saved !== undefined && files === undefined) {
      checkpoint.damaged();
      log.error('the checkpoint holds nothing of this source that this version understands; the position file is used');
    }
    const positions = await this.#positions?.load();
    if (files !== undefined && files.length > 0 && this.#positions !== undefined && positions === undefined) {
      log.warn(
        `the position file ${this.#positions.path} is missing; reading goes on where the checkpoint says. To read all files anew, stop the agent and remove ${stateDir}/checkpoint.0 and checkpoint.1, too`,
      );
    }
    this.#files.restore(mergePositions(files ?? [], positions ?? []));
  }

  #lookout(): Lookout {
    const { clock, log } = this.#context;
    return new Lookout({
      groups: this.#groups,
      files: this.#files,
      log,
      clock,
      rescanInterval: this.#options.rescanInterval,
      onGrown: (file) => this.#enqueue(file),
      onTold: () => this.#waker.wake(),
    });
  }

  /** Reads, one turn of a file after the other. */
  async #readOn(lookout: Lookout, out: SourceOutput, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    let since = clock.monotonic();
    while (!signal.aborted) {
      for (const file of this.#held.due(clock.monotonic())) {
        // An event that has waited long enough is handed on in a turn, for which the file is open.
        if (file.shape !== undefined) file.shape.isDue = file.content?.turnAt === undefined;
        this.#enqueue(file);
      }
      const file = this.#queue.shift();
      if (file === undefined) {
        await this.#wait(lookout);
        continue;
      }
      if (clock.monotonic() - since > MAX_HOLD) {
        await turnOfTheLoop();
        since = clock.monotonic();
      }
      file.isQueued = false;
      file.isBusy = true;
      await this.#turn(file, out, signal, lookout).finally(() => {
        file.isBusy = false;
      });
    }
  }

  async #turn(file: TailedFile, out: SourceOutput, signal: AbortSignal, lookout: Lookout): Promise<void> {
    let isOpen: boolean;
    try {
      isOpen = await this.#files.take(file);
    } catch (error) {
      this.#tailer.failed(file, error);
      return;
    }
    let turn: Turn;
    try {
      if (file.shape?.isDue) await this.#tailer.flush(file, out, signal);
      if (!isOpen) {
        lookout.want(file.path);
        return;
      }
      turn = await this.#tailer.turn(file, out, signal, () => this.#queue.length > 0);
      if (turn === 'same' && this.#isEnded(file)) await this.#tailer.finish(file, out, signal);
    } catch (error) {
      if (!(error instanceof ReadFailure)) throw error;
      this.#tailer.failed(file, error.cause);
      if (!file.isGone) await this.#files.close(file);
      return;
    }
    file.hasFailed = false;
    this.#held.note(file);
    if (turn === 'same') {
      if (file.isGone) this.#hot.add(file);
      await this.#verify(file, lookout);
      return;
    }
    if (lookout.asks || file.isGone) this.#hot.add(file);
    if (turn === 'more') this.#enqueue(file);
  }

  /** Whether the unfinished line of a file is its last: nobody can read it under any name, and nobody writes. */
  #isEnded(file: TailedFile): boolean {
    const quiet = this.#context.clock.monotonic() - file.lastGrown;
    return file.isDeleted && file.hasRest && quiet >= (this.#options.deletedFileTimeout ?? DELETED_FILE_TIMEOUT);
  }

  /** At the end: of files that are deleted nobody can read the rest later. */
  async #readDeleted(out: SourceOutput, signal: AbortSignal): Promise<void> {
    for (const file of this.#files.open()) {
      try {
        if ((await file.look()).links > 0) continue;
        while ((await this.#tailer.turn(file, out, signal)) === 'more');
        await this.#tailer.finish(file, out, signal);
      } catch (error) {
        if (!(error instanceof ReadFailure)) throw error;
        this.#tailer.failed(file, error.cause);
      }
    }
  }

  /** Waits until the kernel reports something, or files that grew lately are to be asked. */
  async #wait(lookout: Lookout): Promise<void> {
    const least = lookout.asks ? HOT_INTERVAL : GONE_INTERVAL;
    const hotIn = this.#hot.size > 0 ? Math.max(least, this.#hot.size * HOT_SPACING) : LONG;
    const heldFor = this.#held.nextAt - this.#context.clock.monotonic();
    await this.#waker.sleep(Math.max(0, Math.min(hotIn, heldFor)));
    if (this.#hot.size > 0) await this.#askHot(lookout);
  }

  async #askHot(lookout: Lookout): Promise<void> {
    const now = this.#context.clock.monotonic();
    for (const file of [...this.#hot]) {
      if (!file.isOpen) this.#hot.delete(file);
      else if (file.isQueued) continue;
      else if (await this.#hasGrown(file)) this.#enqueue(file);
      else if (this.#isEnded(file)) this.#enqueue(file);
      else if (!file.isGone && now - file.lastGrown > HOT_TIME) {
        this.#hot.delete(file);
        await this.#verify(file, lookout);
      }
    }
  }

  async #hasGrown(file: TailedFile): Promise<boolean> {
    try {
      const { size, modified } = await file.look();
      return size !== file.seenSize || modified !== file.seenModified;
    } catch {
      return true; // Its turn tells why.
    }
  }

  /** A file renamed to a name that is not ours, with a new one in its place, is reported as a mere change. */
  async #verify(file: TailedFile, lookout: Lookout): Promise<void> {
    if (!file.isGone && !(await isAtPath(file))) lookout.want(file.path);
  }

  #enqueue(file: TailedFile): void {
    if (file.isQueued) return;
    file.isQueued = true;
    this.#queue.push(file);
  }

  async #closeIdle(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const { idleTimeout } = this.#options;
    const interval = Math.min(Math.max(idleTimeout / 8, IDLE_INTERVAL.least), IDLE_INTERVAL.most);
    while (!signal.aborted) {
      await clock.sleep(interval, signal);
      const now = clock.monotonic();
      for (const file of [...this.#files.open()]) {
        file.lastGrown ||= now;
        const isIdle = now - file.lastGrown > idleTimeout;
        if (isIdle && !file.isQueued && !file.isBusy) await this.#files.close(file);
      }
    }
  }

  async #savePositions(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#context.clock.sleep(this.#options.writePosInterval, signal);
      // Else 10,000 files at rest cost 7 ms each time.
      if (!signal.aborted && this.#hasNews) await this.#savePosition();
    }
  }

  /**
   * Writes the position file with what the last two checkpoints know: what stands in it further than in the checkpoint is another program's, also when
   * the newest checkpoint turns out to be damaged.
   */
  async #savePosition(): Promise<void> {
    if (this.#positions === undefined) return;
    this.#hasNews = false;
    const text = this.#positions.news(this.#files.positions());
    if (text === undefined) return;
    // Whether it comes to be written shows the next time.
    this.#hasNews = true;
    try {
      await this.#context.checkpoint.commit();
      await this.#context.checkpoint.commit();
    } catch {
      return; // The agent ends; the checkpoint knows better.
    }
    if (this.#isRunning) await this.#positions.save(text);
    else this.#positions.saveNow(text);
  }

  /** The same at the end, which does not wait for a checkpoint that cannot be written. */
  async #saveLast(): Promise<void> {
    const done = new AbortController();
    const saved = this.#savePosition().finally(() => done.abort());
    await Promise.race([saved, this.#context.clock.sleep(LAST_SAVE_TIMEOUT, done.signal)]);
  }

  /** Rows have become durable. While the source runs its timer writes that down; after its end, while channels drain, this does. */
  #settled(): void {
    if (this.#isRunning) return;
    const now = this.#context.clock.monotonic();
    if (now - this.#lastLateSave < LATE_SAVE_INTERVAL && !this.#files.isSettled) return;
    this.#lastLateSave = now;
    void this.#savePosition();
  }
}
