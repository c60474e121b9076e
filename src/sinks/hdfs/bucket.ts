import type { EventBatch } from '../../event/event-batch.ts';
import type { Written } from '../../formats/deliver-whole.ts';
import { EventFile, type EventFileEnd, type EventFileParts, type SettleRows } from '../../formats/event-file.ts';
import type { FileNames } from '../../formats/file-register.ts';

export interface BucketSettings {
  readonly rollCount: number;
  readonly rollSize: number;
  readonly rollIntervalMs: number;
  readonly idleTimeoutMs: number;
}

/** Rows on their way into a file. */
export interface Rows {
  readonly batch: EventBatch;
  readonly from: number;
  readonly to: number;
  /** Whether a flush shall follow at once, if the sink is at rest. */
  readonly unit: boolean;
  /** Takes note of those that are durable. */
  readonly settle: SettleRows;
}

export interface BucketParts {
  readonly settings: BucketSettings;
  /** Names that no file has had; each call gives others. */
  readonly nextNames: () => FileNames;
  readonly file: Omit<EventFileParts, 'nextNames' | 'conclude' | 'before'>;
  readonly conclude: (end: EventFileEnd, nextTarget: () => string) => Promise<void>;
  /** When the rows of the bucket before are settled. */
  readonly before: Promise<void> | undefined;
}

/** A folder and prefix that is written to: one file after another, rolled by events, bytes, age and idleness. */
export class Bucket {
  readonly #parts: BucketParts;
  #file: EventFile | undefined;
  #rows = 0;
  #bytes = 0;
  #openedAt: number | undefined;
  readonly #finishing = new Set<EventFile>();

  #settled: Promise<void> | undefined;

  constructor(parts: BucketParts) {
    this.#parts = parts;
    this.#settled = parts.before;
  }

  /** Resolves when the rows of all files that it has finished, and of the buckets before, are settled. */
  get settled(): Promise<void> | undefined {
    return this.#settled;
  }

  /** Whether the file has failed, after which a new bucket with a new number takes over, as in Flume. */
  get failed(): boolean {
    return this.#file?.ended === true;
  }

  /** Writes rows, into as many files as rolling by events and bytes makes of it. */
  append({ batch, from, to, unit, settle }: Rows): Written<Rows>[] {
    const written: Written<Rows>[] = [];
    for (let row = from; row < to; ) {
      if (this.#isFull()) this.#roll();
      const end = this.#room(batch, row, to);
      this.#file ??= this.#newFile();
      this.#rows += end - row;
      this.#bytes += batch.bodyBytes(row, end);
      const done = this.#file.append(batch, row, end, unit, settle);
      written.push({ piece: { batch, from: row, to: end, unit, settle }, done });
      row = end;
    }
    return written;
  }

  /** Whether the bucket is to be finished: its file has failed or come of age, or nothing has come for long. */
  isOver(now: number): boolean {
    if (this.failed) return true;
    const { rollIntervalMs, idleTimeoutMs } = this.#parts.settings;
    return isPast(now, this.#openedAt, rollIntervalMs) || isPast(now, this.#file?.idleSince, idleTimeoutMs);
  }

  /** Finishes all files. Never rejects. */
  async finish(): Promise<void> {
    this.#roll();
    await Promise.all(Array.from(this.#finishing, (file) => file.finish()));
  }

  /** Gives up all files at once. */
  abort(error: unknown): void {
    this.#file?.abort(error);
    for (const file of this.#finishing) file.abort(error);
  }

  #isFull(): boolean {
    const { rollCount, rollSize } = this.#parts.settings;
    return (rollCount > 0 && this.#rows >= rollCount) || (rollSize > 0 && this.#bytes >= rollSize);
  }

  /** The row behind the last one that goes into the present file. */
  #room(batch: EventBatch, from: number, to: number): number {
    const { rollCount, rollSize } = this.#parts.settings;
    const end = rollCount > 0 ? Math.min(to, from + rollCount - this.#rows) : to;
    if (rollSize <= 0 || this.#bytes + batch.bodyBytes(from, end) < rollSize) return end;
    let bytes = this.#bytes;
    for (let row = from; row < end; row++) {
      bytes += batch.ends[row]! - batch.starts[row]!;
      if (bytes >= rollSize) return row + 1;
    }
    return end;
  }

  #roll(): void {
    const file = this.#file;
    this.#file = undefined;
    this.#rows = 0;
    this.#bytes = 0;
    this.#openedAt = undefined;
    if (file === undefined) return;
    this.#finishing.add(file);
    void file.finish().then(() => this.#finishing.delete(file));
  }

  #newFile(): EventFile {
    const { nextNames, file: parts, conclude } = this.#parts;
    const file: EventFile = new EventFile({
      ...parts,
      nextNames,
      before: this.#settled,
      opened: () => {
        if (this.#file === file) this.#openedAt = parts.clock.now();
        parts.opened?.();
      },
      conclude: (end) => conclude(end, () => nextNames().final),
    });
    this.#settled = file.settled;
    return file;
  }
}

/** Whether so much time (0: never) lies between; in either direction, or a clock that was set back would leave a file open for as long. */
function isPast(now: number, since: number | undefined, ms: number): boolean {
  return ms > 0 && since !== undefined && Math.abs(now - since) >= ms;
}
