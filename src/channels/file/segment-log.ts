import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeCheckpoint } from './checkpoint.ts';
import type { RecordPlace } from './record.ts';
import type { Recovered } from './recover.ts';
import type { RowSet } from './row-set.ts';
import { SEGMENT_HEADER, type Segment, segmentHead, segmentName, syncDir } from './segment.ts';

/** An empty channel gives back a segment that is larger than this. */
const KEPT_BYTES = 1024 * 1024;
/** So much that is committed is deleted without waiting for the next regular checkpoint. */
const FREEABLE_BYTES = 256 * 1024 * 1024;

interface Active {
  readonly segment: Segment;
  readonly handle: FileHandle;
  /** Bytes that were written; up to `segment.length` they are synced. */
  written: number;
}

/**
 * The segments of a channel: appends, syncs, begins new ones, writes checkpoints and deletes what is committed. Its calls are made one after the
 * other, by the channel's writer alone. A new segment is begun at every start, so that nothing is ever written behind what a crash left.
 */
export class SegmentLog {
  readonly segments: Segment[];
  readonly committed: RowSet;
  readonly #checkpointDir: string;
  readonly #dataDirs: readonly string[];
  readonly #maxBytes: number;
  #nextRow: number;
  #nextSegment: number;
  #active: Active | undefined;

  constructor(recovered: Recovered, checkpointDir: string, dataDirs: readonly string[], maxBytes: number) {
    this.segments = recovered.segments;
    this.committed = recovered.committed;
    this.#nextRow = recovered.nextRow;
    this.#nextSegment = recovered.nextSegment;
    this.#checkpointDir = checkpointDir;
    this.#dataDirs = dataDirs;
    this.#maxBytes = maxBytes;
  }

  /** The number of the next row; all rows before it are durable. */
  get nextRow(): number {
    return this.#nextRow;
  }

  /** The segment that is written to. */
  get active(): Segment | undefined {
    return this.#active?.segment;
  }

  /** The directory that is written to next. */
  get directory(): string {
    return this.#active === undefined
      ? this.#dataDirs[this.#nextSegment % this.#dataDirs.length]!
      : dirname(this.#active.segment.path);
  }

  /** Whether something was written and not synced. */
  get unsynced(): boolean {
    return this.#active !== undefined && this.#active.written > this.#active.segment.length;
  }

  /** Where the next write is going to lie. Begins a segment when there is none with room. */
  async place(): Promise<RecordPlace> {
    if (this.#active !== undefined && this.#active.written >= this.#maxBytes) {
      if (this.unsynced) await this.sync(this.#nextRow);
      await this.#end();
    }
    this.#active ??= await this.#begin();
    const { salt, length } = this.#active.segment;
    return { salt, groupStart: length };
  }

  /** Appends records; what was written is durable only after `sync`. When it throws, nothing was written. */
  async write(records: readonly Buffer[]): Promise<void> {
    const active = this.#active!;
    try {
      let bytes = 0;
      for (let i = 0; i < records.length; i += 1000) {
        bytes += await writeAll(active.handle, records.slice(i, i + 1000), active.written + bytes);
      }
      active.written += bytes;
    } catch (error) {
      await active.handle.truncate(active.written).catch(() => this.#end());
      throw error;
    }
  }

  /**
   * Makes what was written durable. When it throws, none of it counts: the system may have dropped it.
   * @param nextRow the row behind the last one written
   */
  async sync(nextRow: number): Promise<void> {
    const active = this.#active!;
    try {
      await active.handle.datasync();
    } catch (error) {
      await active.handle.truncate(active.segment.length).catch(() => undefined);
      await this.#end();
      throw error;
    }
    active.segment.length = active.written;
    active.segment.endRow = nextRow;
    this.#nextRow = nextRow;
  }

  /** Whether so much could be deleted that a checkpoint is worth its while. */
  get worthCheckpoint(): boolean {
    let bytes = 0;
    for (const segment of this.segments) {
      if (segment === this.active || segment.endRow > this.committed.low) break;
      bytes += segment.length;
    }
    return bytes >= Math.min(FREEABLE_BYTES, 4 * this.#maxBytes);
  }

  /** Writes a checkpoint, then deletes the segments whose rows are all committed. */
  async checkpoint(): Promise<void> {
    if (this.#active !== undefined && this.#isEmpty && this.#active.segment.length > KEPT_BYTES && !this.unsynced) {
      await this.#end();
    }
    // Commits go on meanwhile: what is deleted is what this checkpoint knows to be committed.
    const { low } = this.committed;
    await writeCheckpoint(this.#checkpointDir, {
      nextRow: this.#nextRow,
      low,
      above: [...this.committed.above],
      segments: this.segments.map(({ path, number, salt, firstRow, endRow, length }) => ({
        dir: dirname(path),
        number,
        salt,
        firstRow,
        endRow,
        length,
      })),
    });
    await this.deleteCommitted(low);
  }

  /** Deletes the segments that lie before a row; all rows before it are committed. */
  async deleteCommitted(low: number): Promise<void> {
    for (;;) {
      const segment = this.segments[0];
      if (segment === undefined || segment === this.active || segment.endRow > low) return;
      await unlink(segment.path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
      this.segments.shift();
    }
  }

  async close(): Promise<void> {
    await this.#end();
  }

  get #isEmpty(): boolean {
    return this.committed.low >= this.#nextRow;
  }

  async #begin(): Promise<Active> {
    const dir = this.directory;
    const number = this.#nextSegment;
    const path = join(dir, segmentName(number));
    const salt = randomBytes(4).readUInt32LE();
    const handle = await open(path, 'w', 0o640);
    try {
      await handle.write(segmentHead(number, this.#nextRow, salt), 0, SEGMENT_HEADER, 0);
      await handle.sync();
      await syncDir(dir);
    } catch (error) {
      await handle.close();
      await unlink(path).catch(() => undefined);
      throw error;
    }
    this.#nextSegment++;
    const segment: Segment = {
      number,
      path,
      salt,
      firstRow: this.#nextRow,
      endRow: this.#nextRow,
      length: SEGMENT_HEADER,
    };
    this.segments.push(segment);
    return { segment, handle, written: SEGMENT_HEADER };
  }

  async #end(): Promise<void> {
    const active = this.#active;
    this.#active = undefined;
    await active?.handle.close();
  }
}

/** Writes all of them at a place of the file; returns how many bytes that were. */
async function writeAll(handle: FileHandle, buffers: readonly Buffer[], at: number): Promise<number> {
  let total = 0;
  for (const { length } of buffers) total += length;
  const { bytesWritten } = await handle.writev(buffers, at);
  if (bytesWritten === total) return total;
  // Cut short: the disk is full, or nearly so. Writing the rest says which.
  const rest = Buffer.concat(buffers).subarray(bytesWritten);
  for (let done = 0; done < rest.length; ) {
    done += (await handle.write(rest, done, rest.length - done, at + bytesWritten + done)).bytesWritten;
  }
  return total;
}
