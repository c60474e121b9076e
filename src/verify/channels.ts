import { inspectFileChannel } from '../channels/file/inspect.ts';
import { describeError, SluiceError } from '../errors.ts';
import type { ChannelReport, Findings } from './report.ts';
import type { SavedChannel } from './saved-parts.ts';

/**
 * Looks at the directories of a file channel: what is queued, and whether the segments are sound.
 * @param saved the channel's part of the checkpoint
 * @param alive whether the agent runs: it writes while this looks, and the end of what it writes may look damaged for a moment
 */
export async function lookAtChannel(
  component: string,
  channel: SavedChannel,
  saved: unknown,
  alive: boolean,
): Promise<Findings<ChannelReport>> {
  const { checkpointDir, dataDirs, queued } = channel;
  const directories = [checkpointDir, ...dataDirs];
  try {
    const first = await inspectFileChannel(checkpointDir, dataDirs, saved);
    const again =
      alive && first.problems.length > 0 ? await inspectFileChannel(checkpointDir, dataDirs, saved) : undefined;
    const found = again ?? first;
    const lasting = found.problems.filter((problem) => first.problems.includes(problem));
    const row: ChannelReport = {
      component,
      directories,
      // The checkpoint is a moment old; its events are those that a start would find.
      queued: alive ? queued : found.queued,
      segments: found.segments.length,
      bytes: found.segments.reduce((sum, { bytes }) => sum + bytes, 0),
      torn: found.segments.filter(({ state }) => state === 'torn').map(({ path }) => path),
      damaged: found.segments.filter(({ state }) => state === 'damaged').map(({ path }) => path),
      notes: alive ? [] : found.notes,
    };
    return { rows: [row], problems: lasting.map((problem) => `${component}: ${problem}`) };
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return {
      rows: [{ component, directories, queued, notes: [] }],
      problems: [`${component}: ${describeError(error)}`],
    };
  }
}
