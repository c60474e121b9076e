import { access } from 'node:fs/promises';
import type { ChannelReport, Findings } from './report.ts';
import type { SavedChannel } from './saved-parts.ts';

/** Looks at the directories of a file channel. */
export async function lookAtChannel(
  component: string,
  { checkpointDir, dataDirs, queued }: SavedChannel,
  _alive: boolean,
): Promise<Findings<ChannelReport>> {
  const directories = [checkpointDir, ...dataDirs];
  const problems: string[] = [];
  for (const dir of directories) {
    const there = await access(dir).then(
      () => true,
      () => false,
    );
    if (!there) problems.push(`${component}: its directory ${dir} is not there; ${queued} events are queued`);
  }
  return { rows: [{ component, directories, queued }], problems };
}
