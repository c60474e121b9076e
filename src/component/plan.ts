import type { Location } from '../options/problem.ts';
import type { Declaration, Kind } from './declaration.ts';

/** What a configuration says of one component, checked and bound. */
export interface ComponentPlan<K extends Kind = Kind> {
  readonly name: string;
  readonly declaration: Declaration<K>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly at?: Location;
}

export interface SourcePlan extends ComponentPlan<'source'> {
  /** In the order of the configuration; at least one. */
  readonly channels: readonly string[];
  readonly selector: ComponentPlan<'selector'>;
  /** In the order of the configuration. */
  readonly interceptors: readonly ComponentPlan<'interceptor'>[];
  /** Events get headers that name them; see `SOURCE_OPTIONS`. */
  readonly sequenceHeaders?: boolean;
}

export type ChannelPlan = ComponentPlan<'channel'>;

export interface SinkPlan extends ComponentPlan<'sink'> {
  readonly channel: string;
}

/** Sinks that one processor drives. Every sink is in exactly one group; one that no `sinkgroups` names has a group of its own. */
export interface SinkGroupPlan {
  readonly name: string;
  readonly sinks: readonly string[];
  readonly processor: ComponentPlan<'processor'>;
}

/** All that an agent is to run. */
export interface AgentPlan {
  readonly name: string;
  readonly channels: readonly ChannelPlan[];
  readonly sinks: readonly SinkPlan[];
  readonly groups: readonly SinkGroupPlan[];
  readonly sources: readonly SourcePlan[];
}
