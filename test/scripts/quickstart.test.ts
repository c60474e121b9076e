import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child, runChild } from '../support/child.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const QUICKSTART = join(ROOT, 'scripts', 'quickstart');

/** The processes of this machine whose command line names `text`. */
function processesNaming(text: string): string[] {
  return globSync('/proc/[0-9]*/cmdline').filter((file) => {
    try {
      return readFileSync(file, 'latin1').includes(text);
    } catch {
      return false;
    }
  });
}

describe('scripts/quickstart', function () {
  this.timeout(120_000);
  // Its folder is made in here, so that nothing has to be removed by a path read from its output.
  const home = useTempDir('sluice-home-');
  const env = () => ({ ...process.env, TMPDIR: home() });

  it('shows the main job, says what to try next, and leaves nothing running', async () => {
    const child = await runChild({ command: QUICKSTART, args: [], env: env() }, 110_000);
    assert.equal(child.code, 0, child.log());
    assert.match(child.stdout, /the same bytes in the same order/);
    const [, sent] = child.stdout.match(/went in +([\d ]+) lines/) ?? [];
    const [, got] = child.stdout.match(/came out +([\d ]+) events/) ?? [];
    assert.ok(Number(sent.replaceAll(' ', '')) > 100_000);
    assert.equal(got, sent);
    assert.match(child.stdout, /rate +[\d ]+ lines\/s/);
    const shown = child.stdout.match(/head (\S+)/)?.[1] ?? '';
    assert.ok(existsSync(shown), `${shown} is not there`);
    assert.deepEqual(processesNaming(home()), []);

    // The second act: what the shop met is what the report says.
    const [, failed] = child.stdout.match(/went in +500 orders, (\d+) of them failed/) ?? [];
    assert.match(child.stdout, new RegExp(`reported +500 transactions, ${failed} errors`));
    assert.match(child.stdout, /Error rate +4\.40 % +23 errors of 523/);
    assert.match(child.stdout, /TypeError: Cannot read properties of undefined/);
    assert.match(child.stdout, /release +shop@2\.4\.0 +100 %/);
    const [, page = ''] = child.stdout.match(/with charts (\S+)/) ?? [];
    assert.match(readFileSync(page, 'utf8'), /^<!doctype html>/);
    const lake = child.stdout.match(/sluice report (\S+\/sentry-lake)/)?.[1] ?? '';
    assert.ok(existsSync(lake), `${lake} is not there`);
  });

  it('cleans up when it is interrupted', async () => {
    const child = new Child({ command: QUICKSTART, args: [], env: env() });
    const [, dir] = await child.waitForLog(/into (\S+)\/logs\/sentry-web\.log/, 60_000);
    assert.ok(processesNaming(dir).length > 0);
    child.signal('SIGINT');
    assert.equal(await child.exited, 130);
    await waitFor(() => processesNaming(dir).length === 0, { what: 'the end of the agent' });
    assert.equal(existsSync(dir), false);
  });
});
