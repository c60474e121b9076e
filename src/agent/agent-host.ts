import type { AgentPlan } from '../component/plan.ts';
import { describeError, SluiceError } from '../errors.ts';
import type { CounterGroup } from '../monitoring/flume-json.ts';
import { Agent, type AgentServices, type LeftBehind } from './agent.ts';

/** Holds the agent of a process over changes of its configuration. */
export class AgentHost {
  readonly #services: AgentServices;
  readonly #drainTimeoutMs: number;
  #agent: Agent;
  #stopped = false;

  /** @throws SluiceError when a component cannot be made as configured */
  constructor(plan: AgentPlan, services: AgentServices, drainTimeoutMs: number) {
    this.#services = services;
    this.#drainTimeoutMs = drainTimeoutMs;
    this.#agent = new Agent(plan, services);
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
  stop(deadline: AbortSignal): Promise<readonly LeftBehind[]> {
    this.#stopped = true;
    return this.#agent.stop(deadline);
  }

  /**
   * Runs another plan in the place of the present one: the old agent is drained and stopped before the new one starts; what its sinks could not
   * take in that time goes on in the new agent's channels. A plan whose components cannot be made leaves the old agent at work.
   */
  async replace(plan: AgentPlan): Promise<void> {
    const log = this.#services.logger(`agent ${plan.name}`);
    if (this.#stopped) return;
    let next: Agent;
    try {
      next = new Agent(plan, this.#services);
    } catch (error) {
      const action = error instanceof SluiceError ? ` ${error.action}` : '';
      log.error(`The new configuration cannot be run, the old one stays: ${describeError(error)}.${action}`);
      return;
    }
    await this.#agent.stop(AbortSignal.timeout(this.#drainTimeoutMs));
    if (this.#stopped) return;
    const previous = this.#agent;
    this.#agent = next;
    await next.start(previous);
    log.info('Runs with the new configuration');
  }
}
