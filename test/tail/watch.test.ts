import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FSWatcher } from 'chokidar';
import { FolderWatch } from '../../src/tail/watch.ts';
import { memoryLogger } from '../support/context.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

/** The inotify watches of this process. */
function watches(): number {
  let count = 0;
  for (const fd of readdirSync('/proc/self/fdinfo')) {
    try {
      count += readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1').split('inotify wd:').length - 1;
    } catch {
      // It was closed meanwhile.
    }
  }
  return count;
}

describe('the watch of folders', () => {
  const dir = useTempDir();
  let watch: FolderWatch | undefined;
  let names: string[] = [];
  let folders = 0;

  function make(watchFolder?: ConstructorParameters<typeof FolderWatch>[2]): FolderWatch {
    names = [];
    folders = 0;
    const reports = {
      onName: (path: string, isNew: boolean) =>
        names.push(`${isNew ? 'new' : 'grown'} ${path.slice(dir().length + 1)}`),
      onFolder: () => folders++,
    };
    watch = new FolderWatch(memoryLogger(), reports, watchFolder);
    return watch;
  }

  const heard = (report: string) => waitFor(() => names.includes(report), { what: report, everyMs: 2 });

  afterEach(() => watch?.close());

  it('needs one watch for a folder, however many files are in it, and gives it back', async () => {
    for (let i = 0; i < 500; i++) writeFileSync(join(dir(), `f${i}`), '');
    const before = watches();
    const one = make();
    await one.add(dir());
    assert.equal(watches(), before + 1);
    await one.keep(new Set());
    await waitFor(() => watches() === before);
  });

  it('hears of names that are made, written, moved and deleted', async () => {
    writeFileSync(join(dir(), 'a'), '');
    await make().add(dir());
    appendFileSync(join(dir(), 'a'), 'x');
    await heard('grown a');
    renameSync(join(dir(), 'a'), join(dir(), 'b'));
    await heard('new a');
    await heard('new b');
    rmSync(join(dir(), 'b'));
    writeFileSync(join(dir(), 'c~'), '');
    await heard('new c~');
  });

  it('hears of each write, not of twenty a second', async () => {
    await make().add(dir());
    for (let i = 1; i <= 50; i++) {
      appendFileSync(join(dir(), 'a'), 'x');
      await waitFor(() => names.filter((name) => name === 'grown a').length >= i, { everyMs: 0, what: `write ${i}` });
    }
  });

  it('hears again what happens in a folder that was deleted and made again', async () => {
    const folder = join(dir(), 'logs');
    mkdirSync(folder);
    await make().add(folder);
    rmSync(folder, { recursive: true });
    await waitFor(() => folders > 0, { what: 'the end of the folder' });
    const before = folders;
    mkdirSync(folder);
    await waitFor(() => folders > before, { what: 'the folder again' });
    await waitFor(() => {
      appendFileSync(join(folder, 'a'), 'x');
      return names.includes('grown logs/a');
    });
  });

  it('says once that it cannot watch', async () => {
    const log = memoryLogger();
    const failing = () => {
      const watcher = new FSWatcher();
      setImmediate(() => watcher.emit('error', Object.assign(new Error('no space'), { code: 'ENOSPC' })));
      return watcher;
    };
    watch = new FolderWatch(log, { onName: () => {}, onFolder: () => {} }, failing);
    await watch.add(dir());
    await watch.add('/other');
    assert.equal(watch.hasFailed, true);
    assert.equal(log.lines.length, 1);
    assert.match(log.lines[0]!, /^WARN cannot watch .*files are asked instead/);
  });
});
