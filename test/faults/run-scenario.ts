import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../support/wait-for.ts';
import { type Kill, Lives } from './lives.ts';
import { Load } from './load.ts';
import { Random } from './random.ts';
import { readBack } from './read-back.ts';
import type { Output, Prepared, Scenario } from './scenario.ts';
import { complaints, judge } from './verdict.ts';

export interface RunOptions {
  readonly seed: number;
  readonly kills: number;
  /** Called after each kill. */
  readonly progress?: (kills: readonly Kill[]) => void;
}

/** What came of a scenario. */
export interface Outcome {
  readonly scenario: string;
  readonly seed: number;
  readonly kills: readonly Kill[];
  readonly seconds: number;
  /** Lines that were written, and how often their files were rotated. */
  readonly lines: number;
  readonly rotations: number;
  /** Of all outputs. */
  lost: number;
  doubled: number;
  /** What is wrong; empty when all is well. */
  readonly problems: readonly string[];
  /** Where it all lies when something is wrong. */
  readonly dir: string;
}

/** Runs agents under load, kills them so often, lets them finish and reads back what they wrote. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Outcome> {
  const dir = mkdtempSync(join(realpathSync(tmpdir()), `sluice-torture-${scenario.name.replaceAll(/\W+/g, '-')}-`));
  const begun = performance.now();
  const random = new Random(options.seed);
  const kills: Kill[] = [];
  const problems: string[] = [];
  const complain = (what: string): void => {
    problems.push(what);
  };
  const prepared = await scenario.prepare(dir);
  mkdirSync(prepared.load.dir, { recursive: true });
  const load = new Load({ ...prepared.load, random: random.fork() });
  const lives = prepared.agents.map((agent) => {
    const killed = (kill: Kill): void => {
      kills.push(kill);
      options.progress?.(kills);
    };
    const { workMs = 800 } = prepared;
    return new Lives({ dir, agent, random: random.fork(), begun, workMs, killed, complain });
  });
  const outcome = { lost: 0, doubled: 0 };
  try {
    load.start();
    try {
      // Each agent of several dies by itself, whatever the others do.
      const share = Math.ceil(options.kills / lives.length);
      await Promise.all(
        lives.map(async (agent) => {
          await agent.kill(share);
          await agent.start();
        }),
      );
    } finally {
      load.stop();
    }
    await allDelivered(prepared, load, complain);
    for (const agent of lives) await agent.stop();
    for (const output of prepared.outputs) await check(output, load, complain, outcome);
  } finally {
    for (const agent of lives) await agent.end();
    await prepared.end?.();
  }
  if (problems.length === 0) rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  return {
    scenario: scenario.name,
    seed: options.seed,
    kills,
    seconds: (performance.now() - begun) / 1000,
    lines: load.lines,
    rotations: load.rotations,
    ...outcome,
    problems,
    dir,
  };
}

/** Waits until each output has as many lines as there are; what is wrong with them is seen later. */
async function allDelivered(prepared: Prepared, load: Load, complain: (what: string) => void): Promise<void> {
  const { outputs, patienceMs = 30_000 } = prepared;
  const known = new Map<string, { size: number; lines: number }>();
  for (const output of outputs) {
    const foreign = new Set(output.foreign.map(({ name }) => name));
    const count = async (): Promise<number> => {
      let total = 0;
      for (const file of await output.list()) {
        const key = `${output.name} ${file.name}`;
        const before = known.get(key);
        if (before?.size !== file.size || file.size === 0) {
          const [read] = await readBack([file], output.reader, (name) => foreign.has(name), true).catch(() => []);
          known.set(key, { size: file.size, lines: read?.lines.length ?? 0 });
        }
        total += known.get(key)!.lines;
      }
      return total;
    };
    try {
      await waitFor(async () => (await count()) >= load.lines, {
        timeoutMs: patienceMs,
        everyMs: 100,
        what: `all lines in ${output.name}`,
      });
    } catch {
      complain(`${output.name}: after ${patienceMs / 1000} s ${await count()} of ${load.lines} lines are there`);
    }
  }
}

async function check(
  output: Output,
  load: Load,
  complain: (what: string) => void,
  outcome: { lost: number; doubled: number },
): Promise<void> {
  const list = await output.list();
  const foreign = new Set(output.foreign.map(({ name }) => name));
  const inUse = list.filter(({ name }) => !foreign.has(name) && name.endsWith('.tmp'));
  if (inUse.length > 0) complain(`left in use: ${inUse.map(({ name }) => name).join(', ')}`);
  for (const { objection } of output.foreign) {
    const what = await objection();
    if (what !== undefined) complain(what);
  }
  try {
    const verdict = judge(load.written, await readBack(list, output.reader, (name) => foreign.has(name), false));
    outcome.lost += verdict.lost;
    outcome.doubled += verdict.doubles;
    if (output.mayDouble === true) Object.assign(verdict, { doubled: [], doubles: 0 });
    for (const complaint of complaints(output.name, verdict)) complain(complaint);
  } catch (error) {
    const { message, cause } = error as Error;
    complain(`${output.name}: ${message}: ${String(cause)}`);
  }
}

/** An outcome in words, for whom it is not good. */
export function explain(outcome: Outcome): string {
  const { scenario, seed, problems, kills, dir } = outcome;
  return [
    `${scenario}, seed ${seed}: ${problems.length} problems; everything lies in ${dir}`,
    ...problems.map((problem) => `  ${problem}`),
    '  kills:',
    ...kills.map(({ agent, at, point, detail }) => `    ${(at / 1000).toFixed(2)} s: ${agent} at ${point} (${detail})`),
  ].join('\n');
}
