import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DirectoryLock } from '../component/directory-lock.ts';
import { fromSystemError, SluiceError } from '../errors.ts';

export interface StateDirWishes {
  /** The agent's name. */
  readonly agent: string;
  /** What the operator named. */
  readonly given?: string;
  /** What the service manager made (`$STATE_DIRECTORY`; several are separated by colons). */
  readonly fromService?: string;
  readonly homeDir: string;
  /** Where system services keep state. */
  readonly systemDir?: string;
}

/**
 * Finds the folder for an agent's own state and makes it: the one that was named, else the service manager's, else
 * /var/lib/sluice/NAME where that can be written, else ~/.sluice/NAME.
 * @throws SluiceError STATE_UNUSABLE
 */
export function prepareStateDir(wishes: StateDirWishes): string {
  const candidates = stateDirCandidates(wishes);
  let failure: unknown;
  for (const path of candidates) {
    try {
      makeDirectory(path);
      accessSync(path, constants.W_OK | constants.X_OK);
      return path;
    } catch (error) {
      failure = error;
    }
  }
  const last = candidates.at(-1)!;
  throw new SluiceError('STATE_UNUSABLE', last, fromSystemError(failure, last));
}

/** Makes a folder and those above it. Node's own recursive way never ends where no folder can be made though the one above is there, as below /proc. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  const above = dirname(path);
  if (above !== path) makeDirectory(above);
  try {
    mkdirSync(path, { mode: 0o750 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Where an agent's state may lie; the first of them that can be used is it. */
export function stateDirCandidates(wishes: StateDirWishes): string[] {
  const named = wishes.given ?? wishes.fromService?.split(':')[0];
  if (named !== undefined && named !== '') return [resolve(named)];
  // A name of an agent may hold anything; in a path it is one part.
  const part = encodeURIComponent(wishes.agent).replace(/^\.+$/, '_');
  return [join(wishes.systemDir ?? '/var/lib/sluice', part), join(wishes.homeDir, '.sluice', part)];
}

/**
 * Holds the state directory for this agent, until it is released or the process ends.
 * @throws SluiceError STATE_UNUSABLE naming the agent that holds it
 */
export function lockStateDir(dir: string, agent: string): Promise<DirectoryLock> {
  return DirectoryLock.take(
    dir,
    `agent ${agent}`,
    'two agents must not share a state directory: give one another --state-dir',
  );
}
