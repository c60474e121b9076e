import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { TestCheckpoint } from '../support/checkpoint.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { TailRig } from './rig.ts';

/** No look through all folders comes to help. */
const NO_RESCAN = { rescanInterval: '3600000' };

describe('tailed files of one name or one number', () => {
  const rig = new TailRig(useTempDir());

  afterEach(async () => {
    await rig.crash();
    rig.checkpoint = new TestCheckpoint();
  });

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

  it('are missed at once in a life that has begun with another one of that name, which was renamed before', async () => {
    rig.put('a', '1\n');
    await rig.life('a', 1);
    for (let i = 2; i < 5; i++) {
      renameSync(rig.path('a'), rig.path(`old${i}`));
      rig.put('a', `${i}\n`);
      const run = await rig.start('a', { ...NO_RESCAN, idleTimeout: '1' });
      await run.out.waitForRows(1);
      await waitFor(() => openCount('a') === 0);
      renameSync(rig.path('a'), rig.path(`old${i}.1`));
      await rig.said(/a is now .*old\d\.1/);
      rig.append(`old${i}.1`, 'late\n');
      renameSync(rig.path(`old${i}.1`), rig.path('a'));
      await run.out.waitForRows(2);
      assert.deepEqual(run.out.bodies(), [`${i}`, 'late']);
      await rig.stop();
    }
  });

  it('that were empty when their link was led elsewhere are read', async () => {
    rig.put('../targets/0', '');
    rig.put('other', '');
    symlinkSync(rig.path('../targets/0'), rig.path('link'));
    const run = await rig.start('link');
    rmSync(rig.path('link'));
    rig.put('../targets/1', '1\n');
    symlinkSync(rig.path('../targets/1'), rig.path('link'));
    await run.out.waitForRows(1);
    rig.append('../targets/0', '0\n');
    await run.out.waitForRows(2);
    assert.deepEqual(run.out.bodies(), ['1', '0']);
  });

  it('are not mixed up when the inode of a deleted one is used again: the next life goes on in the present one', async function () {
    rig.put('a', 'old\n');
    const { ino } = statSync(rig.path('a'));
    const run = await rig.start('a', { idleTimeout: '1' });
    await run.out.waitForRows(1);
    const fd = openSync(rig.path('a'), 'r');
    rmSync(rig.path('a'));
    // It is known to be deleted by the time nobody has it open.
    await waitFor(() => rig.saved('a')?.['gone'] === true && openCount('a (deleted)') === 1);
    closeSync(fd);
    for (let i = 0; !existsSync(rig.path('a')); i++) {
      if (i === 1000) this.skip(); // A file system that does not use numbers again.
      rig.put('new', 'one\ntwo\n');
      renameSync(rig.path('new'), rig.path(statSync(rig.path('new')).ino === ino ? 'a' : `filler${i}`));
    }
    await run.out.waitForRows(3);
    await rig.stop();
    for (let life = 0; life < 2; life++) {
      rig.append('a', 'more\n');
      const next = await rig.start('a');
      await next.out.waitForRows(1);
      // Several looks later.
      rig.append('a', 'last\n');
      await next.out.waitForRows(2);
      await rig.stop();
      assert.deepEqual(next.out.bodies(), ['more', 'last']);
    }
    assert.deepEqual(run.out.bodies(), ['old', 'one', 'two']);
  });
});
