import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { faultPoint } from '../../component/fault-point.ts';
import { writeCheckpoint } from './checkpoint.ts';
import type { LogState } from './log-state.ts';
import { type RecordPlace, resetRecord } from './record.ts';
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
 * The segments of a channel: appends, syncs, begins new ones, writes checkpoints and deletes what is no longer needed. Its calls are made one after the
 * other, by the channel's writer alone. A new segment is begun at every start, so that nothing is ever written behind what a crash left.
 */
export class SegmentLog {
  /** The name of the log. */
  readonly name: string;
  readonly segments: Segment[];
  readonly committed: RowSet;
  readonly #checkpointDir: string;
  readonly #dataDirs: readonly string[];
  readonly #maxBytes: number;
  #nextRow: number;
  #nextSegment: number;
  #active: Active | undefined;
  /** Records from `nextRow` on lie in this segment behind this many bytes, or in a later one. */
  #mark: { readonly number: number; readonly length: number };
  /** Whether the first segment of this life is still to be made. */
  #isFirst = true;

  constructor(recovered: Recovered, checkpointDir: string, dataDirs: readonly string[], maxBytes: number) {
    this.name = recovered.name;
    this.segments = recovered.segments;
    this.committed = recovered.committed;
    this.#nextRow = recovered.nextRow;
    this.#nextSegment = recovered.nextSegment;
    this.#checkpointDir = checkpointDir;
    this.#dataDirs = dataDirs;
    this.#maxBytes = maxBytes;
    this.#mark = { number: recovered.nextSegment, length: 0 };
  }

  /** For the agent's checkpoint. */
  get state(): LogState {
    return {
      log: this.name,
      checkpointDir: this.#checkpointDir,
      dataDirs: this.#dataDirs,
      putMark: this.#nextRow,
      low: this.committed.low,
      above: this.committed.above,
      size: this.#nextRow - this.committed.size,
      segment: this.#mark.number,
      length: this.#mark.length,
    };
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
      if (this.unsynced) await this.sync();
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

  /** Makes what was written durable. When it throws, none of it counts: the system may have dropped it. */
  async sync(): Promise<void> {
    const active = this.#active!;
    try {
      faultPoint('channel-before-sync');
      await active.handle.datasync();
      faultPoint('channel-after-sync');
    } catch (error) {
      await active.handle.truncate(active.segment.length).catch(() => undefined);
      await this.#end();
      throw error;
    }
    active.segment.length = active.written;
  }

  /** The rows before this one count from now on: they were synced. To be called in the tick in which their puts are told. */
  advance(nextRow: number): void {
    const { segment } = this.#active!;
    segment.endRow = nextRow;
    this.#nextRow = nextRow;
    this.#mark = { number: segment.number, length: segment.length };
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

  /** Writes a checkpoint. */
  async checkpoint(): Promise<void> {
    if (this.#active !== undefined && this.#isEmpty && this.#active.segment.length > KEPT_BYTES && !this.unsynced) {
      await this.#end();
    }
    await writeCheckpoint(this.#checkpointDir, {
      log: this.name,
      nextSegment: this.#nextSegment,
      nextRow: this.#nextRow,
      low: this.committed.low,
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
  }

  /** Whether there is a segment that lies before a row. */
  canDelete(low: number): boolean {
    const first = this.segments[0];
    return first !== undefined && first !== this.active && first.endRow <= low;
  }

  /** Deletes the segments that lie before a row; all rows before it are committed. */
  async delete(low: number): Promise<void> {
    while (this.canDelete(low)) {
      faultPoint('channel-before-delete');
      await unlink(this.segments[0]!.path).catch((error: NodeJS.ErrnoException) => {
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
    const { low, above } = this.committed;
    // What was found at the start may differ from what the records say that were written before.
    const records = this.#isFirst ? [resetRecord({ salt, groupStart: SEGMENT_HEADER }, low, above)] : [];
    let length = SEGMENT_HEADER;
    const handle = await open(path, 'w', 0o640);
    try {
      await writeAll(handle, [segmentHead(number, this.#nextRow, this.name, salt)], 0);
      await handle.sync();
      await syncDir(dir);
      if (records.length > 0) {
        length += await writeAll(handle, records, length);
        await handle.datasync();
      }
    } catch (error) {
      await handle.close();
      await unlink(path).catch(() => undefined);
      throw error;
    }
    this.#isFirst = false;
    this.#nextSegment++;
    const segment: Segment = {
      number,
      path,
      salt,
      firstRow: this.#nextRow,
      endRow: this.#nextRow,
      length,
    };
    this.segments.push(segment);
    return { segment, handle, written: length };
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
