import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ReadCheckpoint, readCheckpoints } from '../agent/checkpoint-file.ts';
import type { Clock } from '../component/context.ts';
import { DirectoryLock } from '../component/directory-lock.ts';
import type { AgentPlan } from '../component/plan.ts';
import { fromSystemError, SluiceError } from '../errors.ts';
import { lookAtChannel } from './channels.ts';
import { lookAtInputs } from './inputs.ts';
import type { Look } from './look.ts';
import { describeOrphan, orphansOf } from './orphans.ts';
import { lookAtOutputs } from './outputs.ts';
import type { ChannelReport, CheckpointFileReport, InputReport, OutputReport, Report } from './report.ts';
import { savedChannel, savedInputs, savedOutputs } from './saved-parts.ts';

/** How often a file that a running agent is just writing is read again, and after how long. */
const TRIES = 10;
const PAUSE_MS = 30;

export interface VerifySettings {
  readonly stateDir: string;
  /** Finds components that are not configured any more. */
  readonly plan?: AgentPlan;
  readonly look: Look;
  readonly clock: Clock;
}

/**
 * Reads a state directory, changes nothing and needs no lock: an agent may run meanwhile.
 * @throws SluiceError STATE_UNUSABLE when it cannot be read
 */
export async function verifyState({ stateDir, plan, look, clock }: VerifySettings): Promise<Report> {
  const names = await readdir(stateDir).catch((error: unknown) => {
    throw new SluiceError('STATE_UNUSABLE', stateDir, fromSystemError(error, `reading ${stateDir}`));
  });
  const holder = await DirectoryLock.look(stateDir);
  const alive = holder?.alive ?? false;
  const files = await readSettled(stateDir, alive, clock);
  const problems: string[] = [];
  const notes: string[] = [];
  for (const file of files) if (file.state === 'damaged') problems.push(`${file.path}: ${file.reason}`);
  for (const name of names.filter((one) => /^checkpoint\.[01]\.damaged$/.test(one))) {
    problems.push(
      `${join(stateDir, name)} was put aside as damaged; the log of that start says what may be doubled. Remove it when that is looked after`,
    );
  }
  const newest = files
    .flatMap((file) => (file.state === 'sound' ? [file] : []))
    .sort((a, b) => b.sequence - a.sequence)[0];
  if (newest === undefined)
    notes.push('There is no sound checkpoint: sources begin where their position files say, or anew');
  const inputs: InputReport[] = [];
  const outputs: OutputReport[] = [];
  const channels: ChannelReport[] = [];
  const others: string[] = [];
  const parts = Object.entries(newest?.content.parts ?? {});
  for (const [component, saved] of parts) {
    if (component.startsWith('source.') && savedInputs(saved) !== undefined) {
      const found = await lookAtInputs(component, savedInputs(saved)!, alive);
      append(inputs, found.rows);
      append(problems, found.problems);
    } else if (component.startsWith('sink.') && savedOutputs(saved) !== undefined) {
      const found = await lookAtOutputs(component, savedOutputs(saved)!, look, alive);
      append(outputs, found.rows);
      append(problems, found.problems);
    } else if (component.startsWith('channel.') && savedChannel(saved) !== undefined) {
      const found = await lookAtChannel(component, savedChannel(saved)!, saved, alive);
      append(channels, found.rows);
      append(problems, found.problems);
    } else {
      others.push(component);
    }
  }
  if (plan !== undefined) problems.push(...orphansOf(parts, plan).map(describeOrphan));
  return {
    stateDir,
    agent: newest?.content.agent,
    verdict: problems.length === 0 ? 'sound' : 'attention',
    holder,
    checkpoint:
      newest === undefined
        ? undefined
        : {
            path: newest.path,
            sequence: newest.sequence,
            epoch: newest.content.epoch,
            ageMs: Math.max(0, Math.round(clock.now() - (await stat(newest.path)).mtimeMs)),
          },
    checkpointFiles: files.map(reportFile),
    inputs,
    outputs,
    channels,
    others,
    problems,
    notes,
  };
}

/** A file that a running agent is in the middle of writing looks damaged for a moment. */
async function readSettled(dir: string, alive: boolean, clock: Clock): Promise<ReadCheckpoint[]> {
  for (let tries = 1; ; tries++) {
    const files = await readCheckpoints(dir);
    if (!alive || tries === TRIES || files.every(({ state }) => state !== 'damaged')) return files;
    await clock.sleep(PAUSE_MS);
  }
}

function reportFile(file: ReadCheckpoint): CheckpointFileReport {
  switch (file.state) {
    case 'missing':
      return { path: file.path, state: 'missing' };
    case 'damaged':
      return { path: file.path, state: 'damaged', reason: file.reason };
    case 'sound':
      return { path: file.path, state: 'sound', sequence: file.sequence };
  }
}

/** Without a call of as many arguments, of which there may be some 100,000 at the most. */
function append<T>(all: T[], more: readonly T[]): void {
  for (const item of more) all.push(item);
}
