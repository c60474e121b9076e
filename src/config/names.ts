import type { Planner } from './planner.ts';
import { strayHint, suggest } from './planner.ts';
import type { AgentTree, ComponentKeys, Group } from './tree.ts';

/** What a group's components are called in messages. */
export const WORD: Readonly<Record<Group, string>> = {
  sources: 'source',
  channels: 'channel',
  sinks: 'sink',
  sinkgroups: 'sink group',
  configfilters: 'config filter',
};

/** A component that the agent lists; `keys` is undefined where it has none. */
export interface Listed {
  readonly name: string;
  readonly keys: ComponentKeys | undefined;
}

/**
 * The components of a group that the agent lists, each once. Reports a list that is missing, names that come twice, and keys of components that
 * are not listed.
 */
export function listedComponents(planner: Planner, tree: AgentTree, group: Group): Listed[] {
  const list = tree.lists[group];
  const components = tree.components[group];
  const agent = `agent ${tree.name}`;
  if (list === undefined) {
    if (components.size > 0) {
      const names = [...components.keys()];
      const first = components.get(names[0]!)!;
      planner.error(
        agent,
        `lists no ${group}, but there are keys of ${names.join(', ')}`,
        `add ${tree.name}.${group} = ${names.join(' ')}`,
        first.at,
      );
    }
    return [];
  }
  const names = [...new Set(list.names)];
  for (const name of names) {
    if (list.names.indexOf(name) !== list.names.lastIndexOf(name)) {
      planner.warn(agent, `${group}: ${name} is listed more than once`, 'once is enough', list.at);
    }
  }
  reportUnlisted(planner, tree, group, names);
  return names.map((name) => ({ name, keys: components.get(name) }));
}

function reportUnlisted(planner: Planner, tree: AgentTree, group: Group, names: readonly string[]): void {
  const components = tree.components[group];
  const keyless = names.filter((name) => !components.has(name));
  for (const [name, component] of components) {
    if (names.includes(name)) continue;
    const who = `${WORD[group]} ${name}`;
    // Keys without a listing beside a listing without keys: one of the two is misspelt.
    if (keyless.length > 0) {
      const hint = keyless.length === 1 ? `did you mean ${keyless[0]}?` : suggest(name, keyless, '');
      planner.error(who, `is not listed in ${tree.name}.${group}`, hint, component.at);
    } else {
      const hint = `add it to ${tree.name}.${group}, or remove its keys`;
      planner.warn(who, `is not listed in ${tree.name}.${group} and does not run`, hint, component.at);
    }
  }
}

/** Whether the keys of a component may stand under another name by mistake; then what is missing has been reported. */
export function mayBeMisnamed(tree: AgentTree, group: Group): boolean {
  const names = tree.lists[group]?.names ?? [];
  return [...tree.components[group].keys()].some((name) => !names.includes(name));
}

/** Reports a listed component that has no keys at all. */
export function reportKeyless(planner: Planner, tree: AgentTree, group: Group, name: string): void {
  const hint = strayHint(name) ?? `add ${tree.name}.${group}.${name}.type = …`;
  planner.error(`${WORD[group]} ${name}`, 'is listed but has no keys', hint, tree.lists[group]?.at);
}
