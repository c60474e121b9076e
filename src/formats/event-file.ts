import type { Clock } from '../component/context.ts';
import { faultPoint } from '../component/fault-point.ts';
import type { FileSystem, OutputFile } from '../component/file-system.ts';
import type { EventFileWriter } from '../component/format.ts';
import type { EventBatch } from '../event/event-batch.ts';
import { createFile } from './create-file.ts';
import type { FileNames, FileRegister, RegisteredFile } from './file-register.ts';
import type { WorkSlots } from './work-slots.ts';

/**
 * While more rows wait, this much is written before they are flushed; one flush then confirms all that was written. Where a flush costs
 * 420 ms whatever its size (WebHDFS), this and what gathers meanwhile are what a second can carry.
 */
const FLUSH_BYTES = 8 * 1024 * 1024;

/**
 * How long the rejection of rows waits for an abandoned file to let go of their memory, which may be freed when they were delivered
 * elsewhere. Disks and codecs take milliseconds; a file system that takes longer does so over the network, and has let go at once.
 */
const LET_GO_MS = 1000;

/** What became of a file, once nothing more is written to it. */
export interface EventFileEnd {
  /** With the length up to which it is durable, and the rows in it: those of all resolved appends, each once. `undefined`: none was made. */
  readonly file: RegisteredFile | undefined;
  /** Whether it was closed in good order. Else there may be bytes behind its length that must be cut off. */
  readonly whole: boolean;
  /** Whether it was ready to be written to. */
  readonly opened: boolean;
}

export interface EventFileParts {
  readonly fileSystem: Pick<FileSystem, 'url' | 'create' | 'stat'>;
  /** The next names to try; called again while there is such a file already. */
  readonly nextNames: () => FileNames;
  readonly register: FileRegister;
  readonly openFormat: (file: OutputFile, first: EventBatch) => Promise<EventFileWriter>;
  /** How many files may be worked on at a time. */
  readonly slots: WorkSlots;
  /** How many may be about to be made, which share the checkpoints that they wait for; more would make these large. */
  readonly creations: WorkSlots;
  readonly clock: Clock;
  /** Whether nothing else waits for the sink, so that a unit may be flushed by itself. */
  readonly atRest: () => boolean;
  readonly opened?: () => void;
  readonly openFailed?: () => void;
  /** Puts the file where it belongs, after the end of all writing. Never rejects. The file is not done before. */
  readonly conclude: (end: EventFileEnd) => Promise<void>;
  /** Its rows are confirmed behind those of the file before: when this resolves. So a crash never leaves later rows without earlier ones. */
  readonly before?: Promise<void>;
}

/** Takes note that rows `from` up to `to` of a batch are durable. */
export type SettleRows = (from: number, to: number) => void;

/** Rows that wait to become durable. */
interface Piece {
  readonly batch: EventBatch;
  readonly from: number;
  readonly to: number;
  readonly unit: boolean;
  readonly settle: SettleRows | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One file that rows are written to, from its creation to its end. It is created with the first rows. Rows are written in the order of the
 * calls, also while a flush is under way, and each flush confirms all rows written before it. A failure ends the file: what is durable stays,
 * every other append rejects.
 *
 * The register knows of it at each moment what has to outlive a crash: its name before it is made, that it was made before it has a byte,
 * its length in the very tick in which the rows up to there are settled.
 */
export class EventFile {
  readonly #parts: EventFileParts;
  readonly #queue: Piece[] = [];
  /** Written, not yet flushed. */
  #unflushed: Piece[] = [];
  #unflushedBytes = 0;
  /** In the flush that is under way. */
  #inFlush: Piece[] = [];
  #file: OutputFile | undefined;
  #writer: EventFileWriter | undefined;
  #entry: RegisteredFile | undefined;
  #writing: Promise<void> | undefined;
  #flushing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #creating = false;
  #ending = false;
  #concluded = false;
  #active = false;
  #holdsSlot = false;
  /** Holds one of `creations`. */
  #comesUp = false;
  #idleSince: number | undefined;
  readonly #done = Promise.withResolvers<void>();
  readonly #settled = Promise.withResolvers<void>();
  #before: Promise<void> | undefined;

