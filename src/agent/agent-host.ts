import type { Logger } from '../component/context.ts';
import type { AgentPlan } from '../component/plan.ts';
import { describeError, SluiceError } from '../errors.ts';
import type { CounterGroup } from '../monitoring/flume-json.ts';
import { Agent, type AgentServices, type LeftBehind } from './agent.ts';

/** The first and the longest pause between two tries to start an agent. */
const FIRST_PAUSE_MS = 1000;
const LAST_PAUSE_MS = 30_000;

/** Holds the agent of a process over changes of its configuration. */
export class AgentHost {
  readonly #services: AgentServices;
  readonly #drainTimeoutMs: number;
  #agent: Agent;
  #stopped = false;
  /** The last agent that was started, and its plan. What lies in its channels in memory goes on in the next one's. */
  #worked: { readonly plan: AgentPlan; readonly agent: Agent };
  /** The way back to it. */
  #goingBack: { readonly end: AbortController; readonly done: Promise<void> } | undefined;

  /** @throws SluiceError when a component cannot be made as configured */
  constructor(plan: AgentPlan, services: AgentServices, drainTimeoutMs: number) {
    this.#services = services;
    this.#drainTimeoutMs = drainTimeoutMs;
    this.#agent = new Agent(plan, services);
    this.#worked = { plan, agent: this.#agent };
  }

  get counters(): readonly CounterGroup[] {
    return this.#agent.counters;
  }

  get queued(): number {
    return this.#agent.queued;
  }

  get ready(): boolean {
    return this.#agent.ready;
  }

  start(): Promise<void> {
    return this.#agent.start();
  }

  leftBehind(): readonly LeftBehind[] {
    return this.#agent.leftBehind();
  }

  /** Stops the agent; see `Agent.stop`. */
  async stop(deadline: AbortSignal): Promise<readonly LeftBehind[]> {
    this.#stopped = true;
    await this.#endGoingBack();
    return this.#agent.stop(deadline);
  }

  /**
   * Runs another plan in the place of the present one: the old agent is drained and stopped before the new one starts; what its sinks could not
   * take in that time goes on in the new agent's channels. A plan whose components cannot be made leaves the old agent at work; one whose channels
   * cannot be opened is given up for the old one, which is tried until it works: what hinders it may be a disk that is full for a while.
   */
  async replace(plan: AgentPlan): Promise<void> {
    const log = this.#services.logger(`agent ${plan.name}`);
    if (this.#stopped) return;
    let next: Agent;
    try {
      next = new Agent(plan, this.#services);
    } catch (error) {
      log.error(`The new configuration cannot be run, the old one stays: ${explain(error)}`);
      return;
    }
    await this.#endGoingBack();
    await this.#agent.stop(AbortSignal.timeout(this.#drainTimeoutMs));
    if (this.#stopped) return;
    if (await this.#start(plan, next)) {
      log.info('Runs with the new configuration');
      return;
    }
    const end = new AbortController();
    this.#goingBack = { end, done: this.#goBack(end.signal, log) };
  }

  /** @returns false when it cannot be started; it is stopped then */
  async #start(plan: AgentPlan, agent: Agent): Promise<boolean> {
    this.#agent = agent;
    try {
      await agent.start(this.#worked.agent);
    } catch (error) {
      this.#services.logger(`agent ${plan.name}`).error(`The configuration cannot be run: ${explain(error)}`);
      await agent.stop(AbortSignal.abort());
      return false;
    }
    this.#worked = { plan, agent };
    return true;
  }

  /** Tries to run the last plan that worked, until it does or another one is to be run. Never rejects. */
  async #goBack(signal: AbortSignal, log: Logger): Promise<void> {
    const { plan } = this.#worked;
    for (let pause = FIRST_PAUSE_MS; !this.#stopped && !signal.aborted; pause = Math.min(pause * 2, LAST_PAUSE_MS)) {
      log.warn('The agent goes back to the old configuration');
      try {
        if (await this.#start(plan, new Agent(plan, this.#services))) {
          log.info('Runs with the old configuration');
          return;
        }
      } catch (error) {
        log.error(`The old configuration cannot be run any more: ${explain(error)}`);
      }
      await this.#services.clock.sleep(pause, signal);
    }
  }

  async #endGoingBack(): Promise<void> {
    this.#goingBack?.end.abort();
    await this.#goingBack?.done;
    this.#goingBack = undefined;
  }
}

function explain(error: unknown): string {
  return `${describeError(error)}.${error instanceof SluiceError ? ` ${error.action}` : ''}`;
}
