import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeGroups } from '../../src/tail/file-groups.ts';
import { isLocal, type Scan, type ScanOwner, scanFolders } from '../../src/tail/folder-scan.ts';
import { useTempDir } from '../support/temp-dir.ts';

describe('the look through folders', () => {
  const dir = useTempDir();
  const path = (name: string) => join(dir(), name);

  function scan(patterns: Record<string, string>, owner: Partial<ScanOwner> = {}): Promise<Scan> {
    const groups = makeGroups(Object.keys(patterns), new Map(Object.entries(patterns)), new Map());
    return scanFolders(groups, { isLocal: () => true, isKnown: () => false, ...owner });
  }

  const names = ({ found }: Scan) => found.map((file) => `${file.group.name} ${file.path.slice(dir().length + 1)}`);

  for (const local of [true, false]) {
    it(`finds the files of groups, each once and the oldest first, on a file system that is ${local ? '' : 'not '}local`, async () => {
      for (const [i, name] of ['a.log', 'b.log', 'b.txt', 'c'].entries()) {
        writeFileSync(path(name), 'x'.repeat(i));
        utimesSync(path(name), 1000 - i, 1000 - i);
      }
      const found = await scan({ f: `${dir()}/.*\\.log`, g: `${dir()}/b.*` }, { isLocal: () => local });
      assert.deepEqual(names(found), ['f b.log', 'f a.log', 'g b.txt']);
      const { ino, dev } = statSync(path('b.log'), { bigint: true });
      assert.deepEqual([found.found[0]!.id.key, found.found[0]!.size], [`${dev}:${ino}`, 1]);
      assert.deepEqual(
        found.found.map((file) => file.isLocal),
        [local, local, local],
      );
    });
  }

  it('takes nothing but files, also behind links, and tells which are links', async () => {
    writeFileSync(path('file'), '');
    linkSync(path('file'), path('hard'));
    symlinkSync('file', path('soft'));
    symlinkSync('nowhere', path('dangling'));
    symlinkSync('loop', path('loop'));
    symlinkSync('folder', path('to-folder'));
    mkdirSync(path('folder'));
    execFileSync('mkfifo', [path('fifo')]);
    const found = await scan({ f: `${dir()}/.*` });
    assert.deepEqual(names(found).sort(), ['f file', 'f hard', 'f soft']);
    assert.deepEqual(found.links.sort(), ['dangling', 'loop', 'soft', 'to-folder'].map(path));
    assert.equal(found.found.find((file) => file.path === path('soft'))?.isLocal, false);
  });

  it('does not take a folder that cannot be listed for one that is empty or missing', async () => {
    symlinkSync('loop', path('loop'));
    writeFileSync(path('file'), '');
    const found = await scan({ f: `${dir()}/loop/.*`, g: `${dir()}/none/.*`, h: `${dir()}/file/.*` });
    assert.deepEqual([...found.unlisted.keys()], [path('loop')]);
    assert.deepEqual([...found.missing], [path('none'), path('file')]);
  });

  it('says nothing of files that its owner knows', async () => {
    for (const name of ['a', 'b', 'c']) writeFileSync(path(name), '');
    const asked: string[] = [];
    const found = await scan(
      { f: `${dir()}/.*` },
      { isKnown: (known, probe) => asked.push(`${known} ${typeof probe}`) > 0 && known !== path('b') },
    );
    assert.deepEqual(names(found), ['f b']);
    assert.deepEqual(
      asked.sort(),
      ['a', 'b', 'c'].map((name) => `${path(name)} object`),
    );
  });

  it('knows a local file system from others', async () => {
    assert.equal(await isLocal(dir()), true);
    assert.equal(await isLocal('/proc'), false);
    assert.equal(await isLocal('/no such folder'), true);
  });
});
