import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../support/child.ts';
import { startSluice } from '../support/run-sluice.ts';
import { FAULT_POINTS } from './fault-points.ts';
import type { Random } from './random.ts';

/** An agent that is killed again and again. */
export interface AgentSpec {
  readonly name: string;
  readonly conf: string;
  readonly stateDir: string;
  /** The fault points that it can come to. */
  readonly faults: readonly string[];
  readonly env?: Record<string, string>;
}

/** How a life ended. */
export interface Kill {
  readonly agent: string;
  /** Milliseconds since the start of the scenario. */
  readonly at: number;
  /** A fault point, or what was going on at a random moment: `work`, `start`, `stop`. */
  readonly point: string;
  /** How it came: the pass of the fault point, or the milliseconds. */
  readonly detail: string;
}

export interface LivesOptions {
  readonly dir: string;
  readonly agent: AgentSpec;
  readonly random: Random;
  readonly begun: number;
  /** The longest time of work before a kill. */
  readonly workMs: number;
  readonly killed: (kill: Kill) => void;
  /** Something that must not be, such as an agent that ends by itself. */
  readonly complain: (what: string) => void;
}

const READY = /SOURCE, name: \w+ started/;
const READY_MS = 60_000;
/** How long an agent may take to come to its fault point. */
const FAULT_MS = 3000;
const STOP_MS = 60_000;

type Plan =
  | { readonly kind: 'work' | 'start' | 'stop' | 'stopping'; readonly ms: number }
  | { readonly kind: 'fault'; readonly point: string; readonly pass: number };

/** The lives of one agent, one after the other. */
export class Lives {
  readonly #options: LivesOptions;
  #child: Child | undefined;
  #life = 0;
  /** How long the last start took. */
  #startMs = 600;

  constructor(options: LivesOptions) {
    this.#options = options;
  }

  get life(): number {
    return this.#life;
  }

  /** Starts it and kills it, so often. */
  async kill(times: number): Promise<void> {
    for (let done = 0; done < times; ) done += (await this.#oneLife(this.#plan())) ? 1 : 0;
  }

  /** Starts it for good. */
  async start(): Promise<void> {
    await this.#start({});
    await this.#ready();
  }

  /** Ends it in good order. */
  async stop(): Promise<void> {
    const code = await this.#child?.stop(STOP_MS);
    if (code !== 143) this.#options.complain(`${this.#name()} ended with ${code}, not 143, at its stop`);
    this.#keepLog();
  }

  /** Ends it at once, when all is over. */
  async end(): Promise<void> {
    await this.#child?.kill();
    this.#keepLog();
  }

  #plan(): Plan {
    const { random, agent, workMs } = this.#options;
    const dice = random.next();
    if (dice < 0.05) return { kind: 'stop', ms: random.between(50, workMs) };
    if (dice < 0.45 && agent.faults.length > 0) {
      const point = random.pick(agent.faults);
      const pass = random.chance(0.4) ? 1 : random.between(1, FAULT_POINTS[point] ?? 1);
      return { kind: 'fault', point, pass };
    }
    if (dice < 0.52) return { kind: 'stopping', ms: random.between(0, 200) };
    if (dice < 0.68) return { kind: 'start', ms: random.between(100, Math.round(this.#startMs * 1.3)) };
    return { kind: 'work', ms: random.between(50, workMs) };
  }

  /** True when it was killed. */
  async #oneLife(plan: Plan): Promise<boolean> {
    if (plan.kind === 'start') {
      await this.#start({});
      await this.#wait(plan.ms);
      return await this.#killNow('start', `${plan.ms} ms after its start`);
    }
    if (plan.kind === 'fault') {
      await this.#start({ SLUICE_FAULT: `${plan.point}:${plan.pass}` });
      const from = performance.now();
      await Promise.race([this.#child!.exited, this.#ready().catch(() => undefined)]);
      await this.#wait(FAULT_MS);
      if (this.#child!.code === 137) {
        this.#died(plan.point, `pass ${plan.pass}, ${Math.round(performance.now() - from)} ms after its start`);
        return true;
      }
      return await this.#killNow('work', `${plan.point}:${plan.pass} was not reached`);
    }
    await this.#start({});
    await this.#ready();
    if (plan.kind === 'stopping') return await this.#killAtStop(plan.ms);
    await this.#wait(plan.ms);
    if (plan.kind === 'work') return await this.#killNow('work', `${plan.ms} ms after it was ready`);
    if (this.#child!.alive) await this.stop();
    return false;
  }

  /** Kills it while it ends in good order; it may be quicker. */
  async #killAtStop(ms: number): Promise<boolean> {
    const { random, workMs } = this.#options;
    await this.#wait(random.between(0, workMs));
    const child = this.#child!;
    child.signal('SIGTERM');
    await this.#wait(ms);
    if ((await child.kill()) !== 137) {
      this.#keepLog();
      return false;
    }
    this.#died('stop', `${ms} ms after the signal to stop`);
    return true;
  }

  async #start(env: Record<string, string>): Promise<void> {
    const { dir, agent } = this.#options;
    this.#life++;
    this.#child = await startSluice({
      dir: join(dir, agent.name),
      name: agent.name,
      conf: agent.conf,
      stateDir: agent.stateDir,
      env: { ...agent.env, ...env },
    });
  }

  async #ready(): Promise<void> {
    const from = performance.now();
    try {
      await this.#child!.waitForLog(READY, READY_MS);
      this.#startMs = performance.now() - from;
    } catch (error) {
      if (this.#child!.alive) this.#options.complain(`${this.#name()} does not start: ${(error as Error).message}`);
    }
  }

  /** Waits, but not for the dead. */
  async #wait(ms: number): Promise<void> {
    const over = new AbortController();
    await Promise.race([this.#child!.exited, sleep(ms, undefined, { signal: over.signal }).catch(() => undefined)]);
    over.abort();
  }

  async #killNow(point: string, detail: string): Promise<boolean> {
    const child = this.#child!;
    if (!child.alive) {
      this.#keepLog();
      this.#options.complain(`${this.#name()} ended by itself with ${child.code}:\n${child.log().slice(-3000)}`);
      // It counts, so that there is an end.
      return true;
    }
    await child.kill();
    this.#died(point, detail);
    return true;
  }

  #died(point: string, detail: string): void {
    this.#keepLog();
    const { agent, begun, killed } = this.#options;
    killed({ agent: agent.name, at: Math.round(performance.now() - begun), point, detail });
  }

  #keepLog(): void {
    const { dir, agent } = this.#options;
    appendFileSync(join(dir, `${agent.name}.log`), `---- life ${this.#life}\n${this.#child?.log() ?? ''}`);
  }

  #name(): string {
    return `agent ${this.#options.agent.name} in its life ${this.#life}`;
  }
}
