import type { Registry } from '../component/declaration.ts';
import type { AgentPlan, ChannelPlan, SinkPlan, SourcePlan } from '../component/plan.ts';
import type { Problem } from '../options/problem.ts';
import { reportSharedPorts, reportSharedPositions } from './clashes.ts';
import { listedComponents } from './names.ts';
import { planChannels } from './plan-channels.ts';
import { planGroups, planSinks } from './plan-sinks.ts';
import { planSources } from './plan-sources.ts';
import { Planner } from './planner.ts';
import type { AgentTree } from './tree.ts';

export interface Planned {
  /** Missing when there is an error. */
  readonly plan?: AgentPlan;
  readonly problems: readonly Problem[];
}

/**
 * Checks the keys of an agent and binds its components. Flume removes what is not right, logs a WARN, and runs the rest, or nothing at all, with exit
 * code 0; here, by situation:
 *
 * | situation | Flume | Sluice | strict |
 * |---|---|---|---|
 * | no channels | agent removed | error | error |
 * | no sources and no sinks | agent removed | error | error |
 * | no sources, or no sinks | runs | warning; error if there are keys of some | same |
 * | listed without keys | removed | error; a channel: memory, warning | error |
 * | without type | removed | error; a channel: memory, warning | error |
 * | keys of a component that is not listed | ignored | warning; error beside a listed one without keys | same |
 * | unknown type | whole agent fails | error | error |
 * | source without channels, sink without channel | removed | the only channel, warning; of several: error | error |
 * | unknown channel | source: dropped silently, or removed; sink: removed | error | error |
 * | an option that is missing or wrong | removed | error | error |
 * | batch larger than the transaction | removed | error | error |
 * | channel that nothing uses | removed | removed, warning | error |
 * | channel that nothing feeds, or that nothing drains | runs | warning | warning |
 * | sink group: unknown sink, sink of another group | sink dropped | error | error |
 * | sink group without sinks | whole agent fails | error | error |
 * | sink group without processor.type, or too few sinks | its sinks never run | error | error |
 * | interceptor or selector that is not right | source removed | error | error |
 * | misspelt key | ignored | error | error |
 * | unknown key that is like no other | ignored | warning | warning |
 */
export function planAgent(tree: AgentTree, registry: Registry, strict: boolean): Planned {
  const planner = new Planner(registry, strict);
  for (const problem of tree.problems) planner.problems.push(problem);
  const listed = {
    sources: listedComponents(planner, tree, 'sources'),
    channels: listedComponents(planner, tree, 'channels'),
    sinks: listedComponents(planner, tree, 'sinks'),
    sinkgroups: listedComponents(planner, tree, 'sinkgroups'),
  };
  reportMissingParts(planner, tree);
  const channelNames = listed.channels.map((one) => one.name);
  const channels = planChannels(planner, tree, listed.channels);
  const sources = planSources(planner, tree, listed.sources, channelNames);
  const sinks = planSinks(planner, tree, listed.sinks, channelNames);
  const sinkNames = listed.sinks.map((one) => one.name);
  const groups = planGroups(planner, tree, listed.sinkgroups, sinkNames);
  reportBatches(planner, tree, channels, sources, sinks);
  reportSharedPorts(planner, sources);
  reportSharedPositions(planner, sources);
  const whole = sources.length === listed.sources.length && sinks.length === listed.sinks.length;
  const used = whole ? usedChannels(planner, channels, sources, sinks) : channels;
  const problems = planner.problems;
  if (problems.some((problem) => problem.severity === 'error')) return { problems };
  return { plan: { name: tree.name, channels: used, sinks, groups, sources }, problems };
}

function reportMissingParts(planner: Planner, tree: AgentTree): void {
  const agent = `agent ${tree.name}`;
  const has = (group: 'sources' | 'channels' | 'sinks'): boolean =>
    tree.lists[group] !== undefined || tree.components[group].size > 0;
  if (!has('channels')) {
    planner.error(
      agent,
      'has no channels',
      `add ${tree.name}.channels = … and ${tree.name}.channels.NAME.type = memory`,
      tree.at,
    );
  }
  if (!has('sources') && !has('sinks')) {
    planner.error(
      agent,
      'has neither sources nor sinks',
      `add ${tree.name}.sources = … and ${tree.name}.sinks = …`,
      tree.at,
    );
  } else if (!has('sources')) {
    planner.warn(agent, 'has no sources', `nothing comes in; add ${tree.name}.sources = …`, tree.at);
  } else if (!has('sinks')) {
    planner.warn(agent, 'has no sinks', `nothing goes out; add ${tree.name}.sinks = …`, tree.at);
  }
}

/** Flume removes a source or sink whose batch does not fit into one transaction of its channel. */
function reportBatches(
  planner: Planner,
  tree: AgentTree,
  channels: readonly ChannelPlan[],
  sources: readonly SourcePlan[],
  sinks: readonly SinkPlan[],
): void {
  const check = (part: SourcePlan | SinkPlan, kind: 'source' | 'sink', names: readonly string[]): void => {
    const size = part.declaration.batchSize?.(part.options);
    for (const channel of channels) {
      const capacity = channel.options['transactionCapacity'];
      if (size === undefined || typeof capacity !== 'number' || !names.includes(channel.name) || size <= capacity)
        continue;
      const raw = tree.components[`${kind}s`].get(part.name)?.raw;
      const key = [...(raw ?? [])].find(([name]) => /batch-?size$/i.test(name))?.[1];
      planner.error(
        `${kind} ${part.name}`,
        `its batch of ${size} events is larger than the transactionCapacity of channel ${channel.name}, ${capacity}`,
        `set ${tree.name}.channels.${channel.name}.transactionCapacity = ${size} or a smaller batch`,
        key?.valueAt ?? part.at,
      );
    }
  };
  for (const source of sources) check(source, 'source', source.channels);
  for (const sink of sinks) check(sink, 'sink', [sink.channel]);
}

/** The channels that something uses; warns of those that only one side uses. */
function usedChannels(
  planner: Planner,
  channels: readonly ChannelPlan[],
  sources: readonly SourcePlan[],
  sinks: readonly SinkPlan[],
): ChannelPlan[] {
  return channels.filter((channel) => {
    const fed = sources.some((source) => source.channels.includes(channel.name));
    const drained = sinks.some((sink) => sink.channel === channel.name);
    const component = `channel ${channel.name}`;
    if (!fed && !drained) {
      planner.tolerate(
        component,
        planner.strict ? 'nothing uses it' : 'nothing uses it; it is left out',
        'name it in a source and a sink, or remove it',
        channel.at,
      );
      return false;
    }
    if (!fed && sources.length > 0)
      planner.warn(component, 'no source feeds it', 'name it in the channels of a source', channel.at);
    if (!drained && sinks.length > 0)
      planner.warn(
        component,
        'no sink drains it: once it is full, sources that require it wait',
        'name it as the channel of a sink',
        channel.at,
      );
    return true;
  });
}
