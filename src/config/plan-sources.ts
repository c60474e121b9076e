import type { ComponentPlan, SourcePlan } from '../component/plan.ts';
import { SOURCE_OPTIONS } from '../component/source-options.ts';
import type { RawValue } from '../options/bind.ts';
import type { Location } from '../options/problem.ts';
import { splitWords } from '../options/trim.ts';
import { type Listed, reportKeyless } from './names.ts';
import { below, type Planner, suggest } from './planner.ts';
import type { AgentTree, ComponentKeys } from './tree.ts';

const OWN = ['type', 'channels', 'selector', 'interceptors', ...Object.keys(SOURCE_OPTIONS)];

/**
 * Plans the sources that the agent lists; those with an error are left out.
 *
 * @param channels the names of all listed channels
 */
export function planSources(
  planner: Planner,
  tree: AgentTree,
  listed: readonly Listed[],
  channels: readonly string[],
): SourcePlan[] {
  const plans: SourcePlan[] = [];
  for (const { name, keys } of listed) {
    if (keys === undefined) reportKeyless(planner, tree, 'sources', name);
    else {
      const plan = planSource(planner, tree, keys, channels);
      if (plan !== undefined) plans.push(plan);
    }
  }
  return plans;
}

function planSource(
  planner: Planner,
  tree: AgentTree,
  { name, raw, at }: ComponentKeys,
  channels: readonly string[],
): SourcePlan | undefined {
  const component = `source ${name}`;
  const prefix = `${tree.name}.sources.${name}.`;
  const type = raw.get('type');
  if (type === undefined) planner.missingType(component, raw, prefix, at);
  const declaration = type === undefined ? undefined : planner.declaration('source', type, component);
  const bound = declaration && planner.bind(name, declaration, raw, component, OWN, at);
  const mine = sourceChannels(planner, raw, component, prefix, channels, at);
  const selector = planSelector(planner, raw, component, mine ?? channels, at);
  const interceptors = planInterceptors(planner, raw, component, prefix);
  if (bound === undefined || mine === undefined || selector === undefined || interceptors === undefined)
    return undefined;
  const { sequenceHeaders } = planner.bindCommon('source', SOURCE_OPTIONS, raw, component);
  return { ...bound, channels: mine, selector, interceptors, sequenceHeaders };
}

/** The channels of a source; without any, the only one that the agent has. */
function sourceChannels(
  planner: Planner,
  raw: ReadonlyMap<string, RawValue>,
  component: string,
  prefix: string,
  channels: readonly string[],
  at: Location,
): string[] | undefined {
  const value = raw.get('channels');
  if (value === undefined) {
    // Misspelt (`channel`): `bind` has said so.
    if (raw.has('channel')) {
      if (raw.get('type') === undefined)
        planner.error(component, 'unknown option "channel"', 'did you mean channels?', raw.get('channel')?.at);
      return undefined;
    }
    if (channels.length === 1) {
      const only = channels[0]!;
      const message = planner.strict
        ? 'has no channels'
        : `has no channels; it takes the only channel there is, ${only}`;
      planner.tolerate(component, message, `add ${prefix}channels = ${only}`, at);
      return [only];
    }
    const hint =
      channels.length === 0 ? 'the agent lists none' : `add ${prefix}channels = … (known: ${channels.join(', ')})`;
    planner.error(component, 'has no channels', hint, at);
    return undefined;
  }
  const named = splitWords(value.text);
  const unknown = named.filter((name) => !channels.includes(name));
  for (const name of new Set(unknown)) {
    planner.error(
      component,
      `there is no channel "${name}"`,
      suggest(name, channels, 'the agent lists none'),
      value.valueAt,
    );
  }
  const once = [...new Set(named)];
  if (once.length < named.length)
    planner.warn(component, 'names a channel more than once', 'once is enough', value.valueAt);
  return unknown.length === 0 ? once : undefined;
}

function planSelector(
  planner: Planner,
  raw: ReadonlyMap<string, RawValue>,
  source: string,
  channels: readonly string[],
  at: Location,
): ComponentPlan<'selector'> | undefined {
  const component = `${source}, selector`;
  const keys = below(raw, 'selector.');
  const type = keys.get('type');
  const place = type?.at ?? at;
  const declaration = planner.declaration('selector', type ?? { text: 'replicating', at }, component);
  if (declaration === undefined) return undefined;
  let known = true;
  for (const [key, value] of keys) {
    // Every selector names channels under these keys: `optional`, `default`, `mapping.VALUE`, `optional.VALUE`.
    if (!/^(optional|default|mapping\..*|optional\..*)$/.test(key)) continue;
    for (const name of splitWords(value.text)) {
      if (channels.includes(name)) continue;
      planner.error(
        component,
        `${key}: the source has no channel "${name}"`,
        suggest(name, channels, ''),
        value.valueAt,
      );
      known = false;
    }
  }
  const plan = planner.bind('selector', declaration, keys, component, ['type'], place);
  return known ? plan : undefined;
}

function planInterceptors(
  planner: Planner,
  raw: ReadonlyMap<string, RawValue>,
  source: string,
  prefix: string,
): ComponentPlan<'interceptor'>[] | undefined {
  const list = raw.get('interceptors');
  const names = list === undefined ? [] : splitWords(list.text);
  const plans: ComponentPlan<'interceptor'>[] = [];
  const keys = below(raw, 'interceptors.');
  const keyed = new Map([...keys].reverse().map(([key, value]) => [key.split('.', 1)[0]!, value]));
  for (const [name, value] of keyed) {
    if (names.includes(name)) continue;
    const lost = names.filter((listed) => !keyed.has(listed));
    const component = `${source}, interceptor ${name}`;
    if (lost.length > 0)
      planner.error(component, `is not listed in ${prefix}interceptors`, suggest(name, lost, ''), value.at);
    else if (list === undefined)
      planner.error(component, `there is no ${prefix}interceptors`, `add ${prefix}interceptors = ${name}`, value.at);
    else
      planner.warn(
        component,
        `is not listed in ${prefix}interceptors and does not run`,
        'add it, or remove its keys',
        value.at,
      );
  }
  for (const name of new Set(names)) {
    if (names.indexOf(name) !== names.lastIndexOf(name))
      planner.warn(source, `interceptor ${name} is listed more than once`, 'it runs as often', list?.valueAt);
  }
  const made = new Map<string, ComponentPlan<'interceptor'>>();
  for (const name of new Set(names)) {
    const component = `${source}, interceptor ${name}`;
    const mine = below(keys, `${name}.`);
    const at = [...mine.values()][0]?.at ?? list?.valueAt;
    const type = mine.get('type');
    if (type === undefined) planner.missingType(component, mine, `${prefix}interceptors.${name}.`, at);
    else {
      const declaration = planner.declaration('interceptor', type, component);
      if (declaration !== undefined) made.set(name, planner.bind(name, declaration, mine, component, ['type'], at));
    }
  }
  for (const name of names) {
    const plan = made.get(name);
    if (plan === undefined) return undefined;
    plans.push(plan);
  }
  return plans;
}
