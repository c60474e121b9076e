import assert from 'node:assert/strict';
import { appendFileSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { FakeOutput } from '../sources/harness.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { TailRig } from './rig.ts';

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i} ${'x'.repeat(i % 50)}`);
const text = (all: readonly string[]) => all.map((line) => `${line}\n`).join('');

/** The difference of two long lists takes minutes to print. */
function assertSame(actual: readonly string[], expected: readonly string[]): void {
  const at = expected.findIndex((line, i) => line !== actual[i]);
  assert.deepEqual([actual.length, at, actual[at]], [expected.length, -1, undefined]);
}

describe('compressed files', () => {
  const dir = useTempDir();
  let rig: TailRig;

  beforeEach(() => {
    rig = new TailRig(dir);
  });

  afterEach(async () => {
    await rig.run?.stop().catch(() => {});
  });

  /** Makes a file that was written to its end long ago. */
  function putOld(name: string, content: Buffer): void {
    rig.put(name, content);
    age(name);
  }

  function age(name: string): void {
    utimesSync(rig.path(name), 1_700_000_000, 1_700_000_000);
  }

  const said = (text: RegExp) => rig.said(text);

  for (const [kind, compress] of [
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const) {
    it(`of ${kind} are read once and to their end, whatever their names`, async () => {
      const all = lines(0, 20_000);
      putOld('a.log', compress(Buffer.from(`${text(all)}no end`)));
      const run = await rig.start('.*');
      await run.out.waitForRows(20_001);
      assertSame(run.out.bodies(), [...all, 'no end']);
      await waitFor(() => run.log.lines.length > 0);
      await rig.stop();
      const again = await rig.start('.*');
      rig.put('b.log', 'new\n');
      await again.out.waitForRows(1);
      assert.deepEqual(again.out.bodies(), ['new']);
    });

    it(`of ${kind} are read on where it was after a crash`, async () => {
      const all = lines(0, 300_000);
      putOld('a', compress(Buffer.from(text(all))));
      const out = new FakeOutput();
      out.settle = false;
      const first = await rig.start('a', {}, out);
      await first.out.waitForRows(100_000);
      let durable = 0;
      for (const { leg, batch } of first.out.emitted.slice(0, 2)) {
        leg.settle(0, batch.length);
        durable += batch.length;
      }
      await rig.crash();
      const second = await rig.start('a');
      await second.out.waitForRows(all.length - durable);
      assert.ok(durable > 0);
      assertSame(second.out.bodies(), all.slice(durable));
    });
  }

  it('that grow are read on, and their last line when they are whole', async () => {
    const all = gzipSync(text(lines(0, 5000)));
    rig.put('a.gz', all.subarray(0, all.length >> 1));
    const run = await rig.start('.*');
    await run.out.waitForRows(1000);
    rig.append('a.gz', all.subarray(all.length >> 1));
    await run.out.waitForRows(5000);
    assert.deepEqual(run.out.bodies(), lines(0, 5000));
  });

  it('that were cut say so, and are read on when they grow', async () => {
    const all = gzipSync(text(lines(0, 5000)));
    putOld('a.gz', all.subarray(0, all.length >> 1));
    const run = await rig.start('.*');
    await said(/a\.gz ends in the middle/);
    assert.ok(run.out.rows > 1000);
    appendFileSync(rig.path('a.gz'), all.subarray(all.length >> 1));
    await run.out.waitForRows(5000);
    assert.deepEqual(run.out.bodies(), lines(0, 5000));
  });

  it('that are damaged give what comes before, say where and are counted', async () => {
    const bytes = gzipSync(text(lines(0, 20_000)));
    bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 100);
    putOld('a.gz', bytes);
    rig.put('b', 'b\n');
    const run = await rig.start('.*');
    await said(/ERROR .*a\.gz: it is damaged near byte/);
    const got = run.out.bodies().filter((body) => body !== 'b');
    // What the damaged bytes themselves stand for may be anything: gzip has its checksum at the end.
    assert.ok(got.length > 9000);
    assertSame(got.slice(0, 9000), lines(0, 9000));
    assert.equal(run.counters.EventReadFail, 1);
  });

  it('are lines of bytes when that is wanted', async () => {
    putOld('a.gz', Buffer.concat([gzipSync('x\n'), Buffer.from('\n')]));
    const run = await rig.start('.*', { compressed: 'raw' });
    await run.out.waitForRows(1);
    assert.notEqual(run.out.bodies()[0], 'x');
  });

  describe('that are copies', () => {
    /** As logrotate does it. */
    function compress(name: string, content: string): void {
      putOld(`${name}.gz`, gzipSync(content));
      rmSync(rig.path(name));
    }

    it('of a file that was read are not read again', async () => {
      rig.put('app.log', text(lines(0, 3000)));
      const run = await rig.start('.*');
      await run.out.waitForRows(3000);
      renameSync(rig.path('app.log'), rig.path('app.log.1'));
      rig.put('app.log', 'next\n');
      await run.out.waitForRows(3001);
      compress('app.log.1', text(lines(0, 3000)));
      await said(/app\.log\.1\.gz is a compressed copy of .*app\.log\.1,/);
      rig.append('app.log', 'last\n');
      await run.out.waitForRows(3002);
      assert.deepEqual(run.out.bodies(), [...lines(0, 3000), 'next', 'last']);
    });

    it('made while nothing ran give what was not read yet, once', async () => {
      rig.put('app.log', text(lines(0, 1000)));
      assert.equal((await rig.life('.*', 1000)).length, 1000);
      rig.append('app.log', text(lines(1000, 1500)));
      compress('app.log', text(lines(0, 1500)));
      const run = await rig.start('.*');
      await run.out.waitForRows(500);
      rig.put('other', 'other\n');
      await run.out.waitForRows(501);
      assert.deepEqual(run.out.bodies(), [...lines(1000, 1500), 'other']);
    });

    it('wait until what is under way is durable', async () => {
      rig.put('app.log', text(lines(0, 1000)));
      const run = await rig.start('.*');
      await run.out.waitForRows(1000);
      run.out.settle = false;
      rig.append('app.log', 'under way\n');
      await run.out.waitForRows(1001);
      compress('app.log', `${text(lines(0, 1000))}under way\n`);
      await rig.crash();
      const second = await rig.start('.*');
      await second.out.waitForRows(1);
      rig.put('other', 'other\n');
      await second.out.waitForRows(2);
      assert.deepEqual(second.out.bodies(), ['under way', 'other']);
    });

    it('of files that are still there are not read again', async () => {
      rig.put('app.log', `${text(lines(0, 1000))}no end`);
      const run = await rig.start('.*');
      await run.out.waitForRows(1000);
      putOld('app.log.gz', gzipSync(`${text(lines(0, 1000))}no end`));
      await said(/app\.log\.gz is a compressed copy/);
      assert.equal(run.out.rows, 1000);
    });

    it('are told from files that only begin alike', async () => {
      const banner = text(lines(0, 200));
      rig.put('one.log', `${banner}one\n`);
      const run = await rig.start('.*');
      await run.out.waitForRows(201);
      rmSync(rig.path('one.log'));
      putOld('two.log.gz', gzipSync(`${banner}two\nthree\n`));
      await run.out.waitForRows(403);
      assert.deepEqual(run.out.bodies().slice(401), ['two', 'three']);
    });
  });

  it('may hold records and events of several lines', async () => {
    putOld('a.gz', gzipSync('a\n b\nc\n d\n'));
    const run = await rig.start('.*', { 'multiline.continuation': '^\\s', 'multiline.timeout': '60000' });
    await run.out.waitForRows(2);
    assert.deepEqual(run.out.bodies(), ['a\n b', 'c\n d']);
  });
});
