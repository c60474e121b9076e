import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runSluice, startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const SEED = fileURLToPath(new URL('../../conf/seed.properties', import.meta.url));

/** The configuration that everybody copied from a tutorial, with the two paths put in. */
function seed(dir: string): string {
  return readFileSync(SEED, 'latin1')
    .replace(/(command = tail -f ).*/, `$1${join(dir, 'sentry.log')}`)
    .replace(/(hdfs\.path = ).*/, `$1${join(dir, 'lake')}`);
}

function lake(dir: string): string {
  const folder = join(dir, 'lake');
  try {
    return readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('');
  } catch {
    return '';
  }
}

describe('the configuration of the tutorial', () => {
  const temp = useTempDir();

  it('runs as it stands apart from the two paths, with two warnings', async () => {
    const dir = temp();
    writeFileSync(join(dir, 'sentry.log'), 'first\n');
    const file = join(dir, 'seed.properties');
    writeFileSync(file, seed(dir), 'latin1');
    const checked = await runSluice(['check', '-n', 'agent', '-f', file]);
    assert.equal(checked.code, 0, checked.log());
    assert.equal(checked.log().match(/: warning: /g)?.length, 2, checked.log());

    const agent = await startSluice({
      name: 'agent',
      files: [file],
      dir,
      ready: /SOURCE, name: sentry-source started/,
    });
    await waitFor(() => lake(dir) === 'first\n');
    appendFileSync(join(dir, 'sentry.log'), 'second\nthird\n');
    await waitFor(() => lake(dir) === 'first\nsecond\nthird\n');
    assert.equal(await agent.stop(), 143);
    assert.equal(lake(dir), 'first\nsecond\nthird\n');
    assert.deepEqual(
      readdirSync(join(dir, 'lake')).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  it('is refused with --strict, as Flume refuses it', async () => {
    const dir = temp();
    mkdirSync(dir, { recursive: true });
    const file = join(dir, 'seed.properties');
    writeFileSync(file, seed(dir), 'latin1');
    const checked = await runSluice(['check', '--strict', '-n', 'agent', '-f', file]);
    assert.equal(checked.code, 78, checked.log());
    const agent = await startSluice({ name: 'agent', files: [file], dir, args: ['--strict'] });
    assert.equal(await agent.exited, 78);
  });
});
