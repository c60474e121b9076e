import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../support/child.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { withTmpfs } from '../support/tmpfs.ts';
import { READERS } from './read-back.ts';
import { READY, Rig } from './rig.ts';
import { folder } from './scenario.ts';
import { configuration, fileChannel, fileRoll, hdfs, memory, taildir } from './scenarios.ts';

const NO_ROOM = /no room left/i;

/** Leaves no byte free. @returns what makes room again */
function fill(disk: string): () => void {
  const path = join(disk, 'fill');
  const handle = openSync(path, 'w');
  for (const size of [65_536, 4096, 1]) {
    try {
      for (;;) writeSync(handle, Buffer.alloc(size));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
    }
  }
  closeSync(handle);
  return () => rmSync(path);
}

function remount(disk: string, how: 'ro' | 'rw'): void {
  execFileSync('mount', ['-o', `remount,${how}`, disk]);
}

describe('an agent whose disk is full', function () {
  this.timeout(120_000);
  const temp = useTempDir();
  let rig: Rig | undefined;

  afterEach(async () => {
    await rig?.end();
    rig = undefined;
  });

  /**
   * Fills the disk under an agent at work, kills it there, lets it try to start, makes room, and all of it again.
   * @param complains whether it must notice: what is overwritten in place needs no room
   */
  async function survives(disk: string, complains: boolean): Promise<void> {
    assert.ok(rig);
    const noticed = async (): Promise<void> => {
      if (complains) await rig!.agent.waitForLog(NO_ROOM, 30_000, rig!.agent.log().length);
      else await sleep(1000);
      assert.ok(rig!.agent.alive, rig!.agent.log());
    };
    await rig.start();
    rig.load.start();
    for (let time = 0; time < 2; time++) {
      await rig.flows(200);
      const makeRoom = fill(disk);
      await noticed();
      await rig.agent.kill();
      const next: Child = await rig.launch();
      await Promise.race([next.waitForLog(READY, 30_000).catch(() => undefined), next.exited]);
      // It may refuse to start, but then says why; a service manager would start it again and again.
      if (!next.alive) {
        assert.match(next.log(), NO_ROOM);
        assert.equal(next.code, 75, 'not the code of a wrong configuration, after which it would stay down');
      }
      makeRoom();
      if (!next.alive) await rig.start();
    }
    await rig.flows(200);
    const makeRoom = fill(disk);
    await noticed();
    makeRoom();
    await rig.finish(60_000);
  }

  it('keeps every line once when its state directory is full', async () => {
    const dir = temp();
    const [out, state] = [join(dir, 'out'), join(dir, 'state')];
    mkdirSync(state);
    await withTmpfs(state, '512k', async () => {
      rig = new Rig({
        dir,
        conf: configuration(taildir(dir), [memory], [hdfs(out)]),
        outputs: [folder(out, READERS.text, [])],
      });
      await survives(state, false);
    });
  });

  it('goes on by itself when its state directory was read-only, and does not start in one that is', async () => {
    const dir = temp();
    const [out, state] = [join(dir, 'out'), join(dir, 'state')];
    mkdirSync(state);
    await withTmpfs(state, '512k', async () => {
      rig = new Rig({
        dir,
        conf: configuration(taildir(dir), [memory], [hdfs(out)]),
        outputs: [folder(out, READERS.text, [])],
      });
      await rig.start();
      rig.load.start();
      await rig.flows(200);
      // The files that it has open for writing keep it from being read-only.
      await rig.agent.kill();
      remount(state, 'ro');
      const refused = await rig.launch();
      assert.equal(await refused.exited, 78, refused.log());
      assert.ok(refused.log().includes(state), refused.log());
      remount(state, 'rw');
      await rig.start();
      await rig.finish();
    });
  });

  for (const [name, sink] of [
    ['hdfs', hdfs],
    ['file_roll', fileRoll],
  ] as const) {
    it(`keeps every line once when the folder of its ${name} sink is full`, async () => {
      const dir = temp();
      const disk = join(dir, 'disk');
      mkdirSync(disk);
      await withTmpfs(disk, '1m', async () => {
        const out = join(disk, 'out');
        rig = new Rig({
          dir,
          conf: configuration(taildir(dir), [memory], [sink(out)]),
          outputs: [folder(out, READERS.text, [])],
          load: { linesPerSecond: 300 },
        });
        await survives(disk, true);
      });
    });
  }

  it('keeps every line once when the disk of its file channel is full', async () => {
    const dir = temp();
    const [out, disk] = [join(dir, 'out'), join(dir, 'channel')];
    mkdirSync(disk);
    await withTmpfs(disk, '8m', async () => {
      rig = new Rig({
        dir,
        conf: configuration(taildir(dir), [fileChannel(dir)], [hdfs(out)]),
        outputs: [folder(out, READERS.text, [])],
      });
      await survives(disk, true);
    });
  });
});
