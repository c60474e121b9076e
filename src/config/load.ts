import type { Registry } from '../component/declaration.ts';
import type { AgentPlan } from '../component/plan.ts';
import { nearest } from '../options/nearest.ts';
import type { Problem } from '../options/problem.ts';
import { applyConfigFilters } from './config-filters.ts';
import { planAgent } from './plan.ts';
import { type ParsedProperties, type Property, parseProperties } from './properties.ts';
import { addressName, type HttpLogin, type ReadFile, readConfigFile, readConfigUri } from './read.ts';
import { type AgentTree, buildTree, type Tree } from './tree.ts';
import { type ResolvedProperty, resolveVariables } from './variables.ts';

export interface LoadRequest {
  /** Paths of the files, merged in order: a later one wins. */
  readonly files: readonly string[];
  /** Addresses (`file:`, `http:`, `https:`) that are merged before the files. */
  readonly uris?: readonly string[];
  readonly login?: HttpLogin;
  /** The name of the agent to plan. */
  readonly agent: string;
  /** Refuses what Flume refuses. */
  readonly strict: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `-Dname=value` gave. */
  readonly systemProperties: ReadonlyMap<string, string>;
  readonly registry: Registry;
  /** Milliseconds since 1970, for `${date:…}`; the clock's when left out. */
  readonly now?: number;
  /** Reads a file, for tests. */
  readonly readFile?: ReadFile;
}

export interface Loaded {
  /** Missing when there is an error among the problems. */
  readonly plan?: AgentPlan;
  /** Everything that is wrong, in the order of files and lines. */
  readonly problems: readonly Problem[];
  /** The agents that the files name. */
  readonly agents: readonly string[];
}

const MAX_PROBLEMS = 1000;

/**
 * Reads the configuration of one agent: bytes, properties, variables, tree, configuration filters, plan. Other agents in the same
 * files are left alone, wrong or not.
 *
 * @throws SluiceError CONFIG_UNREADABLE for a file that cannot be read at all
 */
export async function loadAgent(request: LoadRequest): Promise<Loaded> {
  const { files, parsed } = await readAll(request);
  const merged = merge(parsed);
  const { properties, used } = resolveVariables(merged, {
    env: request.env,
    systemProperties: request.systemProperties,
    now: request.now ?? Date.now(),
  });
  const tree = buildTree(properties, used);
  const agents = [...tree.agents.values()].filter(looksLikeAgent).map((agent) => agent.name);
  const concerns = concernOf(request.agent, used);
  let problems: Problem[] = [
    ...parsed.flatMap((one) => one.problems).filter((problem) => concerns(problem.component)),
    ...properties.filter((one) => concerns(`property ${one.key}`)).flatMap((one: ResolvedProperty) => one.problems),
    ...tree.problems,
    ...misspeltAgents(tree, request.agent),
  ];
  const found = tree.agents.get(request.agent);
  if (found === undefined || (!looksLikeAgent(found) && agents.length > 0)) {
    problems.push(missingAgent(request.agent, agents, merged.length, files));
    return { problems: presentable(problems, files), agents };
  }
  const filtered = await applyConfigFilters(found, request.env);
  const planned = planAgent(filtered, request.registry, request.strict);
  problems = problems.concat(planned.problems);
  const failed = problems.some((problem) => problem.severity === 'error');
  return { plan: failed ? undefined : planned.plan, problems: presentable(problems, files), agents };
}

async function readAll(request: LoadRequest): Promise<{ files: string[]; parsed: ParsedProperties[] }> {
  const files = [...(request.uris ?? []).map(addressName), ...request.files];
  const parsed: ParsedProperties[] = [];
  for (const uri of request.uris ?? []) {
    parsed.push(parseProperties(await readConfigUri(uri, request.login, request.readFile), addressName(uri)));
  }
  for (const file of request.files) parsed.push(parseProperties(await readConfigFile(file, request.readFile), file));
  return { files, parsed };
}

function merge(parsed: readonly ParsedProperties[]): Property[] {
  const merged = new Map<string, Property>();
  for (const { properties } of parsed) for (const property of properties) merged.set(property.key, property);
  return [...merged.values()];
}

/** Whether an agent has anything that an agent has; a name in front of a variable's definition has not. */
function looksLikeAgent(agent: AgentTree): boolean {
  return Object.keys(agent.lists).length > 0 || Object.values(agent.components).some((group) => group.size > 0);
}

/** Which properties matter to an agent: its own, those that name no agent, and those that stand in variables. */
function concernOf(agent: string, used: ReadonlySet<string>): (component: string) => boolean {
  return (component) => {
    const key = component.replace(/^property /, '');
    return key === component || key.startsWith(`${agent}.`) || !key.includes('.') || used.has(key);
  };
}

/** Keys under a name that is nearly the agent's, and that lists nothing itself. */
function misspeltAgents(tree: Tree, wanted: string): Problem[] {
  const problems: Problem[] = [];
  for (const agent of tree.agents.values()) {
    if (agent.name === wanted || Object.keys(agent.lists).length > 0 || !looksLikeAgent(agent)) continue;
    if (nearest(agent.name, [wanted]) === undefined) continue;
    const first = Object.values(agent.components).flatMap((group) => [...group.values()])[0];
    problems.push({
      severity: 'error',
      component: `agent ${agent.name}`,
      message: 'has keys but lists no component',
      hint: `did you mean ${wanted}?`,
      at: first?.at ?? agent.at,
    });
  }
  return problems;
}

function missingAgent(
  wanted: string,
  agents: readonly string[],
  properties: number,
  files: readonly string[],
): Problem {
  const component = `agent ${wanted}`;
  const place = files.join(', ');
  if (properties === 0) {
    return { severity: 'error', component, message: `there is no property in ${place}`, hint: 'is it the right file?' };
  }
  if (agents.length === 0) {
    const hint = `its keys begin with ${wanted}.sources, ${wanted}.channels, ${wanted}.sinks`;
    return { severity: 'error', component, message: `there is no agent in ${place}`, hint };
  }
  const near = nearest(wanted, agents);
  const hint = near === undefined ? `there: ${agents.join(', ')}; choose with -n` : `did you mean -n ${near}?`;
  return { severity: 'error', component, message: `is not in ${place}, which has ${agents.join(', ')}`, hint };
}

/**
 * By file in the order given, line and column; those without a place come last. The same is said once, and of very many no more
 * than a person would read.
 */
function presentable(problems: readonly Problem[], files: readonly string[]): Problem[] {
  const seen = new Set<string>();
  const once = problems.filter((problem) => {
    const text = JSON.stringify(problem);
    return !seen.has(text) && seen.add(text);
  });
  const rank = (problem: Problem): number => (problem.at === undefined ? files.length : files.indexOf(problem.at.file));
  const sorted = once.sort(
    (a, b) => rank(a) - rank(b) || (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0),
  );
  if (sorted.length <= MAX_PROBLEMS) return sorted;
  const rest = sorted.slice(MAX_PROBLEMS);
  const severity = rest.some((problem) => problem.severity === 'error') ? 'error' : 'warning';
  const message = `and ${rest.length} more`;
  return [...sorted.slice(0, MAX_PROBLEMS), { severity, component: 'configuration', message }];
}
