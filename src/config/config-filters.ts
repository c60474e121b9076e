import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { RawValue } from '../options/bind.ts';
import { nearest } from '../options/nearest.ts';
import type { Problem } from '../options/problem.ts';
import { splitWords, trim } from '../options/trim.ts';
import type { AgentTree, ComponentKeys, Group } from './tree.ts';

type Environment = Readonly<Record<string, string | undefined>>;
/** Gives the value of a key, or `undefined`. Throws with the reason when it cannot. */
type Filter = (key: string) => Promise<string | undefined>;

const PLACEHOLDER = /\$\{([^[\]{}:]+)\[(['"]?)([-_a-zA-Z0-9]+)\2\]\}/g;
const FILTERED: readonly Group[] = ['sources', 'channels', 'sinks', 'sinkgroups'];
const COMMAND_TIMEOUT = 30_000;
const MAX_OUTPUT = 1 << 20;
const TYPES = ['env', 'external', 'hadoop'] as const;
const CLASS_NAMES: Readonly<Record<string, (typeof TYPES)[number]>> = {
  'org.apache.flume.configfilter.EnvironmentVariableConfigFilter': 'env',
  'org.apache.flume.configfilter.ExternalProcessConfigFilter': 'external',
  'org.apache.flume.configfilter.HadoopCredentialStoreConfigFilter': 'hadoop',
};

/**
 * Replaces `${filter['key']}` in the values of components by what the agent's configuration filters say: `env` reads the
 * environment, `external` runs a command. A value comes from outside and is not looked into again; it never stands in a message.
 */
export async function applyConfigFilters(tree: AgentTree, env: Environment): Promise<AgentTree> {
  const problems: Problem[] = [...tree.problems];
  const filters = makeFilters(tree, env, problems);
  const components = { ...tree.components };
  for (const group of FILTERED) {
    const filtered = new Map<string, ComponentKeys>();
    for (const [name, component] of tree.components[group]) {
      const raw = new Map<string, RawValue>();
      for (const [key, value] of component.raw) {
        const property = `property ${tree.name}.${group}.${name}.${key}`;
        raw.set(key, value.text.includes('${') ? await filterValue(value, filters, property, problems) : value);
      }
      filtered.set(name, { ...component, raw });
    }
    components[group] = filtered;
  }
  return { ...tree, components, problems };
}

async function filterValue(
  value: RawValue,
  filters: ReadonlyMap<string, Filter | undefined>,
  component: string,
  problems: Problem[],
): Promise<RawValue> {
  let text = '';
  let position = 0;
  for (const match of value.text.matchAll(PLACEHOLDER)) {
    const [written, name = '', , key = ''] = match;
    const warn = (message: string, hint?: string): void => {
      problems.push({ severity: 'warning', component, message, hint, at: value.valueAt ?? value.at });
    };
    let found: string | undefined;
    const filter = filters.get(name);
    if (!filters.has(name)) {
      const near = nearest(name, filters.keys());
      warn(`${written} stays as it is: there is no config filter ${name}`, near && `did you mean ${near}?`);
    } else if (filter !== undefined) {
      try {
        found = await filter(key);
        if (found === undefined) warn(`${written} has no value and stays as it is`);
      } catch (error) {
        warn(`${written} stays as it is: config filter ${name} failed: ${(error as Error).message}`);
      }
    }
    text += value.text.slice(position, match.index) + (found ?? written);
    position = match.index + written.length;
  }
  return { ...value, text: text + value.text.slice(position) };
}

/** The filters that the agent lists; one that is not right is `undefined`, and has been reported. */
function makeFilters(tree: AgentTree, env: Environment, problems: Problem[]): Map<string, Filter | undefined> {
  const filters = new Map<string, Filter | undefined>();
  for (const name of tree.lists.configfilters?.names ?? []) {
    const keys = tree.components.configfilters.get(name);
    const type = keys?.raw.get('type');
    const command = keys?.raw.get('command');
    const at = type?.valueAt ?? keys?.at ?? tree.lists.configfilters?.at;
    const fail = (message: string, hint?: string): void => {
      problems.push({ severity: 'error', component: `config filter ${name}`, message, hint, at });
    };
    let filter: Filter | undefined;
    const known = type && (CLASS_NAMES[type.text] ?? type.text.toLowerCase());
    if (known === 'env') filter = async (key) => env[key];
    else if (known === 'external' && command !== undefined) filter = runCommand(command.text, env);
    else if (known === 'external') fail('command is missing', `add ${tree.name}.configfilters.${name}.command = …`);
    else if (known === 'hadoop')
      fail("Hadoop's credential stores cannot be read", 'use an env or external config filter');
    else if (type === undefined) fail('has no type', `add ${tree.name}.configfilters.${name}.type = env`);
    else {
      const near = nearest(type.text, TYPES);
      fail(`there is no config filter type "${type.text}"`, near ? `did you mean ${near}?` : 'known: env, external');
    }
    filters.set(name, filter);
  }
  return filters;
}

/** Runs the command with the key behind its own words; its first line is the value. Once for each key. */
function runCommand(command: string, env: Environment): Filter {
  const [program = '', ...args] = splitWords(command);
  const cache = new Map<string, Promise<string | undefined>>();
  const run = async (key: string): Promise<string | undefined> => {
    const options = { env: { ...env }, timeout: COMMAND_TIMEOUT, maxBuffer: MAX_OUTPUT, encoding: 'utf8' } as const;
    try {
      const { stdout } = await promisify(execFile)(program, [...args, key], options);
      return trim(stdout.split(/\r?\n/, 1)[0]!);
    } catch (error) {
      // Node's message would hold what the command printed; that may be a secret.
      const failure = error as { code?: string | number; killed?: boolean };
      const reason = failure.killed ? 'took too long' : `ended with ${failure.code}`;
      throw new Error(`${program} ${reason}`, { cause: error });
    }
  };
  return (key) => {
    const running = cache.get(key) ?? run(key);
    cache.set(key, running);
    return running;
  };
}
