import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../support/child.ts';
import { useTempDir } from '../support/temp-dir.ts';

const UNIT = fileURLToPath(new URL('../../conf/sluice.service', import.meta.url));

/** Above this `systemd-analyze security` is told to fail, in tenths of its score. */
const MAX_EXPOSURE = 25;

describe('conf/sluice.service', () => {
  const dir = useTempDir();
  const unit = readFileSync(UNIT, 'utf8');
  /** The unit with a program that exists on this machine, changed as a test wants it. */
  const copy = (change: (text: string) => string = (text) => text) => {
    const file = join(dir(), 'sluice.service');
    writeFileSync(file, change(unit.replace('/usr/bin/sluice', '/bin/true')));
    return file;
  };
  const verify = async (file: string) => {
    const child = await runChild({ command: 'systemd-analyze', args: ['verify', file] });
    // It looks at all units of the machine; only what it says about this one counts.
    return child
      .log()
      .split('\n')
      .filter((line) => line.includes('sluice.service'));
  };
  const security = (file: string) =>
    runChild({
      command: 'systemd-analyze',
      args: ['security', '--offline=true', `--threshold=${MAX_EXPOSURE}`, file],
    });

  it('has no unknown key and nothing else to complain about', async () => {
    assert.deepEqual(await verify(copy()), []);
    assert.match(
      (await verify(copy((text) => text.replace('WatchdogSec', 'WatchdgSec')))).join(),
      /Unknown key.* 'WatchdgSec'/,
    );
  });

  it('is exposed little by systemd’s own measure', async () => {
    const child = await security(UNIT);
    assert.equal(child.code, 0, child.stdout);
    const bare = await security(copy(() => '[Service]\nExecStart=/bin/true\n'));
    assert.notEqual(bare.code, 0, 'the measure does not measure');
  });

  it('lets Node compile at run time', () => {
    assert.doesNotMatch(unit, /^MemoryDenyWriteExecute=/m);
  });
});
