import type { RawValue } from '../options/bind.ts';
import { nearest } from '../options/nearest.ts';
import type { Location, Problem } from '../options/problem.ts';
import { splitWords } from '../options/trim.ts';
import type { Property } from './properties.ts';

/** The words that may stand behind an agent's name. */
export const GROUPS = ['sources', 'channels', 'sinks', 'sinkgroups', 'configfilters'] as const;
export type Group = (typeof GROUPS)[number];

/** Components of one kind in an agent. */
const MAX_NAMES = 1000;

/** `agent.sources = r1 r2` */
export interface NameList {
  readonly names: readonly string[];
  readonly at: Location;
}

/** The keys of one component, without its prefix. */
export interface ComponentKeys {
  readonly name: string;
  readonly raw: ReadonlyMap<string, RawValue>;
  /** Where its first key stands. */
  readonly at: Location;
}

/** The keys of one agent, sorted by what they belong to. Nothing is checked yet. */
export interface AgentTree {
  readonly name: string;
  readonly at: Location;
  readonly lists: Readonly<Partial<Record<Group, NameList>>>;
  readonly components: Readonly<Record<Group, ReadonlyMap<string, ComponentKeys>>>;
  readonly problems: readonly Problem[];
}

export interface Tree {
  readonly agents: ReadonlyMap<string, AgentTree>;
  /** Of keys that belong to no agent. */
  readonly problems: readonly Problem[];
}

interface MutableAgent extends AgentTree {
  readonly lists: Partial<Record<Group, NameList>>;
  readonly components: Record<Group, Map<string, { name: string; raw: Map<string, RawValue>; at: Location }>>;
  readonly problems: Problem[];
}

/**
 * Sorts properties by agent, group and component: `agent.sources.r1.type`. What fits nowhere is a problem: an error where a word is
 * misspelt, else a warning, for Flume runs on without it.
 *
 * @param variables keys that were used as variables; they need not fit anywhere
 */
export function buildTree(properties: readonly Property[], variables: ReadonlySet<string>): Tree {
  const agents = new Map<string, MutableAgent>();
  const problems: Problem[] = [];
  for (const property of properties) {
    const dot = property.key.indexOf('.');
    const name = property.key.slice(0, Math.max(dot, 0));
    const rest = property.key.slice(dot + 1);
    if (name === '' || rest === '') {
      if (variables.has(property.key)) continue;
      problems.push({
        severity: 'warning',
        component: `property ${property.key}`,
        message: 'names no agent and no component, and is ignored',
        hint: 'a key reads AGENT.sources.NAME.OPTION',
        at: property.at,
      });
      continue;
    }
    let agent = agents.get(name);
    if (agent === undefined) {
      agent = newAgent(name, property.at);
      agents.set(name, agent);
    }
    addProperty(agent, rest, property, variables);
  }
  return { agents, problems };
}

function newAgent(name: string, at: Location): MutableAgent {
  return {
    name,
    at,
    lists: {},
    components: {
      sources: new Map(),
      channels: new Map(),
      sinks: new Map(),
      sinkgroups: new Map(),
      configfilters: new Map(),
    },
    problems: [],
  };
}

function addProperty(agent: MutableAgent, rest: string, property: Property, variables: ReadonlySet<string>): void {
  const [word = '', name = '', ...more] = rest.split('.');
  const option = more.join('.');
  const group = GROUPS.find((known) => known === word);
  if (group !== undefined && property.value === '') {
    report(agent, property, 'warning', 'has no value and is ignored', 'leave the line out');
  } else if (group !== undefined && rest === word) {
    const names = splitWords(property.value);
    if (names.length > MAX_NAMES) {
      report(
        agent,
        property,
        'error',
        `lists ${names.length} names; at most ${MAX_NAMES} can run`,
        'is it a list of names?',
      );
    }
    agent.lists[group] = { names: names.slice(0, MAX_NAMES), at: property.valueAt };
  } else if (group !== undefined && name !== '' && option !== '') {
    let component = agent.components[group].get(name);
    if (component === undefined) {
      component = { name, raw: new Map(), at: property.at };
      agent.components[group].set(name, component);
    }
    component.raw.set(option, { text: property.value, at: property.at, valueAt: property.valueAt });
  } else if (!variables.has(property.key)) {
    reportMisfit(agent, property, word, group, rest);
  }
}

function reportMisfit(
  agent: MutableAgent,
  property: Property,
  word: string,
  group: Group | undefined,
  rest: string,
): void {
  if (group !== undefined) {
    report(
      agent,
      property,
      'warning',
      'is not an option of a component, and is ignored',
      `${agent.name}.${group}.NAME.OPTION`,
    );
    return;
  }
  const meant = nearest(word, GROUPS);
  if (meant === undefined) {
    report(agent, property, 'warning', `"${word}" is not known, the key is ignored`, `known: ${GROUPS.join(', ')}`);
  } else {
    report(
      agent,
      property,
      'error',
      `"${word}" is not known`,
      `did you mean ${agent.name}.${meant}${rest.slice(word.length)}?`,
    );
  }
}

function report(
  agent: MutableAgent,
  property: Property,
  severity: Problem['severity'],
  message: string,
  hint: string,
): void {
  agent.problems.push({ severity, component: `property ${property.key}`, message, hint, at: property.at });
}
