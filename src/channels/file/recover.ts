import { open, truncate, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '../../component/context.ts';
import { SluiceError } from '../../errors.ts';
import { type Checkpoint, readCheckpoints } from './checkpoint.ts';
import { commitRanges } from './record.ts';
import { RowSet } from './row-set.ts';
import { type Chunk, readChunk } from './scan.ts';
import { listSegments, SEGMENT_HEADER, type Segment, type SegmentFile } from './segment.ts';

/** What an earlier life of the channel left. */
export interface Recovered {
  readonly segments: Segment[];
  readonly committed: RowSet;
  /** The number of the next row that is put. */
  readonly nextRow: number;
  /** The number of the next segment. */
  readonly nextSegment: number;
  /** Whether nothing but the newest checkpoint was needed. */
  readonly clean: boolean;
}

/** Where the first record of a segment is looked for when its head is damaged: all bear its salt. */
const SALT_SEARCH_BYTES = 64 * 1024;

/**
 * Puts together what the directories hold: the newest sound checkpoint that fits to the segments, and the records that were written after it. Without a checkpoint
 * every segment is read.
 * @throws SluiceError STATE_UNUSABLE for files of a future version, mixed files, and Flume's
 */
export async function recover(checkpointDir: string, dataDirs: readonly string[], log: Logger): Promise<Recovered> {
  const files = await listSegments(dataDirs);
  const checkpoints = await readCheckpoints(checkpointDir, (path) =>
    log.error(`the checkpoint ${path} is damaged; the one before it or the segments are read instead`),
  );
  const checkpoint = checkpoints.find((candidate) => fits(candidate, files));
  if (checkpoint === undefined && checkpoints.length > 0) {
    log.error(`no checkpoint in ${checkpointDir} belongs to these segments; all of them are read`);
  }
  if (checkpoint?.isNewest) refuseLackingDirectory(checkpoint, checkpointDir, files);
  return new Recovery(files, checkpoint, log).run();
}

/** Whether a checkpoint was written over these files. */
function fits(checkpoint: Checkpoint, files: readonly SegmentFile[]): boolean {
  return checkpoint.segments.every(({ number, salt }) => {
    const file = files.find((candidate) => candidate.number === number);
    return file?.head === undefined || file.head.salt === salt;
  });
}

/**
 * A data directory from which every segment is gone is hardly damage: its disk is not mounted, or dataDirs names another one. To go on would be to give its events up.
 */
function refuseLackingDirectory(checkpoint: Checkpoint, checkpointDir: string, files: readonly SegmentFile[]): void {
  const wanted = checkpoint.segments.filter(({ endRow }) => endRow > checkpoint.low);
  for (const dir of new Set(wanted.map((segment) => segment.dir))) {
    const numbers = new Set(wanted.filter((segment) => segment.dir === dir).map(({ number }) => number));
    if (files.some(({ number, path }) => numbers.has(number) || dirname(path) === dir)) continue;
    throw new SluiceError(
      'STATE_UNUSABLE',
      `the events in ${dir} are not there: is its disk mounted, and does dataDirs name it? Should they be gone for good, remove sluice-checkpoint and sluice-checkpoint.previous from ${checkpointDir} to go on without them`,
    );
  }
}

class Recovery {
  readonly #files: readonly SegmentFile[];
  readonly #checkpoint: Checkpoint | undefined;
  readonly #log: Logger;
  readonly #committed: RowSet;
  readonly #segments: Segment[] = [];
  #nextRow: number;
  #clean: boolean;

  constructor(files: readonly SegmentFile[], checkpoint: Checkpoint | undefined, log: Logger) {
    this.#files = files;
    this.#checkpoint = checkpoint;
    this.#log = log;
    this.#clean = checkpoint !== undefined || files.length === 0;
    this.#nextRow = checkpoint?.nextRow ?? 0;
    this.#committed = new RowSet(checkpoint?.low, checkpoint?.above);
  }

  async run(): Promise<Recovered> {
    const known = new Map(this.#checkpoint?.segments.map((segment) => [segment.number, segment]));
    const last = Math.max(0, ...this.#files.map(({ number }) => number), ...known.keys());
    for (const [i, file] of this.#files.entries()) {
      const isLast = i === this.#files.length - 1;
      if (isLast && file.head === undefined && file.size <= SEGMENT_HEADER) {
        await unlink(file.path); // Being made when the process ended.
        continue;
      }
      const from = known.get(file.number);
      const head = file.head ?? (await guessHead(file));
      const salt = from?.salt ?? head?.salt;
      const firstRow = from?.firstRow ?? head?.firstRow ?? this.#nextRow;
      if (file.head === undefined) this.#report(`the head of ${file.path} is damaged`);
      const segment: Segment = {
        number: file.number,
        path: file.path,
        salt: salt ?? 0,
        firstRow,
        endRow: from?.endRow ?? firstRow,
        length: Math.max(SEGMENT_HEADER, Math.min(file.size, from?.length ?? SEGMENT_HEADER)),
      };
      this.#segments.push(segment);
      if (from !== undefined && file.size < from.length) {
        this.#report(`${file.path} is ${file.size} bytes long and was ${from.length}`);
      }
      if (salt === undefined) continue;
      // A segment that was full when the checkpoint was written has nothing new.
      const next = this.#files[i + 1];
      if (from !== undefined && next !== undefined && known.has(next.number)) continue;
      await this.#readNew(segment, file.size, isLast, from?.length);
      const nextFirst = next?.head?.firstRow;
      if (nextFirst !== undefined) segment.endRow = Math.min(segment.endRow, Math.max(firstRow, nextFirst));
    }
    for (const range of this.#committed.above) this.#nextRow = Math.max(this.#nextRow, range);
    this.#nextRow = Math.max(this.#nextRow, this.#committed.low);
    this.#settleMissing();
    return {
      segments: this.#segments,
      committed: this.#committed,
      nextRow: this.#nextRow,
      nextSegment: last + 1,
      clean: this.#clean,
    };
  }

  #report(message: string): void {
    this.#clean = false;
    this.#log.error(message);
  }

  /** Reads what was written to a segment after the checkpoint, and cuts off a write that was never finished. */
  async #readNew(segment: Segment, size: number, isLast: boolean, confirmed: number | undefined): Promise<void> {
    if (size <= segment.length) return;
    const handle = await open(segment.path, 'r');
    let end = size;
    try {
      if (isLast) end = await findCut(handle, segment, size, confirmed ?? SEGMENT_HEADER);
      for (let at = segment.length; at < end; ) {
        const chunk = await readChunk(handle, segment.salt, at, end);
        for (const { header, payload } of chunk.records) {
          if (header.type === 'put') segment.endRow = Math.max(segment.endRow, header.firstRow + header.count);
          else this.#commit(commitRanges(payload));
        }
        // Rows that are missing are reported, with the place, by whoever reads the segment.
        if (chunk.damaged.length > 0) this.#clean = false;
        at = chunk.next;
      }
    } finally {
      await handle.close();
    }
    if (end < size) {
      this.#log.warn(
        `${segment.path}: the last write was not finished and is cut off (${size - end} bytes at ${end}); it was not confirmed to anyone`,
      );
      await truncate(segment.path, end);
    }
    segment.length = end;
    this.#nextRow = Math.max(this.#nextRow, segment.endRow);
  }

  #commit(ranges: readonly number[]): void {
    for (let i = 0; i + 1 < ranges.length; i += 2) this.#committed.add(ranges[i]!, ranges[i + 1]!);
  }

  /** Rows that should be there, in no segment: of segments that are gone. */
  #settleMissing(): void {
    const first = this.#segments[0];
    if (first !== undefined && first.firstRow > this.#committed.low) {
      // A segment is deleted only when all rows up to its end are committed.
      if (this.#checkpoint !== undefined && this.#committed.countMissing(this.#committed.low, first.firstRow) > 0) {
        this.#log.warn(`the segments up to row ${first.firstRow} were committed and deleted after the checkpoint`);
      }
      this.#committed.add(0, first.firstRow);
    }
    let at = this.#committed.low;
    for (const { firstRow, endRow } of [...this.#segments, { firstRow: this.#nextRow, endRow: this.#nextRow }]) {
      if (firstRow > at) {
        const lost = this.#committed.countMissing(at, firstRow);
        if (lost > 0) this.#report(`${lost} events are gone: rows ${at} to ${firstRow} are in no segment`);
        this.#committed.add(at, firstRow);
      }
      at = Math.max(at, endRow);
    }
  }
}