  constructor(parts: EventFileParts) {
    this.#parts = parts;
    this.#before = parts.before?.then(() => {
      this.#before = undefined;
    });
  }

  /** Resolves when it has ended and each of its rows was confirmed or rejected. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** Since when everything has been flushed and nothing came, or `undefined` while there is work. */
  get idleSince(): number | undefined {
    return this.#idleSince;
  }

  /** Whether it takes no more rows: it has failed or was told to finish. */
  get ended(): boolean {
    return this.#ending || this.#failure !== undefined;
  }

  /** Makes the file without waiting for rows; resolves when it is there. */
  async open(first: EventBatch): Promise<void> {
    await this.append(first, 0, 0, false);
  }

  /**
   * Writes rows `from` up to `to`.
   * @param unit whether a flush shall follow at once, if the sink is at rest
   * @param settle called when they are durable, in the tick in which the register gets the length with them
   * @returns resolves when they are durable; rejects when they are not and never will be in this file
   */
  append(batch: EventBatch, from: number, to: number, unit: boolean, settle?: SettleRows): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    this.#idleSince = undefined;
    return new Promise((resolve, reject) => {
      this.#queue.push({ batch, from, to, unit, settle, resolve, reject });
      this.#wake();
    });
  }

  /** Writes and flushes what is there, ends and closes the file; resolves when it is concluded. Never rejects. */
  finish(): Promise<void> {
    this.#ending = true;
    this.#idleSince = undefined;
    this.#wake();
    return this.#done.promise;
  }

  /** Gives up at once: whatever is not durable is rejected. Waits for no call that is under way. */
  abort(error: unknown): void {
    this.#failure ??= { error };
    this.#rejectAll(error);
    // A file that is just being made is concluded when it is known what became of it.
    if (!this.#creating) void this.#conclude(false);
  }

  #wake(): void {
    if (this.#active || this.#concluded) return;
    this.#active = true;
    if (this.#holdsSlot) {
      void this.#work();
      return;
    }
    const { slots, creations } = this.#parts;
    const takeSlot = (): void =>
      slots.take(() => {
        this.#holdsSlot = true;
        void this.#work();
      });
    if (this.#file !== undefined) {
      takeSlot();
      return;
    }
    creations.take(() => {
      this.#comesUp = true;
      takeSlot();
    });
  }

  /** Does what there is to do. While only a flush is under way it ends; the end of the flush wakes it again. */
  async #work(): Promise<void> {
    try {
      while (this.#failure === undefined) {
        const piece = this.#queue[0];
        if (piece !== undefined) await this.#write(piece);
        else if (this.#flushing !== undefined) break;
        else if (this.#ending) {
          await this.#close();
          break;
        } else if (this.#unflushed.length > 0) this.#flush();
        else break;
      }
    } catch (error) {
      await this.#fail(error);
    }
    // Aborted while it was being made.
    if (this.#failure !== undefined && this.#flushing === undefined) await this.#conclude(false);
    this.#active = false;
    this.#cameUp();
    if (this.#flushing === undefined) this.#releaseSlot();
  }

  #cameUp(): void {
    if (!this.#comesUp) return;
    this.#comesUp = false;
    this.#parts.creations.release();
  }

  #releaseSlot(): void {
    if (!this.#holdsSlot) return;
    this.#holdsSlot = false;
    this.#parts.slots.release();
  }

  async #write(piece: Piece): Promise<void> {
    if (this.#writer === undefined) await this.#create(piece.batch);
    if (this.#failure !== undefined) return;
    if (piece.to > piece.from) {
      this.#writing = this.#writer!.write(piece.batch, piece.from, piece.to);
      await this.#writing;
      this.#writing = undefined;
    }
    if (this.#failure !== undefined) return;
    this.#queue.shift();
    this.#unflushed.push(piece);
    this.#unflushedBytes += piece.batch.bodyBytes(piece.from, piece.to);
    if (piece.unit && this.#parts.atRest()) {
      while (this.#unflushed.length > 0 && this.#failure === undefined) {
        this.#flush();
        await this.#flushing;
      }
    } else if (this.#unflushedBytes >= FLUSH_BYTES) this.#flush();
  }

  async #create(first: EventBatch): Promise<void> {
    this.#creating = true;
    try {
      await createFile({
        ...this.#parts,
        committed: () => this.#committed(),
        isGivenUp: () => this.#failure !== undefined,
        onThere: (entry, file) => {
          this.#entry = entry;
          this.#file = file;
        },
      });
      if (this.#failure !== undefined) return;
      this.#writer = await this.#parts.openFormat(this.#file!, first);
    } catch (error) {
      this.#parts.openFailed?.();
      throw error;
    } finally {
      this.#creating = false;
      this.#cameUp();
    }
    this.#parts.opened?.();
  }

  /** Waits, without keeping others from their work, until a checkpoint knows what the register does. */
  async #committed(): Promise<void> {
    const { register, slots } = this.#parts;
    this.#releaseSlot();
    await register.commit();
    await new Promise<void>((resolve) => slots.take(resolve));
    this.#holdsSlot = true;
  }

  /** Starts a flush, unless one is under way. */
  #flush(): void {
    if (this.#flushing !== undefined) return;
    this.#inFlush = this.#unflushed;
    this.#unflushed = [];
    this.#unflushedBytes = 0;
    this.#flushing = this.#inTurn(this.#writer!.flush()).then(
      (length) => {
        faultPoint('after-flush');
        this.#flushing = undefined;
        this.#confirm(this.#inFlush, length);
        this.#inFlush = [];
        if (this.#queue.length === 0 && this.#unflushed.length === 0) this.#idleSince = this.#parts.clock.now();
        this.#afterFlush();
      },
      async (error: unknown) => {
        this.#flushing = undefined;
        await this.#fail(error);
        this.#afterFlush();
      },
    );
  }

  /** What a deed came to, once the file before has no rows under way; meanwhile others may work. */
  async #inTurn<T>(deed: Promise<T>): Promise<T> {
    const result = await deed;
    if (this.#before !== undefined) {
      this.#releaseSlot();
      await this.#before;
    }
    return result;
  }

  #afterFlush(): void {
    if (this.#active) return;
    if (this.#concluded || this.#failure !== undefined) this.#releaseSlot();
    else this.#wake();
  }

  /** All in one go: a checkpoint that is taken before or after it fits. */
  #confirm(pieces: readonly Piece[], length: number): void {
    // After an abort these rows were rejected already and come again.
    if (this.#concluded) return;
    let rows = 0;
    for (const { from, to } of pieces) rows += to - from;
    this.#entry!.grew(length, rows);
    for (const { from, to, settle, resolve } of pieces) {
      settle?.(from, to);
      resolve();
    }
  }

  async #close(): Promise<void> {
    if (this.#writer !== undefined) {
      await this.#inTurn(this.#writer.close());
      faultPoint('after-close');
      if (this.#failure !== undefined) return;
      const pieces = this.#unflushed;
      this.#unflushed = [];
      this.#confirm(pieces, this.#file!.length);
    }
    await this.#conclude(true);
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    // A flush under way may still confirm rows: they must not be rejected and cut off then. And nothing is abandoned under a call's feet.
    await this.#flushing;
    await this.#writing?.catch(() => {});
    await this.#conclude(false);
  }

  #rejectAll(error: unknown): void {
    for (const pieces of [this.#inFlush, this.#unflushed, this.#queue]) {
      for (const piece of pieces) piece.reject(error);
    }
    this.#inFlush = [];
    this.#unflushed = [];
    this.#queue.length = 0;
  }

  async #conclude(whole: boolean): Promise<void> {
    if (this.#concluded) return;
    this.#concluded = true;
    if (!whole) {
      const done = new AbortController();
      const abandoned = (this.#writer ?? this.#file)?.abandon().then(() => done.abort());
      if (abandoned !== undefined) await Promise.race([abandoned, this.#parts.clock.sleep(LET_GO_MS, done.signal)]);
      this.#rejectAll(this.#failure?.error);
      await abandoned;
    }
    this.#releaseSlot();
    this.#settled.resolve();
    await this.#parts.conclude({
      file: this.#entry,
      whole,
      opened: this.#writer !== undefined,
    });
    this.#done.resolve();
  }
}
