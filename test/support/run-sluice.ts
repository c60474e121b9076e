import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child, runChild } from './child.ts';
import { makeTempDir } from './temp-dir.ts';

/** The agent's entry point in this checkout. */
export const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** An agent to start. The configuration is given as a file or as text. */
export type SluiceSpec = {
  /** Agent name, `-n`; default `a`. */
  name?: string;
  /** Files for `-f`, in order. */
  files?: readonly string[];
  /** The text of a configuration, written as ISO-8859-1 to a file in the working folder and given with `-f` first. */
  conf?: string;
  /** Further arguments, such as `--strict` or `-Dflume.monitoring.type=http`. */
  args?: readonly string[];
  /** Variables beside those of this process. */
  env?: Record<string, string>;
  /** Working folder; default: a new temporary one. */
  dir?: string;
  /** For `--state-dir`; default `DIR/state`. */
  stateDir?: string;
  /** What to wait for in the log; default: nothing. */
  ready?: RegExp;
  /** How long to wait for `ready`. */
  readyTimeoutMs?: number;
  /** Arguments of Node itself. */
  nodeArgs?: readonly string[];
  /** The entry point; default: the sources. */
  main?: string;
  /** How many descriptors the agent may have open; default: as many as this process. */
  descriptors?: number;
};

/** Starts `sluice agent` from the checkout and, with `ready`, waits until its log shows that. Ends with this process at the latest. */
export async function startSluice(spec: SluiceSpec): Promise<Child> {
  const dir = spec.dir ?? makeTempDir('sluice-agent-');
  mkdirSync(dir, { recursive: true });
  const files = [...(spec.files ?? [])];
  if (spec.conf !== undefined) {
    const file = join(dir, 'flume.conf');
    writeFileSync(file, spec.conf, 'latin1');
    files.unshift(file);
  }
  const limit = spec.descriptors === undefined ? [] : ['prlimit', `--nofile=${spec.descriptors}`];
  const [command, ...before] = [...limit, process.execPath];
  const child = new Child({
    name: `sluice ${spec.name ?? 'a'}`,
    command: command!,
    args: [
      ...before,
      ...(spec.nodeArgs ?? []),
      spec.main ?? MAIN,
      'agent',
      '-n',
      spec.name ?? 'a',
      ...files.flatMap((file) => ['-f', file]),
      '--state-dir',
      spec.stateDir ?? join(dir, 'state'),
      ...(spec.args ?? []),
    ],
    cwd: dir,
    env: { ...process.env, ...spec.env },
  });
  if (spec.ready) {
    try {
      await child.waitForLog(spec.ready, spec.readyTimeoutMs ?? 20_000);
    } catch (error) {
      await child.kill();
      throw error;
    }
  }
  return child;
}

/** Runs a command of `sluice` that ends by itself (`check`, `help`, `version`); resolves with its output and exit code. */
export async function runSluice(
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): Promise<Child> {
  return await runChild({
    name: `sluice ${args[0] ?? ''}`,
    command: process.execPath,
    args: [MAIN, ...args],
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
  });
}
