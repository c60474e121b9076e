import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runChild } from '../support/child.ts';
import { useTempDir } from '../support/temp-dir.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

describe('scripts/sluice', () => {
  const dir = useTempDir();
  /** A machine whose own Node is too old. */
  const oldNode = () => {
    const bin = join(dir(), 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'node'), '#!/bin/sh\necho 20.20.2\n');
    chmodSync(join(bin, 'node'), 0o755);
    return { ...process.env, PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin` };
  };

  it('finds a fitting Node on a machine with an old one', async () => {
    const child = await runChild({ command: join(ROOT, 'scripts/sluice'), args: ['version'], env: oldNode() });
    assert.equal(child.code, 0, child.log());
    assert.ok(child.stdout.includes(version), child.stdout);
  });

  it('can be called from any folder and through a link, and hands on arguments and the exit code', async () => {
    symlinkSync(join(ROOT, 'scripts/sluice'), join(dir(), 'sl'));
    const child = await runChild({
      command: './sl',
      args: ['check', '-n', 'a name', '-f', 'no such file'],
      cwd: dir(),
      env: oldNode(),
    });
    assert.equal(child.code, 78, child.log());
    assert.match(child.log(), /no such file/);
  });

  it('takes an old Node for what it is, and a new one', async () => {
    cpSync(join(ROOT, 'scripts/lib.sh'), join(dir(), 'lib.sh'));
    const fits = async (node: string) => {
      writeFileSync(join(dir(), 'node'), `#!/bin/sh\necho ${node}\n`);
      chmodSync(join(dir(), 'node'), 0o755);
      return (await runChild({ command: 'bash', args: ['-c', '. ./lib.sh; node_fits ./node'], cwd: dir() })).code === 0;
    };
    for (const good of ['22.22.0', '22.30.1', '24.6.0', '24.21.0', '26.0.0'])
      assert.equal(await fits(good), true, good);
    for (const bad of ['20.20.2', '22.21.9', '23.11.0', '24.5.9', '18.0.0', ''])
      assert.equal(await fits(bad), false, bad);
  });
});
