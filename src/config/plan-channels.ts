import { type Declaration, findDeclaration } from '../component/declaration.ts';
import type { ChannelPlan } from '../component/plan.ts';
import type { RawValue } from '../options/bind.ts';
import { type Listed, mayBeMisnamed, reportKeyless } from './names.ts';
import type { Planner } from './planner.ts';
import type { AgentTree } from './tree.ts';

const OWN = ['type'];

/** Plans the channels that the agent lists; those with an error are left out. */
export function planChannels(planner: Planner, tree: AgentTree, listed: readonly Listed[]): ChannelPlan[] {
  const plans: ChannelPlan[] = [];
  for (const { name, keys } of listed) {
    const component = `channel ${name}`;
    const at = keys?.at ?? tree.lists.channels?.at;
    const raw = keys?.raw ?? new Map<string, RawValue>();
    const type = raw.get('type');
    let declaration: Declaration<'channel'> | undefined;
    if (type !== undefined) {
      declaration = planner.declaration('channel', type, component);
    } else if (keys === undefined && mayBeMisnamed(tree, 'channels')) {
      reportKeyless(planner, tree, 'channels', name);
    } else {
      declaration = memoryChannel(planner, raw);
      if (declaration === undefined) {
        planner.missingType(component, raw, `${tree.name}.channels.${name}.`, at);
      } else {
        const hint = `add ${tree.name}.channels.${name}.type = memory`;
        const message = planner.strict ? 'has no type' : 'has no type; it is taken for a memory channel';
        planner.tolerate(component, message, hint, at);
      }
    }
    if (declaration !== undefined) plans.push(planner.bind(name, declaration, raw, component, OWN, at));
  }
  return plans;
}

/** The memory channel, if all keys are its options: with a file channel's keys, memory would not be what was meant. */
function memoryChannel(planner: Planner, raw: ReadonlyMap<string, RawValue>): Declaration<'channel'> | undefined {
  const memory = findDeclaration(planner.registry, 'channel', 'memory');
  return memory !== undefined && [...raw.keys()].every((key) => Object.hasOwn(memory.options, key))
    ? memory
    : undefined;
}
