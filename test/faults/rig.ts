import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Child } from '../support/child.ts';
import { startSluice } from '../support/run-sluice.ts';
import { allDelivered, inspect, LineCounter } from './inspect.ts';
import { Load, type LoadSpec } from './load.ts';
import { Random } from './random.ts';
import type { Output } from './scenario.ts';

export interface RigSpec {
  readonly dir: string;
  readonly conf: string;
  readonly outputs: readonly Output[];
  readonly load?: Partial<LoadSpec>;
  readonly env?: Record<string, string>;
  readonly stateDir?: string;
  /** How many descriptors the agent may have. */
  readonly descriptors?: number;
}

export const READY = /SOURCE, name: \w+ started/;

/** An agent under load whose misfortunes a test chooses one by one. */
export class Rig {
  readonly #spec: RigSpec;
  readonly seed = Math.floor(Math.random() * 1e9);
  readonly load: Load;
  #child: Child | undefined;
  #log = '';

  constructor(spec: RigSpec) {
    this.#spec = spec;
    const dir = join(spec.dir, 'logs');
    mkdirSync(dir, { recursive: true });
    const random = new Random(this.seed);
    this.load = new Load({
      dir,
      streams: ['alpha', 'beta', 'gamma'],
      linesPerSecond: 1000,
      rotateMs: 700,
      ...spec.load,
      random,
    });
  }

  get agent(): Child {
    assert.ok(this.#child, 'the agent was started');
    return this.#child;
  }

  /** Starts it, whatever comes of that. */
  async launch(): Promise<Child> {
    const { dir, conf, env, stateDir, descriptors } = this.#spec;
    this.#log += this.#child?.log() ?? '';
    this.#child = await startSluice({
      dir: join(dir, 'agent'),
      conf,
      env,
      stateDir: stateDir ?? join(dir, 'state'),
      descriptors,
    });
    return this.#child;
  }

  async start(): Promise<void> {
    await (await this.launch()).waitForLog(READY, 30_000);
  }

  /** Resolves when so many more lines than now have come out at the first output. */
  async flows(more = 1): Promise<void> {
    const counter = new LineCounter(this.#spec.outputs[0]!);
    const wanted = (await counter.count()) + more;
    const problems = await allDelivered(this.#spec.outputs.slice(0, 1), wanted);
    assert.deepEqual(problems, [], this.#about());
  }

  /** Ends the load, waits for the last line, ends the agent in good order and looks at every line. */
  async finish(patienceMs?: number): Promise<void> {
    this.load.stop();
    const problems = await allDelivered(this.#spec.outputs, this.load.lines, patienceMs);
    const code = await this.agent.stop(60_000);
    if (code !== 143) problems.push(`the agent ended with ${code}`);
    for (const output of this.#spec.outputs) problems.push(...(await inspect(output, this.load.written)).problems);
    assert.ok(problems.length === 0, `${problems.join('\n')}\n${this.#about()}`);
    assert.ok(this.load.lines > 0);
  }

  /** Ends what is left; for `afterEach`. */
  async end(): Promise<void> {
    this.load.stop();
    await this.#child?.kill();
  }

  #about(): string {
    const log = `${this.#log}${this.#child?.log() ?? ''}`.replaceAll(/^.* INFO +\[source .*\n/gm, '');
    return `seed ${this.seed}; the agent's log ends with:\n${log.slice(-5000)}`;
  }
}
