/** Makes Sentry's SDKs for Python, Go and Java ready to run as clients; what is fetched and built is kept in the cache. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../../test/support/child.ts';
import { cacheDir, resolvePom } from './maven.ts';

const CLIENTS = fileURLToPath(new URL('../../test/interop/sdks/', import.meta.url));
const PYTHON_SDK = 'sentry-sdk==2.75.0';
/** Where Go lies when it is not in the PATH. */
const GO_PATHS = ['/usr/local/go/bin', '/usr/lib/go/bin'];

/** A program with its arguments; the DSN goes behind them. */
export interface Client {
  readonly command: string;
  readonly args: readonly string[];
}

/** @throws Error naming what is missing and what to do */
export async function pythonClient(): Promise<Client> {
  const dir = await made(`python-${hashOf(PYTHON_SDK)}`, (to) =>
    run(
      'pip3',
      ['install', '-q', '--disable-pip-version-check', '--no-cache-dir', '--target', to, PYTHON_SDK],
      'apt-get install python3-pip',
    ),
  );
  return { command: 'env', args: [`PYTHONPATH=${dir}`, 'python3', join(CLIENTS, 'python', 'client.py')] };
}

/** @throws Error naming what is missing and what to do */
export async function goClient(): Promise<Client> {
  const source = join(CLIENTS, 'go');
  const texts = readdirSync(source).map((file) => readFileSync(join(source, file), 'utf8'));
  const go = GO_PATHS.map((path) => join(path, 'go')).find(existsSync) ?? 'go';
  const dir = await made(`go-${hashOf(...texts)}`, async (to) => {
    mkdirSync(to);
    await run(go, ['build', '-C', source, '-o', join(to, 'client'), '.'], 'install Go 1.25 or newer');
  });
  return { command: join(dir, 'client'), args: [] };
}

/** @throws Error naming what is missing and what to do */
export async function javaClient(): Promise<Client> {
  const source = join(CLIENTS, 'java', 'Client.java');
  const jars = `${await resolvePom('sentry-java')}/*`;
  const dir = await made(`java-${hashOf(readFileSync(source, 'utf8'))}`, (to) =>
    run('javac', ['-encoding', 'UTF-8', '-d', to, '-cp', jars, source], 'apt-get install openjdk-17-jdk-headless'),
  );
  return { command: 'java', args: ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', `${dir}:${jars}`, 'Client'] };
}

function hashOf(...texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text);
  return hash.digest('hex').slice(0, 12);
}

/** A folder of the cache, made once; it appears whole or not at all. */
async function made(name: string, make: (dir: string) => Promise<void>): Promise<string> {
  const dir = join(cacheDir(), 'sdks', name);
  if (existsSync(dir)) return dir;
  mkdirSync(join(cacheDir(), 'sdks'), { recursive: true });
  const work = `${dir}.${process.pid}.tmp`;
  try {
    await make(work);
    if (!existsSync(dir)) renameSync(work, dir);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return dir;
}

async function run(command: string, args: readonly string[], advice?: string): Promise<void> {
  const child = await runChild({ command, args }, 300_000);
  if (child.code === 0) return;
  throw new Error(
    `${command} ${args.join(' ')} ended with ${child.code}${advice ? ` (${advice})` : ''}:\n${child.log().slice(-2000)}`,
  );
}
