import type { Declaration } from '../component/declaration.ts';
import type { SinkGroupPlan, SinkPlan } from '../component/plan.ts';
import type { RawValue } from '../options/bind.ts';
import { splitWords } from '../options/trim.ts';
import { type Listed, reportKeyless } from './names.ts';
import { below, type Planner, suggest } from './planner.ts';
import type { AgentTree, ComponentKeys } from './tree.ts';

const OWN = ['type', 'channel'];

/**
 * Plans the sinks that the agent lists; those with an error are left out.
 *
 * @param channels the names of all listed channels
 */
export function planSinks(
  planner: Planner,
  tree: AgentTree,
  listed: readonly Listed[],
  channels: readonly string[],
): SinkPlan[] {
  const plans: SinkPlan[] = [];
  for (const { name, keys } of listed) {
    if (keys === undefined) {
      reportKeyless(planner, tree, 'sinks', name);
      continue;
    }
    const component = `sink ${name}`;
    const type = keys.raw.get('type');
    if (type === undefined) planner.missingType(component, keys.raw, `${tree.name}.sinks.${name}.`, keys.at);
    const declaration = type === undefined ? undefined : planner.declaration('sink', type, component);
    const bound = declaration && planner.bind(name, declaration, keys.raw, component, OWN, keys.at);
    const channel = sinkChannel(planner, tree, keys, channels);
    if (bound !== undefined && channel !== undefined) plans.push({ ...bound, channel });
  }
  return plans;
}

/** The channel of a sink; without one, the only one that the agent has. */
function sinkChannel(
  planner: Planner,
  tree: AgentTree,
  { name, raw, at }: ComponentKeys,
  channels: readonly string[],
): string | undefined {
  const component = `sink ${name}`;
  const add = `add ${tree.name}.sinks.${name}.channel =`;
  const value = raw.get('channel');
  if (value === undefined) {
    // Misspelt (`channels`): `bind` has said so.
    if (raw.has('channels')) {
      if (raw.get('type') === undefined)
        planner.error(component, 'unknown option "channels"', 'did you mean channel?', raw.get('channels')?.at);
      return undefined;
    }
    if (channels.length === 1) {
      const only = channels[0]!;
      const message = planner.strict ? 'has no channel' : `has no channel; it takes the only channel there is, ${only}`;
      planner.tolerate(component, message, `${add} ${only}`, at);
      return only;
    }
    const hint = channels.length === 0 ? 'the agent lists none' : `${add} … (known: ${channels.join(', ')})`;
    planner.error(component, 'has no channel', hint, at);
    return undefined;
  }
  if (channels.includes(value.text)) return value.text;
  const words = splitWords(value.text);
  if (words.length > 1) {
    planner.error(component, 'a sink takes from one channel', `choose one of ${words.join(', ')}`, value.valueAt);
  } else {
    const hint = suggest(value.text, channels, 'the agent lists none');
    planner.error(component, `there is no channel "${value.text}"`, hint, value.valueAt);
  }
  return undefined;
}

/**
 * Plans the sink groups, and a group for each sink that is in none.
 *
 * @param sinkNames the names of all listed sinks
 */
export function planGroups(
  planner: Planner,
  tree: AgentTree,
  listed: readonly Listed[],
  sinkNames: readonly string[],
): SinkGroupPlan[] {
  const groups: SinkGroupPlan[] = [];
  const takenBy = new Map<string, string>();
  for (const { name, keys } of listed) {
    if (keys === undefined) reportKeyless(planner, tree, 'sinkgroups', name);
    else {
      const group = planGroup(planner, tree, keys, sinkNames, takenBy);
      if (group !== undefined) groups.push(group);
    }
  }
  for (const sink of sinkNames) {
    if (takenBy.has(sink)) continue;
    const single = planner.declaration('processor', { text: 'default' }, `sink ${sink}`);
    if (single === undefined) break;
    const processor = planner.bind('processor', single, new Map(), `sink ${sink}, processor`, [], undefined);
    groups.push({ name: sink, sinks: [sink], processor });
  }
  return groups;
}

function planGroup(
  planner: Planner,
  tree: AgentTree,
  { name, raw, at }: ComponentKeys,
  sinkNames: readonly string[],
  takenBy: Map<string, string>,
): SinkGroupPlan | undefined {
  const component = `sink group ${name}`;
  const prefix = `${tree.name}.sinkgroups.${name}.`;
  for (const [key, value] of raw) {
    if (key === 'sinks' || key.startsWith('processor.')) continue;
    const hint = suggest(key.split('.', 1)[0]!, ['sinks', 'processor'], '');
    planner[hint.startsWith('did') ? 'error' : 'warn'](component, `unknown option "${key}"`, hint, value.at);
  }
  const sinks = groupSinks(planner, raw.get('sinks'), component, prefix, sinkNames, takenBy, at);
  for (const sink of sinks ?? []) takenBy.set(sink, name);
  const type = raw.get('processor.type');
  const keys = below(raw, 'processor.');
  if (type === undefined) {
    planner.missingType(component, keys, `${prefix}processor.`, at);
    return undefined;
  }
  const declaration = planner.declaration('processor', type, component);
  if (declaration === undefined || sinks === undefined) return undefined;
  const fits = checkGroup(planner, declaration, keys, sinks, type, component);
  const processor = planner.bind('processor', declaration, keys, `${component}, processor`, ['type'], type.at);
  return fits ? { name, sinks, processor } : undefined;
}

function groupSinks(
  planner: Planner,
  value: RawValue | undefined,
  component: string,
  prefix: string,
  sinkNames: readonly string[],
  takenBy: ReadonlyMap<string, string>,
  at: ComponentKeys['at'],
): string[] | undefined {
  if (value === undefined) {
    planner.error(component, 'has no sinks', `add ${prefix}sinks = ${sinkNames.join(' ')}`, at);
    return undefined;
  }
  const sinks = [...new Set(splitWords(value.text))];
  let good = true;
  for (const sink of sinks) {
    const other = takenBy.get(sink);
    if (sinkNames.includes(sink) && other === undefined) continue;
    good = false;
    if (other === undefined) {
      planner.error(
        component,
        `there is no sink "${sink}"`,
        suggest(sink, sinkNames, 'the agent lists none'),
        value.valueAt,
      );
    } else {
      planner.error(component, `sink ${sink} is in group ${other} already`, 'a sink is in one group', value.valueAt);
    }
  }
  return good ? sinks : undefined;
}

/** Rules between a processor and its group. */
function checkGroup(
  planner: Planner,
  declaration: Declaration<'processor'>,
  keys: ReadonlyMap<string, RawValue>,
  sinks: readonly string[],
  type: RawValue,
  component: string,
): boolean {
  let good = true;
  const fail = (message: string, hint: string, at = type.valueAt): void => {
    planner.error(component, message, hint, at);
    good = false;
  };
  if (declaration.type === 'default' && sinks.length > 1) {
    fail(`the default processor drives one sink, not ${sinks.length}`, 'failover or load_balance');
  }
  if (declaration.type === 'load_balance' && sinks.length < 2) {
    fail('load_balance needs more than one sink', 'add sinks, or remove the group');
  }
  for (const [key, value] of below(keys, 'priority.')) {
    if (!sinks.includes(key)) fail(`priority.${key}: the group has no such sink`, suggest(key, sinks, ''), value.at);
  }
  return good;
}
