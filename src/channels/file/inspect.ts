import { open, stat } from 'node:fs/promises';
import type { Ranges } from '../../component/checkpoint.ts';
import type { Logger } from '../../component/context.ts';
import { DirectoryLock, type LockHolder } from '../../component/directory-lock.ts';
import { describeError } from '../../errors.ts';
import { parseLogState } from './log-state.ts';
import { type Examined, examine } from './recover.ts';
import { readChunk } from './scan.ts';
import { SEGMENT_HEADER, type Segment } from './segment.ts';

/** A segment, as somebody finds it who only looks. */
export interface SegmentReport {
  readonly path: string;
  readonly bytes: number;
  /** The row of the channel that it begins with, and the one behind its last. */
  readonly firstRow: number;
  readonly endRow: number;
  /** Rows that are still to be taken. */
  readonly queued: number;
  /** `torn`: its last write was not finished; a start cuts it off (or it is being written right now). */
  readonly state: 'sound' | 'torn' | 'damaged';
  /** Bytes that hold no sound record: from, to, from, to, …; the first of them, when they are many. */
  readonly damaged: Ranges;
  readonly damagedBytes: number;
}

/** What the directories of a file channel hold. */
export interface FileChannelReport {
  /** Who uses them, or was killed while it did. */
  readonly holder: LockHolder | undefined;
  readonly segments: readonly SegmentReport[];
  /** Rows that would be queued after a start. */
  readonly queued: number;
  /** Whether the agent's checkpoint is of these segments. */
  readonly isKnown: boolean;
  /** What is wrong, in words; what a start would say as errors. */
  readonly problems: readonly string[];
  /** What a start would warn of. */
  readonly notes: readonly string[];
}

/** So many places of damage are told of a segment. */
const MOST_RANGES = 100;
/** A segment may be deleted while this looks: so often it looks again. */
const TRIES = 5;

/**
 * Looks at the directories of a file channel without a lock, and changes nothing; an agent may be using them. Never more than about a record and a mebibyte is in memory.
 * @param saved the channel's part of the agent's checkpoint, as JSON was parsed; without it, what is queued goes by the channel's own records
 * @throws SluiceError STATE_UNUSABLE for files of a future version, mixed files, Flume's, and a data directory that is not there
 */
export async function inspectFileChannel(
  checkpointDir: string,
  dataDirs: readonly string[],
  saved?: unknown,
): Promise<FileChannelReport> {
  const problems: string[] = [];
  const notes: string[] = [];
  const holders: LockHolder[] = [];
  const there: string[] = [];
  for (const dir of new Set([checkpointDir, ...dataDirs])) {
    const isThere = await stat(dir).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
    if (!isThere) {
      problems.push(`${dir} is not there`);
      continue;
    }
    if (dataDirs.includes(dir)) there.push(dir);
    const holder = await DirectoryLock.look(dir);
    if (holder !== undefined) holders.push(holder);
  }
  const state = parseLogState(saved);
  if (saved !== undefined && state === undefined)
    problems.push('its part of the checkpoint is not one of a file channel');
  const { examined, segments } = await look(checkpointDir, there, state, { problems, notes });
  return {
    holder: holders.find(({ alive }) => alive) ?? holders[0],
    segments,
    queued: examined.found.nextRow - examined.found.committed.size,
    isKnown: examined.state !== undefined,
    problems,
    notes,
  };
}

async function look(
  checkpointDir: string,
  dataDirs: readonly string[],
  state: ReturnType<typeof parseLogState>,
  told: { problems: string[]; notes: string[] },
): Promise<{ examined: Examined; segments: SegmentReport[] }> {
  for (let i = 1; ; i++) {
    const problems: string[] = [];
    const notes: string[] = [];
    try {
      const examined = await examine(checkpointDir, dataDirs, state, listener(problems, notes));
      const segments: SegmentReport[] = [];
      for (const segment of examined.found.segments) segments.push(await reportOf(segment, examined));
      told.problems.push(...problems);
      told.notes.push(...notes);
      for (const { state: found, path, damagedBytes, damaged } of segments) {
        if (found !== 'damaged') continue;
        told.problems.push(`${path}: ${damagedBytes} bytes are damaged, the first ones at ${damaged[0]}`);
      }
      return { examined, segments };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || i === TRIES) throw error;
      told.notes.push(`looked again: ${describeError(error)}`);
    }
  }
}

/** Reads a segment from its beginning to its end. */
async function reportOf(segment: Segment, { found }: Examined): Promise<SegmentReport> {
  const { path, salt, firstRow, endRow } = segment;
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const end = found.cuts.find((cut) => cut.path === path)?.length ?? size;
    const damaged: number[] = [];
    let damagedBytes = 0;
    for (let at = SEGMENT_HEADER; at < end; ) {
      const chunk = await readChunk(handle, salt, at, end);
      for (let i = 0; i < chunk.damaged.length; i += 2) {
        const from = chunk.damaged[i]!;
        const to = chunk.damaged[i + 1]!;
        damagedBytes += to - from;
        if (damaged.at(-1) === from) damaged[damaged.length - 1] = to;
        else if (damaged.length < 2 * MOST_RANGES) damaged.push(from, to);
      }
      at = chunk.next;
    }
    if (end < size) damaged.push(end, size);
    return {
      path,
      bytes: size,
      firstRow,
      endRow,
      queued: found.committed.countMissing(firstRow, endRow),
      state: damagedBytes > 0 ? 'damaged' : end < size ? 'torn' : 'sound',
      damaged,
      damagedBytes: damagedBytes + size - end,
    };
  } finally {
    await handle.close();
  }
}

/** Keeps what a start would say. */
function listener(problems: string[], notes: string[]): Logger {
  return {
    error: (message) => problems.push(message),
    warn: (message) => notes.push(message),
    info: () => {},
    debug: () => {},
    isDebug: false,
  };
}
