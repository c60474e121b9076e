import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allDelivered, inspect } from './inspect.ts';
import { type Kill, Lives } from './lives.ts';
import { Load } from './load.ts';
import { Random } from './random.ts';
import type { Scenario } from './scenario.ts';

export interface RunOptions {
  readonly seed: number;
  readonly kills: number;
  /** Called after each kill. */
  readonly progress?: (kills: readonly Kill[]) => void;
}

/** Now a trickle, now a flood. */
const PACES = [0.2, 1, 1, 3];

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
  const linesPerSecond = prepared.load.linesPerSecond * random.pick(PACES);
  const load = new Load({ ...prepared.load, linesPerSecond, random: random.fork() });
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
    problems.push(...(await allDelivered(prepared.outputs, load.lines, prepared.patienceMs)));
    for (const agent of lives) await agent.stop();
    for (const output of prepared.outputs) {
      const found = await inspect(output, load.written);
      problems.push(...found.problems);
      outcome.lost += found.lost;
      outcome.doubled += found.doubled;
    }
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
