import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { taildirSource } from '../../src/sources/taildir/index.ts';
import { SourceRun } from '../sources/harness.ts';
import { TestCheckpoint } from '../support/checkpoint.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const JOIN = { 'multiline.continuation': '^\\s', 'multiline.timeout': '60000' };
const SOON = { ...JOIN, 'multiline.timeout': '40' };

describe('lines of the tailing reader', () => {
  const dir = useTempDir();
  const runs: SourceRun[] = [];

  afterEach(async () => {
    for (const run of runs.splice(0)) await run.stop().catch(() => {});
  });

  const log = (name = 'a') => join(dir(), 'logs', name);

  /** Starts a source over the folder, with what an earlier one has left in the checkpoint. */
  async function start(
    options: Record<string, string>,
    checkpoint = new TestCheckpoint(),
    settle = true,
  ): Promise<SourceRun> {
    mkdirSync(join(dir(), 'logs'), { recursive: true });
    const all = {
      filegroups: 'f',
      'filegroups.f': `${dir()}/logs/.*`,
      positionFile: join(dir(), 'none/position'),
      ...options,
    };
    const run = new SourceRun(taildirSource, all, { checkpoint });
    run.out.settle = settle;
    runs.push(run);
    return run.start();
  }

  /** Ends a run as a kill would: what it did not tell the checkpoint before is gone. */
  async function kill(run: SourceRun, checkpoint: TestCheckpoint): Promise<TestCheckpoint> {
    const saved = structuredClone(checkpoint.take());
    await run.stop();
    return new TestCheckpoint(saved);
  }

  /** The bodies that go to the channel: those that were durable before do not. */
  function sent(run: SourceRun): string[] {
    return run.out.emitted.flatMap(({ batch }, i) => {
      const settled = new Set(run.out.options[i]?.settled?.get('c') ?? []);
      return Array.from({ length: batch.length }, (_, row) => row)
        .filter((row) => !settled.has(row))
        .map((row) => batch.bodyOf(row).toString());
    });
  }

  const write = (text: string, name?: string) => {
    mkdirSync(join(dir(), 'logs'), { recursive: true });
    writeFileSync(log(name), text);
  };
  const append = (text: string) => appendFileSync(log(), text);

  describe('multiline', () => {
    it('joins lines however they are written, and tells where an event began', async () => {
      write('a\n b\nc\n');
      const run = await start({ ...JOIN, byteOffsetHeader: 'true' });
      await run.out.waitForRows(1);
      append(' d\n');
      append(' e\nf\n g');
      await run.out.waitForRows(2);
      append('g\nh\n');
      await run.out.waitForRows(3);
      assert.deepEqual(run.out.bodies(), ['a\n b', 'c\n d\n e', 'f\n gg']);
      assert.deepEqual(
        run.out.headers().map((headers) => headers['byteoffset']),
        ['0', '5', '13'],
      );
    });

    it('hands an event on when its next line does not come, and then begins another one', async () => {
      write('a\n b\n');
      const run = await start(SOON);
      await run.out.waitForRows(1);
      append(' c\n');
      await run.out.waitForRows(2);
      assert.deepEqual(run.out.bodies(), ['a\n b', ' c']);
    });

    it('reads an event again from its first line when it was not complete before a crash', async () => {
      write('a\nb\n c\n');
      const checkpoint = new TestCheckpoint();
      const first = await start(JOIN, checkpoint);
      await first.out.waitForRows(1);
      append(' d\n');
      const second = await start(JOIN, await kill(first, checkpoint));
      append(' e\nf\n');
      await second.out.waitForRows(1);
      assert.deepEqual([...sent(first), ...sent(second)], ['a', 'b\n c\n d\n e']);
    });

    it('reads an event again from its first line when it was not durable', async () => {
      write('a\n b\nc\n d\ne\n');
      const checkpoint = new TestCheckpoint();
      const first = await start(JOIN, checkpoint, false);
      await first.out.waitForRows(2);
      first.out.emitted[0].leg.settle(0, 1);
      const second = await start(JOIN, await kill(first, checkpoint));
      append('f\n');
      await second.out.waitForRows(2);
      assert.deepEqual(sent(second), ['c\n d', 'e']);
    });

    it('parts events again where time had parted them, when only the later one is durable', async () => {
      write('a\n b\n');
      const checkpoint = new TestCheckpoint();
      const first = await start(SOON, checkpoint, false);
      await first.out.waitForRows(1);
      append(' c\n d\n');
      await first.out.waitForRows(2);
      first.out.emitted[1].leg.settle(0, 1);
      const second = await start(SOON, await kill(first, checkpoint));
      append('e\n');
      await second.out.waitForRows(3);
      assert.deepEqual(sent(second), ['a\n b', 'e']);
    });

    it('keeps that in mind over a second crash', async () => {
      write('a\n b\n');
      const checkpoint = new TestCheckpoint();
      const first = await start(SOON, checkpoint, false);
      await first.out.waitForRows(1);
      append(' c\n');
      await first.out.waitForRows(2);
      first.out.emitted[1].leg.settle(0, 1);
      const between = await kill(first, checkpoint);
      const second = await start(JOIN, between, false);
      const third = await start(SOON, await kill(second, between));
      append('e\n');
      await third.out.waitForRows(3);
      assert.deepEqual(sent(third), ['a\n b', 'e']);
    });

    it('hands on what it holds of a file that is cut', async () => {
      write('a\n b\nc\n d\n');
      const run = await start(JOIN);
      await run.out.waitForRows(1);
      truncateSync(log(), 0);
      await run.out.waitForRows(2);
      append('e\n f\ng\n');
      await run.out.waitForRows(3);
      assert.deepEqual(run.out.bodies(), ['a\n b', 'c\n d', 'e\n f']);
    });

    it('hands on what it holds of a file that was deleted', async () => {
      write('a\n b\nc\n d');
      const run = await start({ ...JOIN, deletedFileTimeout: '50' });
      await run.out.waitForRows(1);
      rmSync(log());
      await run.out.waitForRows(2);
      assert.deepEqual(run.out.bodies(), ['a\n b', 'c\n d']);
    });

    it('goes on where it was after an emit that failed', async () => {
      write('a\n b\nc\n d\ne\n');
      const checkpoint = new TestCheckpoint();
      const run = await start(JOIN, checkpoint);
      await run.out.waitForRows(2);
      run.out.before = () => {
        throw new Error('no room');
      };
      append(' f\ng\n h\ni\n');
      await assert.rejects(run.ended(), /no room/);
      run.out.before = undefined;
      await run.start();
      append('j\n');
      await run.out.waitForRows(5);
      assert.deepEqual(run.out.bodies(), ['a\n b', 'c\n d', 'e\n f', 'g\n h', 'i']);
      assert.equal((checkpoint.take() as { files: { pos: number }[] }).files[0].pos, 22);
    });

    it('holds few lines at a time to the rows of a turn', async () => {
      write(Array.from({ length: 500 }, (_, i) => `${i}\n x\n`).join(''));
      const run = await start({ ...SOON, batchSize: '10', maxBatchCount: '2' });
      await run.out.waitForRows(500);
      assert.deepEqual(
        run.out.bodies(),
        Array.from({ length: 500 }, (_, i) => `${i}\n x`),
      );
    });
  });

  describe('docker and CRI', () => {
    const record = (text: string, stream = 'stdout') =>
      `${JSON.stringify({ log: text, stream, time: '2024-01-01T00:00:00Z' })}\n`;
    const docker = { lineFormat: 'docker' };

    it('gives the text, with stream and time beside the headers of the group', async () => {
      write(record('a\n') + record('b ', 'stderr') + record('c\n', 'stderr'));
      const run = await start({ ...docker, 'headers.f.app': 'x', fileHeader: 'true', timeHeader: '' });
      await run.out.waitForRows(2);
      assert.deepEqual(run.out.bodies(), ['a', 'b c']);
      assert.deepEqual(run.out.headers(), [
        { app: 'x', file: log(), stream: 'stdout' },
        { app: 'x', file: log(), stream: 'stderr' },
      ]);
    });

    it('counts a line that is no record, and says it once', async () => {
      write(`${record('a\n')}one\ntwo\n`);
      const run = await start(docker);
      await run.out.waitForRows(3);
      assert.deepEqual(run.out.bodies(), ['a', 'one', 'two']);
      assert.equal(run.counters.EventReadFail, 2);
      assert.equal(run.log.lines.filter((line) => line.includes('lineFormat = docker')).length, 1);
    });

    it('sends each event once over a crash, also where pieces of two streams lie among each other', async () => {
      write(record('a1 ') + record('e1 ', 'stderr') + record('a2\n') + record('e2\n', 'stderr') + record('z\n'));
      for (const durable of [[], [0], [1], [0, 1], [0, 1, 2], [1, 2]]) {
        const checkpoint = new TestCheckpoint();
        const first = await start(docker, checkpoint, false);
        await first.out.waitForRows(3);
        assert.equal(first.out.emitted.length, 1);
        first.out.emitted[0].leg.settleRows(Uint32Array.from(durable));
        const second = await start(docker, await kill(first, checkpoint));
        const missing = ['a1 a2', 'e1 e2', 'z'].filter((_, i) => !durable.includes(i));
        append(record('end\n'));
        await waitFor(() => sent(second).length > missing.length, { what: 'the rest' });
        assert.deepEqual(sent(second), [...missing, 'end'], `durable: ${durable}`);
        await second.stop();
        truncateSync(log(), 0);
        append(record('a1 ') + record('e1 ', 'stderr') + record('a2\n') + record('e2\n', 'stderr') + record('z\n'));
      }
    });

    it('joins the lines of each stream after that', async () => {
      const cri = (text: string, stream = 'stdout') => `2024-01-01T00:00:00.1Z ${stream} F ${text}\n`;
      write(cri('Trace') + cri('E', 'stderr') + cri(' at 1') + cri(' e', 'stderr') + cri('Next'));
      const run = await start({ lineFormat: 'cri', ...SOON });
      await run.out.waitForRows(3);
      assert.deepEqual(run.out.bodies(), ['Trace\n at 1', 'E\n e', 'Next']);
      assert.deepEqual(run.out.headers()[1], { stream: 'stderr', time: '2024-01-01T00:00:00.1Z' });
    });
  });
});
