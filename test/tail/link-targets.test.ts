import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LinkTargets } from '../../src/tail/link-targets.ts';
import { useTempDir } from '../support/temp-dir.ts';

describe('where symbolic links lead', () => {
  const dir = useTempDir();
  const path = (name: string) => join(dir(), name);

  it('is known by the target, for all links to it, until they lead elsewhere or are gone', async () => {
    for (const folder of ['x', 'y']) {
      mkdirSync(path(folder));
      writeFileSync(path(`${folder}/log`), '');
    }
    symlinkSync('x/log', path('one'));
    symlinkSync('one', path('two'));
    const links = new LinkTargets();
    await links.replace([path('one'), path('two'), path('none')]);
    assert.deepEqual([...links.linksTo(path('x/log'))], [path('one'), path('two')]);
    assert.deepEqual([...links.folders()], [path('x')]);

    rmSync(path('one'));
    symlinkSync('y/log', path('one'));
    await links.add(path('one'));
    assert.deepEqual([...links.linksTo(path('x/log'))], [path('two')]);
    assert.deepEqual([...links.linksTo(path('y/log'))], [path('one')]);

    rmSync(path('two'));
    await links.replace([path('one'), path('two')]);
    assert.deepEqual([...links.linksTo(path('x/log'))], []);
    assert.deepEqual([...links.folders()], [path('y')]);
    await links.replace([]);
    assert.deepEqual([...links.folders()], []);
  });
});
