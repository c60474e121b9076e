import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { FolderWatch } from '../../src/tail/watch.ts';
import { TestCheckpoint } from '../support/checkpoint.ts';
import { memoryLogger } from '../support/context.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { withTmpfs } from '../support/tmpfs.ts';
import { waitFor } from '../support/wait-for.ts';
import { TailRig } from './rig.ts';

/** No look through all folders comes to help. */
const NO_RESCAN = { rescanInterval: '3600000' };

describe('tailed files that change their place', () => {
  const dir = useTempDir();
  const rig = new TailRig(dir);

  let release = (): void => {};

  afterEach(async () => {
    release();
    await rig.crash();
    rig.checkpoint = new TestCheckpoint();
  });

  /** Holds back all batches from the next one on. */
  function pause(): Promise<void> {
    const waits = Promise.withResolvers<void>();
    const room = Promise.withResolvers<void>();
    rig.run!.out.before = () => {
      waits.resolve();
      return room.promise;
    };
    release = room.resolve;
    return waits.promise;
  }

  /** How often this process has a file open. */
  function openCount(name: string): number {
    return readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === rig.path(name);
      } catch {
        return false;
      }
    }).length;
  }

  it('are opened when they grow, though a batch waits for room: they may be deleted meanwhile', async () => {
    for (const options of [NO_RESCAN, {}]) {
      rig.put('busy', '1\n');
      rig.put('idle', '2\n');
      const run = await rig.start('busy|idle', { idleTimeout: '1', ...options });
      await run.out.waitForRows(2);
      await waitFor(() => openCount('idle') === 0 && openCount('busy') === 0);
      const waits = pause();
      rig.append('busy', '3\n');
      await waits;
      rig.append('idle', '4\n');
      await waitFor(() => openCount('idle') > 0, { what: 'the file being opened' });
      rmSync(rig.path('idle'));
      await rig.said(/idle was renamed away or deleted/);
      release();
      await run.out.waitForRows(4);
      assert.deepEqual(run.out.bodies().sort(), ['1', '2', '3', '4']);
      await rig.stop();
      rig.checkpoint = new TestCheckpoint();
      rmSync(rig.path('.'), { recursive: true });
    }
  });

  it('are known in chains of renames while a batch waits for room, also when the new file comes late or never', async () => {
    rig.put('a.log', 'first\n');
    const run = await rig.start('a\\.log.*', NO_RESCAN);
    await run.out.waitForRows(1);
    const waits = pause();
    rig.append('a.log', 'waits\n');
    await waits;
    const names = ['a.log'];
    for (let i = 0; i < 4; i++) {
      rig.append('a.log', `end ${i}\n`);
      for (let n = names.length; n > 0; n--) renameSync(rig.path(names[n - 1]), rig.path(`a.log.${n}`));
      names.push(`a.log.${names.length}`);
      if (i < 3) rig.put('a.log', `new ${i}\n`);
    }
    release();
    await run.out.waitForRows(9);
    rig.append('a.log.1', 'late\n');
    await run.out.waitForRows(10);
    rig.put('a.log', 'at last\n');
    await run.out.waitForRows(11);
    const expected = [
      'at last',
      'end 0',
      'end 1',
      'end 2',
      'end 3',
      'first',
      'late',
      'new 0',
      'new 1',
      'new 2',
      'waits',
    ];
    assert.deepEqual(run.out.bodies().sort(), expected);
  });

  it('are known when two have changed their names', async () => {
    rig.put('a', 'a\n');
    rig.put('b', 'b\n');
    const run = await rig.start('[ab]', NO_RESCAN);
    await run.out.waitForRows(2);
    const swap = (): void => {
      renameSync(rig.path('a'), rig.path('c'));
      renameSync(rig.path('b'), rig.path('a'));
      renameSync(rig.path('c'), rig.path('b'));
    };
    swap();
    rig.append('a', 'b2\n');
    rig.append('b', 'a2\n');
    await run.out.waitForRows(4);
    await rig.stop();
    swap();
    rig.append('a', 'a3\n');
    rig.append('b', 'b3\n');
    const more = await rig.life('[ab]', 2);
    assert.deepEqual([...run.out.bodies(), ...more].sort(), ['a', 'a2', 'a3', 'b', 'b2', 'b3']);
  });

  it('are read on in the folder of another group', async () => {
    rig.put('../archive/x', 'x\n');
    rig.put('a', '1\n');
    const both = { filegroups: 'f g', 'filegroups.g': rig.path('../archive/.*'), ...NO_RESCAN };
    const run = await rig.start('a', both);
    await run.out.waitForRows(2);
    const fd = openSync(rig.path('a'), 'a');
    renameSync(rig.path('a'), rig.path('../archive/a'));
    writeSync(fd, '2\n');
    await run.out.waitForRows(3);
    await rig.stop();
    renameSync(rig.path('../archive/a'), rig.path('a'));
    writeSync(fd, '3\n');
    closeSync(fd);
    const second = await rig.start('a', both);
    await second.out.waitForRows(1);
    assert.deepEqual(run.out.bodies().concat(second.out.bodies()).sort(), ['1', '2', '3', 'x']);
  });

  it('that were replaced as editors do are other files, and both are read to their ends', async () => {
    rig.put('a', '1\n');
    const run = await rig.start('a', NO_RESCAN);
    await run.out.waitForRows(1);
    const seen = ['1'];
    for (let i = 2; i < 6; i++) {
      rig.append('a', `late ${i}\n`);
      rig.put('.a.tmp', `new ${i}\n`);
      renameSync(rig.path('.a.tmp'), rig.path('a'));
      seen.push(`late ${i}`, `new ${i}`);
      await run.out.waitForRows(seen.length);
    }
    assert.deepEqual(run.out.bodies().sort(), seen.sort());
  });

  it('that are emptied again and again are read each time, and what an old writer adds', async () => {
    rig.put('a', '');
    const old = openSync(rig.path('a'), 'a');
    const run = await rig.start('a', NO_RESCAN);
    const seen: string[] = [];
    for (let i = 0; i < 10; i++) {
      const lines = Array.from({ length: 1 + ((i * 7) % 5) }, (_, n) => `round ${i} line ${n}`);
      writeFileSync(rig.path('a'), `${lines.join('\n')}\n`);
      seen.push(...lines);
      await run.out.waitForRows(seen.length);
      writeSync(old, `more ${i}\n`);
      seen.push(`more ${i}`);
      await run.out.waitForRows(seen.length);
    }
    closeSync(old);
    assert.deepEqual(run.out.bodies(), seen);
  });

  it('with a second name that comes and goes are read once', async () => {
    rig.put('a', '1\n');
    const run = await rig.start('[abc]', { idleTimeout: '1' });
    await run.out.waitForRows(1);
    linkSync(rig.path('a'), rig.path('b'));
    rig.append('b', '2\n');
    await run.out.waitForRows(2);
    rmSync(rig.path('a'));
    rig.put('a', 'other\n');
    rig.append('b', '3\n');
    await run.out.waitForRows(4);
    await rig.stop();
    linkSync(rig.path('b'), rig.path('c'));
    rmSync(rig.path('b'));
    rig.append('c', '4\n');
    const more = await rig.life('[abc]', 1);
    assert.deepEqual([...run.out.bodies(), ...more].sort(), ['1', '2', '3', '4', 'other']);
  });

  it('are not taken for those of another device with the same inode, in the position file or the checkpoint', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const device = rig.path('../device');
    mkdirSync(device);
    mkdirSync(rig.path('.'), { recursive: true });
    await withTmpfs(device, '1m', async () => {
      await withTmpfs(rig.path('.'), '1m', async () => {
        rig.put('a', '1\n2\n3\n');
        const options = { filegroups: 'g f', 'filegroups.g': `${device}/.*` };
        assert.equal((await rig.life('a', 3)).length, 3);
        const { ino } = statSync(rig.path('a'));
        const line = ['one', 'two', 'three'];
        writeFileSync(`${device}/b`, `${line.join('\n')}\n`);
        for (let i = 0; statSync(`${device}/b`).ino !== ino; i++) {
          if (i === 100) this.skip();
          writeFileSync(`${device}/other${i}`, '');
          rmSync(`${device}/b`);
          writeFileSync(`${device}/b`, `${line.join('\n')}\n`);
        }
        for (const hasCheckpoint of [true, false]) {
          const saved = rig.checkpoint.saved;
          if (!hasCheckpoint) rig.checkpoint = new TestCheckpoint();
          const run = await rig.start('a', options);
          await run.out.waitForRows(3);
          assert.deepEqual(run.out.bodies(), line);
          await rig.stop();
          rig.checkpoint = new TestCheckpoint(saved);
          writeFileSync(rig.positionFile, JSON.stringify([{ inode: ino, pos: 6, file: rig.path('a') }]));
        }
      });
    });
  });

  it('are read on when their permission is given back', async () => {
    const root = process.getuid?.() === 0;
    const asOther = (): void => {
      if (root) process.seteuid?.(65534);
    };
    const asBefore = (): void => {
      if (root) process.seteuid?.(0);
    };
    chmodSync(dir(), 0o777);
    rig.put('a', '1\n');
    rig.put('b', '2\n');
    const run = await rig.start('[ab]', { idleTimeout: '1' });
    await run.out.waitForRows(2);
    await waitFor(() => openCount('a') === 0);
    chmodSync(rig.path('a'), 0o000);
    try {
      asOther();
      appendAsRoot(rig.path('a'), '3\n');
      await rig.said(/cannot read .*a, it is tried again/);
      appendAsRoot(rig.path('b'), '4\n');
      await run.out.waitForRows(3);
      appendAsRoot(rig.path('a'), '5\n');
      asBefore();
      chmodSync(rig.path('a'), 0o644);
      asOther();
      await run.out.waitForRows(5);
      // The folder itself.
      asBefore();
      chmodSync(rig.path('.'), 0o000);
      asOther();
      appendAsRoot(rig.path('b'), '6\n');
      await rig.said(/cannot list the folder/);
      asBefore();
      renameSync(rig.path('a'), rig.path('c'));
      renameSync(rig.path('b'), rig.path('a'));
      renameSync(rig.path('c'), rig.path('b'));
      chmodSync(rig.path('.'), 0o755);
      asOther();
      await run.out.waitForRows(6);
      await rig.said(/the folder .* is there again/);
    } finally {
      asBefore();
    }
    assert.deepEqual(run.out.bodies().sort(), ['1', '2', '3', '4', '5', '6']);
    assert.equal(run.log.lines.filter((line) => /cannot read .*\/a,/.test(line)).length, 1);

    function appendAsRoot(path: string, text: string): void {
      asBefore();
      const before = statSync(path).mode;
      appendFileSync(path, text);
      assert.equal(statSync(path).mode, before);
      asOther();
    }
  });

  it('are read in the folder that a link to the folder leads to by now, and heard there', async () => {
    mkdirSync(rig.path('../one'));
    mkdirSync(rig.path('../two'));
    symlinkSync(rig.path('../one'), rig.path('.'));
    rig.put('a', '1\n');
    const run = await rig.start('.*', { rescanInterval: '30', idleTimeout: '1' });
    await run.out.waitForRows(1);
    writeFileSync(rig.path('../two/a'), '2\n');
    rig.append('a', 'late\n');
    symlinkSync(rig.path('../two'), rig.path('../new'));
    renameSync(rig.path('../new'), rig.path('.'));
    await run.out.waitForRows(3);
    assert.deepEqual(run.out.bodies().sort(), ['1', '2', 'late']);
  });

  it('are heard in the folder that a link leads to by now', async () => {
    mkdirSync(rig.path('../one'));
    mkdirSync(rig.path('../two'));
    symlinkSync(rig.path('../one'), rig.path('../link'));
    const names: string[] = [];
    const watch = new FolderWatch(memoryLogger(), { onName: (path) => names.push(path), onFolder: () => {} });
    const folder = rig.path('../link');
    await watch.add(folder);
    assert.equal(await watch.renew(), false);
    symlinkSync(rig.path('../two'), rig.path('../new'));
    renameSync(rig.path('../new'), folder);
    assert.equal(await watch.renew(), true);
    assert.equal(await watch.renew(), false);
    writeFileSync(`${folder}/a`, '');
    await waitFor(() => names.includes(`${folder}/a`));
    await watch.close();
  });

  it('are heard in a folder that has taken the place of another one', async () => {
    rig.put('a', '1\n');
    const run = await rig.start('.*', NO_RESCAN);
    await run.out.waitForRows(1);
    rig.put('../new/a', '2\n');
    renameSync(rig.path('.'), rig.path('../old'));
    renameSync(rig.path('../new'), rig.path('.'));
    await run.out.waitForRows(2);
    rig.append('a', '3\n');
    await run.out.waitForRows(3);
    rig.put('b', '4\n');
    await run.out.waitForRows(4);
    assert.deepEqual(run.out.bodies(), ['1', '2', '3', '4']);
  });

  it('are read to their end in a folder that is not ours, also when they are deleted there', async () => {
    rig.put('a', '1\n');
    mkdirSync(rig.path('../archive'));
    const run = await rig.start('a', NO_RESCAN);
    await run.out.waitForRows(1);
    const fd = openSync(rig.path('a'), 'a');
    renameSync(rig.path('a'), rig.path('../archive/a'));
    rig.put('a', 'new\n');
    await run.out.waitForRows(2);
    writeSync(fd, '2\n');
    await run.out.waitForRows(3);
    rmSync(rig.path('../archive/a'));
    writeSync(fd, '3\n');
    await run.out.waitForRows(4);
    closeSync(fd);
    assert.deepEqual(run.out.bodies().sort(), ['1', '2', '3', 'new']);
  });
});
