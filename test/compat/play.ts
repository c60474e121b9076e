import { lookup } from 'node:dns/promises';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { flumeClassPath, SMALL_JVM } from '../../scripts/peers/flume.ts';
import { Child } from '../support/child.ts';
import { freePorts, freeUdpPort } from '../support/free-port.ts';
import { MAIN } from '../support/run-sluice.ts';
import { makeTempDir, removeTempDir } from '../support/temp-dir.ts';
import type { Case } from './case.ts';
import { differenceOf } from './lists.ts';
import type { Observed } from './observed.ts';
import { fill } from './placeholders.ts';
import { Play } from './steps.ts';
import { judge } from './verdict.ts';

const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

/** Whether a case wants Java: Flume's client, or key stores. */
export function needsJava(testCase: Case): boolean {
  return testCase.steps.some((step) => 'avro_client' in step || 'keystore' in step);
}

/** A local time `YYYY-MM-DD HH:MM:SS` of a zone, in milliseconds since 1970. */
function localTime(text: string, timeZone: string): number {
  const asUtc = Date.parse(`${text.replace(' ', 'T')}Z`);
  const shown = new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(asUtc);
  return 2 * asUtc - Date.parse(`${shown.replace(' ', 'T')}Z`);
}

/** How far the agent's clock is ahead of this machine's, in milliseconds, and what makes it so. */
function clockOf(testCase: Case, player: Player): { ahead: number; env: Record<string, string> } {
  if (testCase.clock === undefined) return { ahead: 0, env: {} };
  if (!existsSync(FAKETIME)) throw new Error('cases with a set clock need faketime: apt-get install faketime');
  const ahead = localTime(testCase.clock, testCase.tz) - Date.now();
  return {
    ahead,
    env: {
      LD_PRELOAD: player === 'flume' ? FAKETIME.replace('libfaketime.so', 'libfaketimeMT.so') : FAKETIME,
      FAKETIME: `@${testCase.clock}`,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_FORCE_MONOTONIC_FIX: '0',
      NO_FAKE_STAT: '1',
    },
  };
}

async function ownAddress(): Promise<string> {
  try {
    return (await lookup(hostname(), 4)).address;
  } catch {
    return '127.0.0.1';
  }
}

async function valuesOf(dir: string): Promise<Record<string, string>> {
  const ports = await freePorts(9);
  const names: Record<string, string> = { DIR: dir, HOSTNAME: hostname(), IP: await ownAddress() };
  ports.forEach((port, i) => {
    names[i === 0 ? 'PORT' : `PORT${i + 1}`] = String(port);
  });
  names['UPORT'] = String(await freeUdpPort());
  return names;
}

/** Folders of file_roll sinks below `out`, which the recording made beforehand. */
function sinkFolders(conf: string): string[] {
  return [...conf.matchAll(/sink\.directory *= *\$\{env:DIR\}\/(out\/\w+)/g)].map((match) => match[1]);
}

/** What came of a case: the problems (none: it passes), and what it did. */
export type Result = { problems: string[]; observed: Observed };

/** What plays the case: Sluice, or the real Flume to prove the comparison itself. */
export type Player = 'sluice' | 'flume';

async function command(testCase: Case, player: Player, home: string, names: Record<string, string>) {
  const args = [
    ...(testCase.agent === '' ? [] : ['-n', testCase.agent]),
    '-f',
    testCase.conf,
    ...(testCase.args ?? []).map((arg) => fill(arg, names)),
  ];
  const jvm = (testCase.jvm ?? []).map((arg) => fill(arg, names));
  if (player === 'sluice') {
    return {
      command: process.execPath,
      // Where a case ends with a peer that is away, its stop takes as long as it may.
      args: [MAIN, 'agent', ...args, '--state-dir', join(home, 'state'), '--drain-timeout', '10', ...jvm],
    };
  }
  const java = ['-Xmx256m', ...jvm, '-cp', await flumeClassPath(), 'org.apache.flume.node.Application'];
  return { command: 'java', args: [...SMALL_JVM, ...java, ...args, '--no-reload-conf'] };
}

/** Plays a case and compares. With `keep` its folder stays until this process ends. */
export async function playCase(testCase: Case, options: { keep?: boolean; player?: Player } = {}): Promise<Result> {
  const { player = 'sluice' } = options;
  const root = makeTempDir('sluice-compat-');
  const dir = join(root, 'dir');
  const home = join(root, 'home');
  mkdirSync(dir);
  mkdirSync(home);
  const names = await valuesOf(dir);
  for (const folder of sinkFolders(readFileSync(testCase.conf, 'latin1'))) {
    mkdirSync(join(dir, folder), { recursive: true });
  }
  const { ahead, env } = clockOf(testCase, player);
  const observed: Observed = {
    dir,
    values: { names, clock: { from: Date.now() + ahead - 10_000, to: Number.POSITIVE_INFINITY } },
    responses: [],
    listings: [],
    kept: new Map(),
    recordings: [],
    head: undefined,
    log: '',
    aliveBeforeStop: false,
    exit: -1,
    problems: [],
  };
  const program = await command(testCase, player, home, names);
  const difference = player === 'sluice' ? differenceOf(testCase) : undefined;
  const play = new Play(testCase, observed, player, () => {
    return new Child({
      name: `${player} for ${testCase.id}`,
      ...program,
      cwd: home,
      env: { ...process.env, HOME: home, TZ: testCase.tz, LC_ALL: 'C.UTF-8', ...names, ...testCase.env, ...env },
    });
  });
  try {
    await play.run();
    observed.values.clock.to = Date.now() + ahead + 10_000;
    return { problems: judge(testCase, observed, difference), observed };
  } finally {
    if (!options.keep) removeTempDir(root);
  }
}

/** Plays cases a few at a time, in order; each one's promise is there at once. */
export class Pool {
  #queue: (() => Promise<void>)[] = [];
  #running = 0;
  readonly #width: number;

  constructor(width: number) {
    this.#width = width;
  }

  add(testCase: Case): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    promise.catch(() => {});
    this.#queue.push(() => playCase(testCase).then(resolve, reject));
    this.#next();
    return promise;
  }

  #next(): void {
    while (this.#running < this.#width) {
      const job = this.#queue.shift();
      if (!job) return;
      this.#running++;
      void job().finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }
}
