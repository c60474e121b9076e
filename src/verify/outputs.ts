import type { FileStatus } from '../component/file-system.ts';
import { describeError } from '../errors.ts';
import type { FileState } from '../formats/file-register.ts';
import { whereIs } from '../formats/where-is.ts';
import type { Look } from './look.ts';
import type { Findings, OutputReport } from './report.ts';
import type { SavedOutput } from './saved-parts.ts';

const PARALLEL = 16;

interface Seen {
  readonly next: string;
  readonly size?: number;
  readonly problem?: string;
}

/**
 * Says of each file that a sink has not finished what will become of it.
 * @param alive whether the agent runs: it writes to them while this looks
 */
export async function lookAtOutputs(
  component: string,
  outputs: readonly SavedOutput[],
  look: Look,
  alive: boolean,
): Promise<Findings<OutputReport>> {
  const rows: OutputReport[] = [];
  const problems: string[] = [];
  for (let at = 0; at < outputs.length; at += PARALLEL) {
    const some = outputs.slice(at, at + PARALLEL);
    const found = await Promise.all(some.map((output) => (alive ? lookAtOpen(output, look) : foresee(output, look))));
    for (const [i, { next, size, problem }] of found.entries()) {
      const { fs, path, target, state, length, rows: events } = some[i]!;
      rows.push({ component, fileSystem: fs, path, target, state, durable: length, events, size, next });
      if (problem !== undefined) problems.push(`${component}: ${problem}`);
    }
  }
  return { rows, problems };
}

/** A file of a running agent: what a moment ago was so may be otherwise now. */
async function lookAtOpen(output: SavedOutput, look: Look): Promise<Seen> {
  const next =
    { creating: 'is being made', ending: `gets its final name, ${output.target}` }[output.state] ?? 'is open';
  const size = await look(output.fs, output.path).then(
    (status) => status?.length,
    () => undefined,
  );
  return { next, size };
}

/** What the next start of the agent will do with it. */
async function foresee(output: SavedOutput, look: Look): Promise<Seen> {
  const { fs, path, target, length, rows } = output;
  const { id } = output;
  try {
    if (output.state === 'creating') return foreseeMade(await look(fs, path));
    const sought = { path, target, id, length, state: output.state as FileState };
    const place = await whereIs(sought, (name) => look(fs, name));
    if (place === 'gone') {
      const what = `${path} is neither there nor finished as ${target}`;
      if (rows === 0) return { next: 'is gone, without any events' };
      return { next: 'is gone', problem: `${what}: somebody removed or renamed it; it held ${rows} events` };
    }
    const size = (await look(fs, place === 'finished' ? target : path))?.length ?? 0;
    if (place === 'finished') {
      if (size <= length) return { size, next: `is finished as ${target}` };
      const problem = `${target} was finished with ${size} bytes, of which the checkpoint knows ${length}: what is behind them may be doubled`;
      return { size, next: `is finished as ${target}, with more than the checkpoint knows`, problem };
    }
    if (output.state === 'open' && rows === 0) return { size, next: 'will be removed, it has no events' };
    const name = target === path ? 'is finished then' : `renamed to ${target}`;
    if (size < length) {
      const problem = `${path} has only ${size} bytes, though ${length} (${rows} events) were durable: somebody has cut it, or the disk has lost some`;
      return { size, next: `will be ${target === path ? 'left as it is' : name}, shorter than it was`, problem };
    }
    if (size === length) return { size, next: target === path ? 'is complete' : `will be ${name}` };
    return { size, next: `will be cut from ${size} to ${length} bytes and ${name}` };
  } catch (error) {
    return { next: `cannot be looked at now: ${describeError(error)}` };
  }
}

/** A file that was about to be made. */
function foreseeMade(status: FileStatus | undefined): Seen {
  if (status === undefined) return { next: 'was about to be made, and is not there' };
  if (status.length === 0 && !status.directory)
    return { size: 0, next: 'was about to be made, will be removed as it is empty' };
  return { size: status.length, next: "is another's: this agent has not written to it, and leaves it alone" };
}