/**
 * Where the last segment ends. A write reaches the disk in any order before it is synced, and each record says where its write began: so damage behind
 * the beginning of the last one is a write that was never confirmed.
 */
async function findCut(
  handle: Awaited<ReturnType<typeof open>>,
  segment: Segment,
  size: number,
  confirmed: number,
): Promise<number> {
  const damaged: number[] = [];
  let lastGroup = 0;
  let lastRecord = 0;
  for (let at = segment.length; at < size; ) {
    const chunk: Chunk = await readChunk(handle, segment.salt, at, size);
    damaged.push(...chunk.damaged);
    const last = chunk.records.at(-1);
    if (last !== undefined) {
      lastGroup = last.header.groupStart;
      lastRecord = last.offset;
    }
    at = chunk.next;
  }
  for (let i = 0; i < damaged.length; i += 2) {
    if (damaged[i]! >= confirmed && (damaged[i]! >= lastGroup || damaged[i]! > lastRecord)) return damaged[i]!;
  }
  return size;
}

/** What the head of a segment said, as far as its first records tell. */
async function guessHead(file: SegmentFile): Promise<SegmentFile['head']> {
  const handle = await open(file.path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SALT_SEARCH_BYTES), 0, SALT_SEARCH_BYTES, 0);
    for (let at = buffer.indexOf('SLrc'); at >= 0 && at + 8 <= bytesRead; at = buffer.indexOf('SLrc', at + 1)) {
      const salt = buffer.readUInt32LE(at + 4);
      const { records } = await readChunk(handle, salt, at, file.size);
      if (records[0]?.offset !== at) continue;
      return { salt, firstRow: records.find(({ header }) => header.type === 'put')?.header.firstRow };
    }
    return undefined;
  } finally {
    await handle.close();
  }
}
