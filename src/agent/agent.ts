import type { Channel } from '../component/channel.ts';
import type { Clock, ComponentContext, LocalHost, Logger } from '../component/context.ts';
import { newChannelCounters, newSinkCounters, newSourceCounters } from '../component/counters.ts';
import type { Interceptor } from '../component/interceptor.ts';
import type { AgentPlan, ComponentPlan, SinkGroupPlan, SourcePlan } from '../component/plan.ts';
import { describeError, SluiceError } from '../errors.ts';
import type { CounterGroup } from '../monitoring/flume-json.ts';
import type { Checkpoint } from './checkpoint.ts';
import { SequenceHeaders } from './sequence-headers.ts';
import { type CheckpointGate, SinkRunner } from './sink-runner.ts';
import { SourceRunner } from './source-runner.ts';

/** What an agent needs from the process it runs in. */
export interface AgentServices {
  readonly logger: (name: string) => Logger;
  readonly clock: Clock;
  readonly stateDir: string;
  readonly checkpoint: CheckpointGate & Pick<Checkpoint, 'part' | 'epoch'>;
  readonly homeDir: string;
  readonly host: LocalHost;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly systemProperties: ReadonlyMap<string, string>;
  readonly fileSystem: ComponentContext['fileSystem'];
}

/** Events that a stopped agent left in a channel. */
export interface LeftBehind {
  readonly channel: string;
  readonly events: number;
}

/** How often a drain looks whether the channels are empty. */
const DRAIN_LOOK_MS = 20;

/**
 * An agent at work: makes the components of a plan and wires them; starts channels, then sinks, then sources; stops sources
 * first, lets the channels drain into the sinks, then closes.
 */
export class Agent {
  readonly #plan: AgentPlan;
  readonly #services: AgentServices;
  readonly #log: Logger;
  readonly #channels = new Map<string, Channel>();
  readonly #sinks: SinkRunner[] = [];
  readonly #sources: SourceRunner[] = [];
  readonly #counters: CounterGroup[] = [];
  #starting: Promise<void> | undefined;
  #stopping: Promise<readonly LeftBehind[]> | undefined;
  /** Ends waiting for room of what was taken over. */
  readonly #ended = new AbortController();

  /** @throws SluiceError when a component cannot be made as configured */
  constructor(plan: AgentPlan, services: AgentServices) {
    this.#plan = plan;
    this.#services = services;
    this.#log = services.logger(`agent ${plan.name}`);
    for (const channel of plan.channels) this.#makeChannel(channel);
    for (const group of plan.groups) this.#sinks.push(this.#makeGroup(group));
    for (const source of plan.sources) this.#sources.push(this.#makeSource(source));
  }

  /** The counters of all components that Flume counts. */
  get counters(): readonly CounterGroup[] {
    return this.#counters;
  }

  /** Whether every source has said that it is ready. */
  get ready(): boolean {
    return this.#sources.every((source) => source.ready);
  }

