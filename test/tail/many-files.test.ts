import assert from 'node:assert/strict';
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from '../support/child.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { TailRig } from './rig.ts';

/** No look through all folders comes to help. */
const NO_RESCAN = { rescanInterval: '3600000' };

describe('the reader of many files', () => {
  const dir = useTempDir();
  let rig: TailRig;

  beforeEach(() => {
    rig = new TailRig(dir);
  });
  afterEach(() => rig.stop());

  /** How many files of the folder this process has open. */
  function openLogs(): number {
    return readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(join(dir(), 'logs/'));
      } catch {
        return false;
      }
    }).length;
  }

  it('finds what the kernel has dropped when more happened at once than it keeps', async function () {
    this.timeout(60_000);
    const run = await rig.start('.*', NO_RESCAN);
    // Two reports each, of which 16,384 are kept; nobody takes any before the last one is made.
    for (let i = 0; i < 12_000; i++) writeFileSync(rig.path(`f${i}`), `${i}\n`);
    await waitFor(() => run.out.rows >= 12_000, { timeoutMs: 50_000, what: 'all rows' });
    assert.equal(new Set(run.out.bodies()).size, 12_000);
  });

  it('lets quiet files have their turn between the batches of a busy one', async () => {
    rig.put('busy', `${'x'.repeat(99)}\n`.repeat(160_000));
    rig.put('quiet', 'one\n');
    let busy = 0;
    const run = await rig.start('quiet', NO_RESCAN);
    await run.out.waitForRows(1);
    await rig.stop();
    const both = await rig.start('busy|quiet', NO_RESCAN);
    let atQuiet: number | undefined;
    both.out.before = async (batch) => {
      if (batch.bodyOf(0).toString() === 'two') atQuiet = busy;
      if (batch.bodyOf(0).length < 99) return;
      busy += batch.length * 100;
      if (busy === batch.length * 100) rig.append('quiet', 'two\n');
      await sleep(30);
    };
    await waitFor(() => atQuiet !== undefined, { what: 'the quiet line' });
    assert.ok(atQuiet! < 5_000_000, `${atQuiet} bytes of the busy file came before it`);
  });

  it('hears of writes behind symbolic links, of their targets being rotated, and of links that are led elsewhere', async () => {
    const target = (name: string) => join(dir(), 'elsewhere', name);
    mkdirSync(join(dir(), 'elsewhere'));
    mkdirSync(join(dir(), 'logs'));
    writeFileSync(target('log'), '1\n');
    symlinkSync(target('log'), rig.path('link'));
    const run = await rig.start('link', NO_RESCAN);
    await run.out.waitForRows(1);
    appendFileSync(target('log'), '2\n');
    await run.out.waitForRows(2);
    renameSync(target('log'), target('log.1'));
    writeFileSync(target('log'), '3\n');
    await run.out.waitForRows(3);
    mkdirSync(join(dir(), 'third'));
    writeFileSync(join(dir(), 'third/log'), '4\n');
    symlinkSync(join(dir(), 'third/log'), rig.path('new link'));
    renameSync(rig.path('new link'), rig.path('link'));
    await run.out.waitForRows(4);
    appendFileSync(join(dir(), 'third/log'), '5\n');
    await run.out.waitForRows(5);
    assert.deepEqual(run.out.bodies(), ['1', '2', '3', '4', '5']);
  });

  it('reads a file of two names once, also when the one it was known by is deleted', async () => {
    rig.put('a', '1\n');
    linkSync(rig.path('a'), rig.path('b'));
    const run = await rig.start('.*', { ...NO_RESCAN, fileHeader: 'true' });
    await run.out.waitForRows(1);
    const first = run.out.headers()[0]!['file']!;
    const other = first.endsWith('a') ? 'b' : 'a';
    rmSync(first);
    await rig.said(/was renamed away or deleted/);
    rig.append(other, '2\n');
    await run.out.waitForRows(2);
    rig.put('c', '3\n');
    await run.out.waitForRows(3);
    assert.deepEqual(run.out.bodies(), ['1', '2', '3']);
  });

  it('tells a hundred files that it finds one by one, and how many more there are', async () => {
    for (let i = 0; i < 250; i++) rig.put(`f${i}`, `${i}\n`);
    const run = await rig.start('.*', NO_RESCAN);
    await run.out.waitForRows(250);
    rig.put('last', 'last\n');
    await run.out.waitForRows(251);
    const told = run.log.lines.filter((line) => line.startsWith('INFO Opening'));
    assert.equal(told.length, 102);
    assert.equal(told[100], 'INFO Opening 150 more files');
    assert.match(told[101]!, /^INFO Opening file: .*last, inode: \d+, pos: 0$/);
  });

  it('does not open files that have nothing new', async () => {
    for (let i = 0; i < 20; i++) rig.put(`f${i}`, `${i}\n`);
    await rig.life('f.*', 20);
    rig.append('f7', 'new\n');
    rig.put('f20', '');
    const run = await rig.start('f.*', NO_RESCAN);
    await run.out.waitForRows(1);
    assert.deepEqual(run.out.bodies(), ['new']);
    assert.equal(openLogs(), 1);
  });

  it('goes on when there are no file descriptors left, loses nothing and says so once', async () => {
    for (let i = 0; i < 60; i++) rig.put(`f${i}`, `${i}\n`);
    const script = join(import.meta.dirname, 'few-descriptors.ts');
    const child = new Child({
      command: 'sh',
      args: ['-c', `ulimit -n 400; exec ${process.execPath} ${script} ${dir()}`],
    });
    assert.equal(await child.exited, 0, child.log());
    const { bodies, warnings } = JSON.parse(child.log()) as { bodies: string[]; warnings: string[] };
    assert.deepEqual(
      bodies.map(Number).sort((a, b) => a - b),
      Array.from({ length: 60 }, (_, i) => i),
    );
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /no file descriptors left .* at most \d+ files are kept open/);
  });
});
