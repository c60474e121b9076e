import assert from 'node:assert/strict';
import {
  closeSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { TailRig } from './rig.ts';

const NUL = '\0';

describe('the rest of a tailed file', () => {
  const rig = new TailRig(useTempDir());
  const fds: number[] = [];

  afterEach(async () => {
    for (const fd of fds.splice(0)) closeSync(fd);
    await rig.crash();
    rig.checkpoint = new (rig.checkpoint.constructor as new () => typeof rig.checkpoint)();
  });

  /** A writer that keeps its descriptor. */
  function writer(name: string, flags = 'a'): (text: string, at?: number) => void {
    const fd = openSync(rig.path(name), flags);
    fds.push(fd);
    return (text, at) => writeSync(fd, text, at);
  }

  it('without a line end is an event when the file was deleted and nobody writes, and not before', async () => {
    rig.put('a', 'one\nhalf');
    const run = await rig.start('a', { deletedFileTimeout: '150' });
    await run.out.waitForRows(1);
    const write = writer('a');
    await rig.run?.out.waitForRows(1);
    rmSync(rig.path('a'));
    await rig.said(/a was renamed away or deleted/);
    write(' a line\nand another');
    await run.out.waitForRows(2);
    assert.deepEqual(run.out.bodies(), ['one', 'half a line']);
    await run.out.waitForRows(3);
    assert.equal(run.out.bodies()[2], 'and another');
    // The writer goes on all the same.
    write(' one\nlast\n');
    await run.out.waitForRows(5);
    assert.deepEqual(run.out.bodies().slice(3), [' one', 'last']);
  });

  it('without a line end waits for as long as the file has a name, ours or not', async () => {
    rig.put('a', 'one\nhalf');
    rig.put('b', 'end\n');
    const run = await rig.start('[ab]', { deletedFileTimeout: '0' });
    await run.out.waitForRows(2);
    renameSync(rig.path('a'), rig.path('other'));
    await rig.said(/a was renamed away or deleted/);
    // A marker that comes later than several looks.
    for (let i = 0; i < 3; i++) {
      rig.append('b', `${i}\n`);
      await run.out.waitForRows(3 + i);
    }
    rig.append('other', ' a line\n');
    await run.out.waitForRows(6);
    assert.ok(run.out.bodies().includes('half a line'));
    assert.ok(!run.out.bodies().includes('half'));
  });

  it('of a deleted file is delivered when the agent stops', async () => {
    rig.put('a', 'one\nhalf');
    const run = await rig.start('a');
    await run.out.waitForRows(1);
    rmSync(rig.path('a'));
    await rig.stop();
    assert.deepEqual(run.out.bodies(), ['one', 'half']);
  });

  it('is read of files that were rotated away, several times, while a batch waited for room', async () => {
    rig.put('a', 'first\n');
    const run = await rig.start('a');
    await run.out.waitForRows(1);
    const waits = Promise.withResolvers<void>();
    const room = Promise.withResolvers<void>();
    run.out.before = () => {
      waits.resolve();
      return room.promise;
    };
    rig.append('a', 'waits\n');
    await waits.promise;
    const expected = ['first', 'waits'];
    for (let i = 0; i < 3; i++) {
      rig.append('a', `late ${i}\n`);
      renameSync(rig.path('a'), rig.path(`old${i}`));
      rig.put('a', `new ${i}\n`);
      expected.push(`late ${i}`, `new ${i}`);
      await waitFor(() => run.log.lines.filter((line) => line.startsWith('INFO Opening file')).length === 2 + i);
    }
    rmSync(rig.path('a'));
    rmSync(rig.path('old1'));
    await waitFor(() => run.log.lines.filter((line) => /was renamed away or deleted/.test(line)).length === 4);
    room.resolve();
    await run.out.waitForRows(expected.length);
    assert.deepEqual(run.out.bodies().sort(), expected.sort());
  });

  it('is read of a file that was closed long ago and renamed out of the pattern', async () => {
    rig.put('a', 'one\n');
    const run = await rig.start('a', { idleTimeout: '1' });
    await run.out.waitForRows(1);
    await waitFor(() => openNames().length === 0);
    const write = writer('a');
    renameSync(rig.path('a'), rig.path('old'));
    write('two\n');
    await run.out.waitForRows(2);
    await waitFor(() => openNames().length === 0);
    write('three\n');
    await run.out.waitForRows(3);
    assert.deepEqual(run.out.bodies(), ['one', 'two', 'three']);
  });

  it('is read of rotated files though more are open than allowed', async () => {
    for (let i = 0; i < 6; i++) rig.put(`f${i}`, `${i}\n`);
    const run = await rig.start('f.', { maxOpenFiles: '100' });
    await run.out.waitForRows(6);
    const writers = [0, 1, 2, 3, 4, 5].map((i) => writer(`f${i}`));
    for (let i = 0; i < 6; i++) renameSync(rig.path(`f${i}`), rig.path(`old${i}`));
    await waitFor(() => run.log.lines.filter((line) => /was renamed away or deleted/.test(line)).length === 6);
    for (const [i, write] of writers.entries()) write(`late ${i}\n`);
    await run.out.waitForRows(12);
  });

  it('is not the compressed copy of a file, unless that is wanted', async () => {
    const log = 'one\ntwo\n'.repeat(1000);
    rig.put('a.log', log);
    const run = await rig.start('a\\.log.*', { compressed: 'skip' });
    await run.out.waitForRows(2000);
    rig.put('a.log.1.gz', gzipSync(log));
    rig.put('a.log.2.zst', zstdCompressSync(log));
    rig.put('a.log.3.bz2', Buffer.from('BZh91AY&SY and so on\n'));
    rig.put('a.log.4', 'BZh is no bzip2\n');
    await rig.said(/a\.log\.1\.gz is compressed \(gzip\) and is left out/);
    await rig.said(/a\.log\.2\.zst is compressed \(zstd\)/);
    await rig.said(/a\.log\.3\.bz2 is compressed \(bzip2\)/);
    await run.out.waitForRows(2001);
    await rig.stop();
    assert.equal(run.out.rows, 2001);
    const raw = await rig.start('a\\.log\\.3.*', { compressed: 'raw' });
    await raw.out.waitForRows(1);
    assert.deepEqual(raw.out.bodies(), ['BZh91AY&SY and so on']);
  });

  it('is not the NULs of a file that has its space before its content', async () => {
    rig.put('a', '');
    const write = writer('a', 'r+');
    ftruncateSync(fds[0], 1 << 20);
    const run = await rig.start('a');
    let at = 0;
    const all = ['one\n', 'two\nth', 'ree\n', 'four\n'];
    for (const [i, text] of all.entries()) {
      write(text, at);
      at += text.length;
      if (text.endsWith('\n')) await run.out.waitForRows([1, 0, 3, 4][i]);
    }
    await rig.stop();
    write('five\n', at);
    const second = await rig.start('a');
    await second.out.waitForRows(1);
    ftruncateSync(fds[0], at + 5);
    writeSync(fds[0], 'six\n', at + 5);
    await second.out.waitForRows(2);
    assert.deepEqual([...run.out.bodies(), ...second.out.bodies()], ['one', 'two', 'three', 'four', 'five', 'six']);
    assert.equal(run.counters.EventReadFail + second.counters.EventReadFail, 0);
  });

  it('is what stands behind the hole of a file that was cut under a writer that kept its place', async () => {
    for (const size of [40, 5000, 3_000_000]) {
      const name = `a${size}`;
      rig.put(name, '');
      const fd = openSync(rig.path(name), 'r+');
      fds.push(fd);
      writeSync(fd, `${'x'.repeat(size - 1)}\n`);
      const run = await rig.start(name, { maxLineLength: '2000' });
      await run.out.waitForRows(1);
      truncateSync(rig.path(name));
      writeSync(fd, 'one\ntwo\n');
      await run.out.waitForRows(3);
      writeSync(fd, 'three\n');
      await run.out.waitForRows(4);
      assert.deepEqual(run.out.bodies().slice(1), ['one', 'two', 'three']);
      assert.equal(run.counters.EventReadFail, size > 2000 ? 1 : 0);
      await rig.stop();
    }
  });

  it('keeps NULs that somebody wrote', async () => {
    const line = `a${NUL}b${NUL}`;
    rig.put('a', `${line}\n${NUL}c\n${NUL}${NUL}\n`);
    const run = await rig.start('a');
    await run.out.waitForRows(3);
    rig.append('a', `half${NUL.repeat(100)}`);
    rig.append('a', `${NUL.repeat(70_000)}line\n`);
    await run.out.waitForRows(4);
    assert.deepEqual(run.out.bodies().slice(0, 3), [line, `${NUL}c`, `${NUL}${NUL}`]);
    assert.equal(run.out.bodies()[3].length, 4 + 70_100 + 4);
  });

  function openNames(): string[] {
    const names = readdirSync('/proc/self/fd').map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    });
    const mine = fds.length;
    const ours = names.filter((name) => name.startsWith(rig.path('')));
    return ours.slice(mine);
  }
});
