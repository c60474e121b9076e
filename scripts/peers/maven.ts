import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../../test/support/child.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));

/** Where fetched things are kept: `$SLUICE_CACHE`, else `.cache` of the checkout. */
export function cacheDir(): string {
  return process.env['SLUICE_CACHE'] ?? join(CHECKOUT, '.cache');
}

async function needProgram(program: string, versionFlag: string): Promise<void> {
  const child = await runChild({ command: program, args: [versionFlag] });
  if (child.code !== 0) {
    throw new Error(
      `the real peers need ${program}, which does not run here (exit ${child.code}). ` +
        'On Debian: apt-get install --no-install-recommends openjdk-17-jdk-headless maven',
    );
  }
}

/**
 * Fetches the jars named by `NAME.pom.xml` beside this file into a folder of the cache, once, and returns that folder.
 * The folder appears whole or not at all; two runs at a time do not disturb each other. A changed pom gets a new folder.
 */
export async function resolvePom(name: string): Promise<string> {
  const pom = join(HERE, `${name}.pom.xml`);
  const hash = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 12);
  const lib = join(cacheDir(), 'peers', `${name}-${hash}`);
  if (existsSync(lib)) return lib;
  await needProgram('java', '-version');
  await needProgram('mvn', '-version');
  // Each run has a local repository of its own: two at a time do not meet, and nothing is left in the user's.
  const work = `${lib}.${process.pid}.tmp`;
  mkdirSync(join(work, 'pom'), { recursive: true });
  writeFileSync(join(work, 'pom', 'pom.xml'), readFileSync(pom));
  process.stderr.write(`fetching the jars of ${name} from Maven Central (once, up to a minute) ...\n`);
  const started = performance.now();
  try {
    const child = await runChild(
      {
        name: `mvn for ${name}`,
        command: 'mvn',
        args: [
          '-B',
          '-q',
          '-ntp',
          '-f',
          join(work, 'pom', 'pom.xml'),
          'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies',
          `-Dmaven.repo.local=${join(work, 'm2')}`,
          '-DincludeScope=runtime',
          `-DoutputDirectory=${join(work, 'lib')}`,
        ],
      },
      600_000,
    );
    if (child.code !== 0) throw new Error(`mvn could not fetch ${name}:\n${child.log().slice(-3000)}`);
    try {
      renameSync(join(work, 'lib'), lib);
    } catch (error) {
      // Another run was first: its folder is as good.
      if (!existsSync(lib)) throw error;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  process.stderr.write(`${name}: ready in ${lib} after ${Math.round((performance.now() - started) / 1000)} s\n`);
  return lib;
}
