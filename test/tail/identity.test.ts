import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { Births } from '../../src/tail/births.ts';
import { makeGroups } from '../../src/tail/file-groups.ts';
import { TailedFile } from '../../src/tail/tailed-file.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { TailRig } from './rig.ts';

const lines = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${name} ${i}`);
const text = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

describe('the identity of tailed files', () => {
  const rig = new TailRig(useTempDir());

  afterEach(async () => {
    await rig.crash();
    rig.checkpoint = new (rig.checkpoint.constructor as new () => typeof rig.checkpoint)();
  });

  it('is their content: one that was cut and has grown past the old position is read anew', async () => {
    for (const idleTimeout of ['100000', '1']) {
      rig.put('a', text(lines('old', 20)));
      const run = await rig.start('a', { idleTimeout });
      await run.out.waitForRows(20);
      if (idleTimeout === '1') await waitFor(() => openCount(rig.path('a')) === 0);
      // In one write: hardly a look can come in between and see it small.
      rig.put('a', text(lines('new', 100)));
      await run.out.waitForRows(120);
      assert.deepEqual(run.out.bodies(), [...lines('old', 20), ...lines('new', 100)]);
      await rig.said(/a was written anew|a was cut|a has other content/);
      await rig.stop();
    }
  });

  it('is their content also where the new one is just as long', async () => {
    rig.put('a', text(lines('old', 20)));
    const run = await rig.start('a');
    await run.out.waitForRows(20);
    await waitFor(() => rig.saved('a')?.['size'] === 130);
    await new Promise((resolve) => setTimeout(resolve, 10)); // Until the clock of the file system has moved on.
    rig.put('a', text(lines('new', 20)));
    await run.out.waitForRows(40);
    assert.deepEqual(run.out.bodies(), [...lines('old', 20), ...lines('new', 20)]);
  });

  it('is their content while a batch waits for room, too', async () => {
    const long = (name: string, count: number) => lines(`${name} ${'x'.repeat(500)}`, count);
    rig.put('a', text(long('old', 5000)));
    const run = await rig.start('none');
    const waits = Promise.withResolvers<void>();
    const room = Promise.withResolvers<void>();
    run.out.before = () => {
      waits.resolve();
      return room.promise;
    };
    renameSync(rig.path('a'), rig.path('none'));
    await waits.promise;
    const fresh = long('new', 6000);
    rig.put('none', text(fresh));
    room.resolve();
    await waitFor(() => run.out.bodies().at(-1) === fresh.at(-1));
    const bodies = run.out.bodies();
    const first = bodies.indexOf(fresh[0]);
    assert.deepEqual(bodies.slice(first), fresh);
    assert.deepEqual(bodies.slice(0, first), long('old', first));
  });

  it('is their content over a restart: the same inode, cut and longer than before', async () => {
    rig.put('a', text(lines('old', 20)));
    assert.equal((await rig.life('a', 20)).length, 20);
    rig.put('a', text(lines('new', 30)));
    assert.deepEqual(await rig.life('a', 30), lines('new', 30));
    rig.put('a', text(lines('old', 30)));
    assert.deepEqual(await rig.life('a', 30), lines('old', 30));
  });

  it('is their beginning and what stands before the position: each alone tells another content', async () => {
    const middle = text(lines('the same', 1000));
    rig.put('a', `old\n${middle}`);
    assert.equal((await rig.life('a', 1001)).length, 1001);
    rig.put('a', `new\n${middle}more\n`);
    assert.deepEqual((await rig.life('a', 1002)).at(0), 'new');
    rig.put('a', `new\n${middle}less\nand more\n`);
    assert.deepEqual((await rig.life('a', 1003)).slice(-2), ['less', 'and more']);
  });

  it('tells files apart that begin with the same 4 KiB', async () => {
    const same = lines('the same', 400);
    assert.ok(text(same).length > 4096);
    for (let i = 0; i < 10; i++) rig.put(`f${i}`, text([...same, `own ${i}`]));
    assert.equal((await rig.life('f.*', 4010)).length, 4010);
    for (let i = 0; i < 10; i++) rig.append(`f${i}`, `more ${i}\n`);
    assert.deepEqual((await rig.life('f.*', 10)).sort(), lines('more', 10));
    // One takes the place of another one, with its inode: only what stands before the position differs.
    rig.put('f3', text([...same, 'other', 'more 3', 'and one']));
    assert.deepEqual(await rig.life('f.*', 403), [...same, 'other', 'more 3', 'and one']);
  });

  it('is not their inode alone: a new file with the inode of a deleted one is read from its beginning', async function () {
    for (const more of ['', 'and more\n']) {
      for (const isRunning of [true, false]) {
        const name = `a${more.length}${isRunning}`;
        // The new one begins with all that the old one held.
        const old = text(lines('old', 5));
        rig.put(name, old);
        const { ino } = statSync(rig.path(name));
        const run = await rig.start(name, { idleTimeout: '1' });
        await run.out.waitForRows(5);
        await waitFor(() => rig.saved(name)?.['size'] === old.length);
        if (isRunning) await waitFor(() => openCount(rig.path(name)) === 0);
        else await rig.stop();
        rmSync(rig.path(name));
        for (let i = 0; !existsSync(rig.path(name)); i++) {
          if (i === 1000) this.skip(); // A file system that does not use numbers again.
          rig.put('new', old);
          const isSame = statSync(rig.path('new')).ino === ino;
          if (isSame) appendFileSync(rig.path('new'), more);
          renameSync(rig.path('new'), rig.path(isSame ? name : `filler${i}`));
        }
        const out = isRunning ? run.out : (await rig.start(name)).out;
        const seen = isRunning ? 5 : 0;
        const expected = [...lines('old', 5), ...more.split('\n').slice(0, -1)];
        await out.waitForRows(seen + expected.length);
        assert.deepEqual(out.bodies().slice(seen), expected);
        await rig.stop();
      }
    }
  });

  it('is kept by a file that was renamed while the agent was down, in chains', async () => {
    rig.put('a.log', text(lines('first', 5)));
    rig.put('a.log.1', text(lines('second', 5)));
    await rig.life('a\\.log.*', 10);
    renameSync(rig.path('a.log.1'), rig.path('a.log.2'));
    renameSync(rig.path('a.log'), rig.path('a.log.1'));
    rig.append('a.log.1', 'late\n');
    rig.put('a.log', 'new\n');
    assert.deepEqual((await rig.life('a\\.log.*', 2)).sort(), ['late', 'new']);
  });

  it('is kept by a file that was renamed out of the pattern while the agent was down: its rest is read', async () => {
    rig.put('a.log', text(lines('first', 5)));
    await rig.life('a\\.log', 5);
    rig.append('a.log', 'rest\n');
    renameSync(rig.path('a.log'), rig.path('old'));
    rig.put('a.log', 'new\n');
    const run = await rig.start('a\\.log', { fileHeader: 'true' });
    await run.out.waitForRows(2);
    rig.append('old', 'later\n');
    await run.out.waitForRows(3);
    assert.deepEqual(run.out.bodies().sort(), ['later', 'new', 'rest']);
    assert.deepEqual(new Set(run.out.headers().map(({ file }) => file)), new Set([rig.path('a.log')]));
    await rig.stop();
    // And back.
    rig.append('old', 'back\n');
    renameSync(rig.path('old'), rig.path('a.log'));
    assert.deepEqual(await rig.life('a\\.log', 1), ['back']);
  });

  it('is not lost while a file lies in another folder', async () => {
    rig.put('a', text(lines('a', 5)));
    const run = await rig.start('a', { idleTimeout: '1' });
    await run.out.waitForRows(5);
    const away = rig.path('../away');
    renameSync(rig.path('a'), away);
    await rig.said(/a was renamed away|is now/).catch(() => {});
    await rig.stop();
    const second = await rig.start('a');
    await rig.stop();
    assert.deepEqual(second.out.bodies(), []);
    renameSync(away, rig.path('a'));
    rig.append('a', 'more\n');
    assert.deepEqual(await rig.life('a', 1), ['more']);
  });

  it('is one for all hard links of a file, and for a symbolic link as for what it leads to', async () => {
    rig.put('../real', text(lines('real', 3)));
    rig.put('a', text(lines('a', 3)));
    linkSync(rig.path('a'), rig.path('b'));
    symlinkSync(rig.path('../real'), rig.path('link'));
    symlinkSync(rig.path('nowhere'), rig.path('dangling'));
    symlinkSync(rig.path('loop'), rig.path('loop'));
    const run = await rig.start('.*');
    await run.out.waitForRows(6);
    unlinkSync(rig.path('a'));
    rig.append('b', 'b\n');
    await run.out.waitForRows(7);
    // Retargeted: the old one to its end, then the new one.
    rig.append('../real', 'late\n');
    rig.put('../other', text(lines('other', 3)));
    symlinkSync(rig.path('../other'), rig.path('link.new'));
    renameSync(rig.path('link.new'), rig.path('link'));
    await run.out.waitForRows(11);
    rig.put('nowhere', 'somewhere\n');
    await run.out.waitForRows(12);
    const expected = [...lines('a', 3), 'b', 'late', ...lines('other', 3), ...lines('real', 3), 'somewhere'];
    assert.deepEqual(run.out.bodies().sort(), expected);
    await rig.stop();
    assert.deepEqual((await rig.start('.*')).out.bodies(), []);
  });

  it('is kept by what a symbolic link led to, while the agent was down: its rest is read, wherever it was renamed in its folder', async () => {
    rig.put('../pods/0.log', text(lines('old', 3)));
    mkdirSync(rig.path('.'), { recursive: true });
    symlinkSync(rig.path('../pods/0.log'), rig.path('link.log'));
    await rig.life('.*\\.log', 3);
    // As container runtimes do: the target is renamed, the link leads to the new one.
    rig.append('../pods/0.log', 'rest\n');
    renameSync(rig.path('../pods/0.log'), rig.path('../pods/0.log.20260101'));
    rig.put('../pods/0.log', 'new\n');
    assert.deepEqual((await rig.life('.*\\.log', 2)).sort(), ['new', 'rest']);
    // The link is led elsewhere; what it led to stays.
    rig.append('../pods/0.log', 'more\n');
    rig.put('../pods/1.log', 'one\n');
    rmSync(rig.path('link.log'));
    symlinkSync(rig.path('../pods/1.log'), rig.path('link.log'));
    assert.deepEqual((await rig.life('.*\\.log', 2)).sort(), ['more', 'one']);
    const last = await rig.start('.*\\.log');
    rig.append('../pods/1.log', 'two\n');
    await last.out.waitForRows(1);
    assert.deepEqual(last.out.bodies(), ['two']);
  });

  it('does not hang on the time of a file', async () => {
    rig.put('a', 'one\n');
    const run = await rig.start('.*');
    await run.out.waitForRows(1);
    for (const [i, year] of [2100, 1971, 2200, 1980].entries()) {
      utimesSync(rig.path('a'), new Date(year, 0), new Date(year, 0));
      rig.append('a', `${i}\n`);
      utimesSync(rig.path('a'), new Date(year, 1), new Date(year, 1));
      await run.out.waitForRows(2 + i);
    }
    await rig.stop();
    utimesSync(rig.path('a'), new Date(2100, 0), new Date(2100, 0));
    rig.append('a', 'last\n');
    assert.deepEqual(await rig.life('a', 1), ['last']);
  });

  it('is another one in the copy of a file: it is read from its beginning, as every tail does', async () => {
    rig.put('a', 'one\n');
    await rig.life('a', 1);
    copyFileSync(rig.path('a'), rig.path('copy'));
    renameSync(rig.path('copy'), rig.path('a'));
    assert.deepEqual(await rig.life('a', 1), ['one']);
  });

  it('is asked only of files: a folder or a FIFO in its place does no harm', async () => {
    rig.put('a', 'one\n');
    const run = await rig.start('[ab]');
    await run.out.waitForRows(1);
    rmSync(rig.path('a'));
    mkdirSync(rig.path('a'));
    execFileSync('mkfifo', [rig.path('b')]);
    await rig.said(/a was renamed away or deleted/);
    rmSync(rig.path('a'), { recursive: true });
    rmSync(rig.path('b'));
    rig.put('a', 'two\n');
    rig.put('b', 'three\n');
    await run.out.waitForRows(3);
    assert.deepEqual(run.out.bodies().sort(), ['one', 'three', 'two']);
  });

  it('is found out without waiting, should a FIFO lie in the place of a file by now', async () => {
    rig.put('a', '');
    rmSync(rig.path('a'));
    execFileSync('mkfifo', [rig.path('a')]);
    const group = makeGroups(['f'], new Map([['f', rig.path('a')]]), new Map())[0];
    const rules = { maxLength: 10, longLine: 'cut', bareCr: false, onLongLine: () => {} } as const;
    for (const isLocal of [true, false]) {
      const file = new TailedFile(
        { key: '0:0', inode: '0' },
        rig.path('a'),
        group,
        { position: 0 },
        () => rules,
        new Births(),
      );
      file.isLocal = isLocal;
      assert.equal(await file.open(), 'missing');
    }
  });

  it('outlives the folder: removed and made again, and not there at all for a time', async () => {
    rig.put('a', 'one\n');
    const run = await rig.start('a', { idleTimeout: '1' });
    await run.out.waitForRows(1);
    renameSync(rig.path('.'), rig.path('../hidden'));
    await rig.said(/folder .* is missing/);
    renameSync(rig.path('../hidden'), rig.path('.'));
    await rig.said(/folder .* is there again/);
    rig.append('a', 'two\n');
    await run.out.waitForRows(2);
    rmSync(rig.path('.'), { recursive: true });
    rig.put('a', 'three\n');
    await run.out.waitForRows(3);
    assert.deepEqual(run.out.bodies(), ['one', 'two', 'three']);
  });

  it('of a file cut to a smaller size than was read: from its beginning, as Flume does', async () => {
    rig.put('a', text(lines('a', 5)));
    await rig.life('a', 5);
    truncateSync(rig.path('a'), 8);
    assert.deepEqual(await rig.life('a', 2), lines('a', 2));
    writeFileSync(rig.path('a'), '');
    const run = await rig.start('a');
    await waitFor(() => rig.saved('a')?.['pos'] === 0);
    rig.append('a', 'new\n');
    await run.out.waitForRows(1);
    assert.deepEqual(run.out.bodies(), ['new']);
  });
});

/** How often this process has a file open. */
function openCount(path: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(path);
    } catch {
      return false;
    }
  }).length;
}