  /** Events in the channels. */
  get queued(): number {
    let sum = 0;
    for (const channel of this.#channels.values()) sum += channel.size;
    return sum;
  }

  /**
   * @param previous a stopped agent, whose channels in memory are taken over by those of the same name
   * @throws what a channel could not open with
   */
  start(previous?: Agent): Promise<void> {
    this.#starting ??= this.#start(previous);
    return this.#starting;
  }

  async #start(previous: Agent | undefined): Promise<void> {
    for (const [name, channel] of this.#channels) {
      await channel.open();
      const group = this.#counters.find((candidate) => candidate.type === 'CHANNEL' && candidate.name === name);
      if (group?.type === 'CHANNEL') group.counters.StartTime = this.#services.clock.now();
      this.#services.logger(`channel ${name}`).info(`Component type: CHANNEL, name: ${name} started`);
    }
    if (previous !== undefined) this.#takeOver(previous);
    for (const sink of this.#sinks) sink.start();
    for (const source of this.#sources) source.start();
  }

  /** What a stopped agent left in memory goes on in the channels of the same names. */
  #takeOver(previous: Agent): void {
    for (const [name, old] of previous.#channels) {
      const channel = this.#channels.get(name);
      const events = channel === undefined ? 0 : (old.handOver?.(channel, this.#ended.signal) ?? 0);
      if (events > 0) this.#log.info(`channel ${name} goes on with ${events} events of the old configuration`);
    }
  }

  /**
   * Stops: sources, drain, sinks, channels.
   * @param deadline aborted when there is no more time
   * @returns what did not get out
   */
  stop(deadline: AbortSignal): Promise<readonly LeftBehind[]> {
    this.#stopping ??= this.#stop(deadline);
    return this.#stopping;
  }

  /** What lies in the channels now. */
  leftBehind(): readonly LeftBehind[] {
    return Array.from(this.#channels, ([channel, { size }]) => ({ channel, events: size })).filter(
      ({ events }) => events > 0,
    );
  }

  async #stop(deadline: AbortSignal): Promise<readonly LeftBehind[]> {
    const { clock } = this.#services;
    // What is half open would be left open.
    await this.#starting?.catch(() => {});
    await Promise.all(this.#sources.map((source) => source.stop(deadline)));
    const drained = new Set(this.#sinks.flatMap((sink) => sink.channels).filter((channel) => !channel.isDurable));
    while (!deadline.aborted && Array.from(drained).some((channel) => channel.size > 0)) {
      await clock.sleep(DRAIN_LOOK_MS, deadline);
    }
    await Promise.all(this.#sinks.map((sink) => sink.stop(deadline)));
    this.#ended.abort(new Error('the agent ends'));
    const left = this.leftBehind();
    for (const [name, channel] of this.#channels) {
      try {
        await channel.close();
      } catch (error) {
        this.#services.logger(`channel ${name}`).error(`could not be closed: ${describeError(error)}`);
      }
    }
    for (const { channel, events } of left) {
      if (this.#channels.get(channel)?.isDurable) this.#log.info(`kept in channel ${channel}: ${events} events`);
      else this.#log.warn(`left behind in channel ${channel}: ${events} events`);
    }
    return left;
  }

  #context(kind: string, name: string): ComponentContext {
    const { logger, clock, stateDir, checkpoint, homeDir, host, env, systemProperties, fileSystem } = this.#services;
    return {
      agent: this.#plan.name,
      name,
      log: logger(`${kind} ${name}`),
      clock,
      stateDir,
      checkpoint: checkpoint.part(`${kind}.${name}`),
      homeDir,
      host,
      env,
      systemProperties,
      fileSystem,
    };
  }

  #makeChannel(plan: ComponentPlan<'channel'>): void {
    const counters = newChannelCounters(0);
    const context = { ...this.#context('channel', plan.name), counters };
    this.#channels.set(
      plan.name,
      making('channel', plan, () => plan.declaration.create(plan.options, context)),
    );
    this.#counters.push({ type: 'CHANNEL', name: plan.name, counters });
  }

  #makeGroup(group: SinkGroupPlan): SinkRunner {
    const members = group.sinks.map((name) => {
      const plan = this.#plan.sinks.find((sink) => sink.name === name)!;
      const counters = newSinkCounters();
      const context = { ...this.#context('sink', name), counters };
      if (plan.declaration.counted) this.#counters.push({ type: 'SINK', name, counters });
      return {
        name,
        sink: making('sink', plan, () => plan.declaration.create(plan.options, context)),
        channel: this.#channels.get(plan.channel)!,
        counters,
        batchSize: plan.declaration.batchSize?.(plan.options) ?? Number.POSITIVE_INFINITY,
        log: context.log,
      };
    });
    const context = { ...this.#context('processor', group.name), sinks: group.sinks };
    const processor = group.processor.declaration.create(group.processor.options, context);
    return new SinkRunner({ members, processor, clock: this.#services.clock, checkpoint: this.#services.checkpoint });
  }

  #makeSource(plan: SourcePlan): SourceRunner {
    const counters = newSourceCounters();
    const context = { ...this.#context('source', plan.name), counters };
    if (plan.declaration.counted) this.#counters.push({ type: 'SOURCE', name: plan.name, counters });
    const { selector } = plan;
    return new SourceRunner({
      name: plan.name,
      source: making('source', plan, () => plan.declaration.create(plan.options, context)),
      interceptors: plan.interceptors.map((interceptor) => this.#makeInterceptor(plan.name, interceptor)),
      selector: selector.declaration.create(selector.options, {
        ...this.#context('selector', plan.name),
        channels: plan.channels,
      }),
      channels: this.#channels,
      replays: plan.declaration.replays(plan.options),
      sequenceHeaders: plan.sequenceHeaders
        ? new SequenceHeaders(this.#plan.name, plan.name, this.#services.checkpoint.epoch)
        : undefined,
      counters,
      clock: this.#services.clock,
      log: context.log,
    });
  }

  #makeInterceptor(source: string, plan: ComponentPlan<'interceptor'>): Interceptor {
    const name = `${source}.${plan.name}`;
    const interceptor = plan.declaration.create(plan.options, this.#context('interceptor', name));
    const { counters } = interceptor;
    if (counters !== undefined) this.#counters.push({ type: 'INTERCEPTOR', name, counters });
    return interceptor;
  }
}

/** Makes a component; an error says which one it was and where it stands. */
function making<T>(kind: string, { name, at }: ComponentPlan, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    const place = at === undefined ? '' : `${at.file}:${at.line}:${at.column}: `;
    throw new SluiceError(error.code, `${place}${kind} ${name}: ${error.detail}`, error.cause);
  }
}
