import { truncate, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '../../component/context.ts';
import { SluiceError } from '../../errors.ts';
import { type Checkpoint, type FoundCheckpoint, readCheckpoints } from './checkpoint.ts';
import type { LogState } from './log-state.ts';
import { type FoundLog, Reading } from './reading.ts';
import { isUnfinished, listSegments, newLogName, type SegmentFile } from './segment.ts';

/** What an earlier life of the channel left. */
export interface Recovered extends Pick<FoundLog, 'segments' | 'committed' | 'nextRow' | 'nextSegment' | 'lost'> {
  /** The name of the log; a new one when the agent's checkpoint knows nothing of it. */
  readonly name: string;
  /** Whether the records do not say what is committed: they are to be set right. */
  readonly differs: boolean;
  /** How many files were found damaged. */
  readonly damaged: number;
}

/** What the directories hold, and what is to be done to them; nothing is changed yet. */
export interface Examined {
  readonly found: FoundLog;
  /** The name of the log, if it has one. */
  readonly name: string | undefined;
  /** The agent's checkpoint, when it is of this log. */
  readonly state: LogState | undefined;
  readonly damaged: ReadonlySet<string>;
}

/**
 * Puts together what the directories hold, in the light of what the agent's checkpoint says of them. Without that it goes by the newest sound checkpoint of the channel's own
 * that fits to the segments and by the records that were written after it; without one, every segment is read.
 * @throws SluiceError STATE_UNUSABLE for files of a future version, mixed files, Flume's, and a data directory that is not there
 */
export async function recover(
  checkpointDir: string,
  dataDirs: readonly string[],
  state: LogState | undefined,
  log: Logger,
): Promise<Recovered> {
  const examined = await examine(checkpointDir, dataDirs, state, log);
  const { found } = examined;
  for (const path of found.unfinished) await unlink(path);
  for (const { path, length } of found.cuts) await truncate(path, length);
  const name = examined.state?.log;
  tell(examined, state, log);
  return {
    name: name ?? newLogName(),
    segments: found.segments,
    committed: found.committed,
    nextRow: found.nextRow,
    nextSegment: found.nextSegment,
    lost: found.lost,
    differs: found.segments.length > 0 && (name === undefined || found.differs),
    damaged: examined.damaged.size,
  };
}

/** What `recover` does, up to the point where files would be changed. */
export async function examine(
  checkpointDir: string,
  dataDirs: readonly string[],
  state: LogState | undefined,
  log: Logger,
): Promise<Examined> {
  const files = await listSegments(dataDirs);
  const damaged = new Set<string>();
  const checkpoints = await readCheckpoints(checkpointDir, (path) => {
    damaged.add(path);
    log.error(`the checkpoint ${path} is damaged; the one before it or the segments are read instead`);
  });
  const checkpoint = checkpoints.find((candidate) => fits(candidate, files));
  if (checkpoint === undefined && checkpoints.length > 0) {
    log.error(`no checkpoint in ${checkpointDir} belongs to these segments; all of them are read`);
  }
  // A log that never had anything in it has no files, or one that was being made.
  const isEmpty = files.every(isUnfinished) && checkpoint === undefined && state?.size === 0;
  const name = isEmpty ? state?.log : nameOf(checkpoint, files);
  const known = state?.log === name ? state : undefined;
  if (checkpoint?.isNewest) refuseLackingDirectory(checkpoint, known?.low ?? checkpoint.low, checkpointDir, files);
  const found = await new Reading(files, checkpoint, known, log, damaged).run();
  return { found, name, state: known, damaged };
}

/** The name of the log that these files are of: the last one that it got. */
function nameOf(checkpoint: FoundCheckpoint | undefined, files: readonly SegmentFile[]): string | undefined {
  const newest = files.findLast(({ head }) => head?.log !== undefined);
  if (checkpoint?.log === undefined) return newest?.head?.log;
  return newest !== undefined && newest.number >= (checkpoint.nextSegment ?? 0) ? newest.head?.log : checkpoint.log;
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
function refuseLackingDirectory(
  checkpoint: Checkpoint,
  low: number,
  checkpointDir: string,
  files: readonly SegmentFile[],
): void {
  const wanted = checkpoint.segments.filter(({ endRow }) => endRow > low);
  for (const dir of new Set(wanted.map((segment) => segment.dir))) {
    const numbers = new Set(wanted.filter((segment) => segment.dir === dir).map(({ number }) => number));
    if (files.some(({ number, path }) => numbers.has(number) || dirname(path) === dir)) continue;
    throw new SluiceError(
      'STATE_UNUSABLE',
      `the events in ${dir} are not there: is its disk mounted, and does dataDirs name it? Should they be gone for good, remove sluice-checkpoint and sluice-checkpoint.previous from ${checkpointDir} to go on without them`,
    );
  }
}

/** Says what became of the rows on whose fate the agent's checkpoint and the channel's own records do not agree. */
function tell({ found, state }: Examined, given: LogState | undefined, log: Logger): void {
  if (state !== undefined) {
    if (found.again > 0) {
      log.info(
        `${found.again} events that were taken after the agent's last checkpoint come again: sinks that write files go back to it, too; others may get them twice`,
      );
    }
    if (found.dropped > 0) {
      log.info(
        `${found.dropped} events that were put after the agent's last checkpoint are left out: their sources send them again`,
      );
    }
    return;
  }
  if (given !== undefined && given.size > 0) {
    log.error(
      `the agent's checkpoint knows of ${given.size} events in another log, with its checkpoints in ${given.checkpointDir} and its events in ${given.dataDirs.join(', ')}: are these directories the right ones, and their disks mounted? Those events are not touched`,
    );
  }
  if (found.segments.length > 0) {
    log.warn(
      `the agent's checkpoint says nothing of these segments: the channel goes by its own records, and events that were under way when an agent was killed may come twice`,
    );
  }
}
