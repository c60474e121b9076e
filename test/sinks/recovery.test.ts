import assert from 'node:assert/strict';
import { linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Checkpoint } from '../../src/agent/checkpoint.ts';
import { systemClock } from '../../src/agent/clock.ts';
import type { CheckpointPart } from '../../src/component/checkpoint.ts';
import type { Sink } from '../../src/component/sink.ts';
import { LocalFileSystem } from '../../src/filesystems/file/index.ts';
import { WebHdfs } from '../../src/filesystems/webhdfs/index.ts';
import { fileRoll } from '../../src/sinks/file_roll.ts';
import { hdfs } from '../../src/sinks/hdfs/index.ts';
import { batchOf, batchOfLines } from '../support/batches.ts';
import { TestCheckpoint } from '../support/checkpoint.ts';
import { memoryLogger } from '../support/context.ts';
import { answer, FakeWebHdfs, refuse } from '../support/fake-webhdfs.ts';
import { MemoryFileSystem } from '../support/memory-file-system.ts';
import { FakeClock, NEVER, sinkContext, sinkOf } from '../support/sinks.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

type Options = Readonly<Record<string, string | number | boolean>>;

const HDFS: Options = {
  'hdfs.fileType': 'DataStream',
  'hdfs.rollSize': 0,
  'hdfs.rollCount': 0,
  'hdfs.rollInterval': 0,
};
const PLAIN = (name: string): boolean => !name.startsWith('.');

/** Notes which rows were settled. */
function rowSettler() {
  const settled: number[] = [];
  return {
    settled,
    settle: (from: number, to: number): void => {
      for (let row = from; row < to; row++) settled.push(row);
    },
    settleRows: (rows: Uint32Array): void => {
      settled.push(...rows);
    },
  };
}

describe('sinks of files: settling', () => {
  it('hdfs settles the rows of each bucket as those of the delivery, together or scattered', async () => {
    const fs = new MemoryFileSystem();
    const sink = sinkOf(hdfs, { ...HDFS, 'hdfs.path': '/l/%{h}', 'hdfs.rollCount': 2 }, sinkContext(fs));
    await sink.open();
    const { settled, ...settler } = rowSettler();
    const hs = ['a', 'b', 'a', 'c', 'c', 'c', 'b', 'a', 'b', 'b'];
    fs.fault = (call, path) =>
      (call === 'flush' || call === 'close') && path.startsWith('/l/b') ? new Promise(() => {}) : 'none';
    const batch = batchOf(hs.map((h, i) => ({ headers: { h }, body: String(i) })));
    void sink.deliver(batch, NEVER, settler);
    await waitFor(() => settled.length >= 6);
    assert.deepEqual(
      settled.sort((a, b) => a - b),
      [0, 2, 3, 4, 5, 7],
    );
  });

  it('tells the checkpoint of the length in the tick in which it settles the rows', async () => {
    const fs = new MemoryFileSystem();
    fs.folders.add('/l');
    for (const declaration of [hdfs, fileRoll]) {
      const options: Options = declaration === hdfs ? { ...HDFS, 'hdfs.path': '/l' } : { 'sink.directory': '/l' };
      const checkpoint = new TestCheckpoint();
      const sink = sinkOf(declaration, options, { ...sinkContext(fs), checkpoint });
      await sink.open();
      const seen: unknown[] = [];
      const note = (): void => {
        const { files } = checkpoint.take() as { files: { length: number; rows: number }[] };
        seen.push(files.map(({ length, rows }) => [length, rows]));
      };
      await sink.deliver(batchOfLines(['one', 'two']), NEVER, { settle: note, settleRows: note });
      await sink.deliver(batchOfLines(['three']), NEVER, { settle: note, settleRows: note });
      assert.deepEqual(seen, [[[8, 2]], [[14, 3]]]);
    }
  });
});

describe('sinks of files: over real files', () => {
  const dir = useTempDir();

  /** One life; the last line of it says what it leaves to the next. */
  function life(options: Options, saved: unknown, clock: FakeClock) {
    const checkpoint = new TestCheckpoint(saved);
    const context = { ...sinkContext(new LocalFileSystem(), clock), checkpoint };
    const declaration = 'sink.directory' in options ? fileRoll : hdfs;
    return { sink: sinkOf(declaration, options, context), checkpoint, context };
  }

  async function recovered(checkpoint: TestCheckpoint, clock: FakeClock, isThere: (path: string) => boolean) {
    await waitFor(async () => {
      await clock.advance(100);
      const { files } = checkpoint.take() as { files: { path: string }[] };
      return !files.some(({ path }) => isThere(path));
    });
  }

  it('a file is cut, renamed, and the next life writes its own', async () => {
    const out = join(dir(), 'out');
    const options = { ...HDFS, 'hdfs.path': `file://${out}` };
    const clock = new FakeClock(1000);
    const first = life(options, undefined, clock);
    await first.sink.open();
    await first.sink.deliver(batchOfLines(['one', 'two']), NEVER);
    const saved = first.checkpoint.take();
    await first.sink.deliver(batchOfLines(['three']), NEVER);
    assert.deepEqual(readdirSync(out).filter(PLAIN), ['FlumeData.1001.tmp']);
    const second = life({ ...options, 'hdfs.path': `file://${dir()}/elsewhere` }, saved, clock);
    await second.sink.open();
    await second.sink.deliver(batchOfLines(['three']), NEVER);
    await recovered(second.checkpoint, clock, (path) => path.startsWith(out));
    await second.sink.close(NEVER);
    assert.deepEqual(readdirSync(out).filter(PLAIN), ['FlumeData.1001']);
    assert.equal(readFileSync(join(out, 'FlumeData.1001'), 'utf8'), 'one\ntwo\n');
    assert.equal(readFileSync(join(dir(), 'elsewhere', 'FlumeData.1001'), 'utf8'), 'three\n');
    assert.deepEqual(second.checkpoint.take(), { files: [] });
  });

  it('a file that was renamed by half, and has both names, gets the final one alone', async () => {
    const options = { 'sink.directory': dir() };
    writeFileSync(join(dir(), 'x'), 'one\n');
    const clock = new FakeClock(1000);
    const fs = new LocalFileSystem();
    const { id } = (await fs.stat(join(dir(), 'x')))!;
    // A hard link, as the first half of a rename leaves it.
    linkSync(join(dir(), 'x'), join(dir(), 'x.tmp'));
    const entry = { fs: 'file:///', path: join(dir(), 'x.tmp'), target: join(dir(), 'x'), id };
    const { sink, checkpoint } = life(options, { files: [{ ...entry, state: 'ending', length: 4, rows: 1 }] }, clock);
    await sink.open();
    await recovered(checkpoint, clock, (path) => path.endsWith('.tmp'));
    await sink.close(NEVER);
    assert.deepEqual(readdirSync(dir()).filter(PLAIN).sort(), ['1000-1', 'x']);
  });
});

describe('sinks of files: a change of the configuration', () => {
  const dir = useTempDir();

  it('the new sink takes over what the old one could not finish, and neither undoes the work of the other', async () => {
    mkdirSync(join(dir(), 'state'));
    const log = memoryLogger();
    const checkpoint = new Checkpoint({ dir: join(dir(), 'state'), agent: 'a', clock: systemClock, log });
    await checkpoint.load();
    const fs = new MemoryFileSystem();
    const clock = new FakeClock(1000);
    const make = (part: CheckpointPart): Sink =>
      sinkOf(hdfs, { ...HDFS, 'hdfs.path': '/l' }, { ...sinkContext(fs, clock), checkpoint: part });
    const old = make(checkpoint.part('sink.k'));
    const next = make(checkpoint.part('sink.k'));
    await old.open();
    await old.deliver(batchOfLines(['one']), NEVER);
    const gate = Promise.withResolvers<'none'>();
    fs.fault = (call) => (call === 'rename' ? gate.promise : 'none');
    const deadline = new AbortController();
    const closed = old.close(deadline.signal);
    await waitFor(() => fs.calls.some((call) => call.startsWith('rename')));
    deadline.abort();
    let isClosed = false;
    void closed.then(() => {
      isClosed = true;
    });
    while (!isClosed) await clock.advance(250);
    fs.fault = () => 'none';
    await next.open();
    await next.deliver(batchOfLines(['two']), NEVER);
    await waitFor(() => fs.names().includes('/l/FlumeData.1001'));
    gate.resolve('none');
    let isOver = false;
    void next.close(NEVER).then(() => {
      isOver = true;
    });
    while (!isOver) await clock.advance(250);
    assert.deepEqual(
      fs
        .names()
        .map((name) => fs.text(name))
        .sort(),
      ['one\n', 'two\n'],
    );
    assert.deepEqual(
      fs.names().filter((name) => name.endsWith('.tmp')),
      [],
    );
    assert.deepEqual(checkpoint.part('sink.k').saved, { files: [] });
    await checkpoint.close();
  });
});

describe('hdfs sink over WebHDFS after a crash', function () {
  this.timeout(30_000);
  let server: FakeWebHdfs;
  let fs: WebHdfs;
  const log = memoryLogger();

  beforeEach(async () => {
    server = new FakeWebHdfs();
    await server.start();
    const context = { hadoop: new Map<string, string>(), user: 'ann', log, clock: systemClock };
    fs = new WebHdfs(new URL(`webhdfs://127.0.0.1:${server.port}`), context, {
      connectTimeoutMs: 500,
      readTimeoutMs: 500,
      patience: { busyMs: 2000, unreachableMs: 300 },
      lastPatience: { busyMs: 200, unreachableMs: 100 },
    });
  });

  afterEach(async () => {
    await fs.close();
    await server.stop();
  });

  /** A sink that finds a file with two events in the checkpoint. */
  async function opened(): Promise<{ sink: Sink; checkpoint: TestCheckpoint }> {
    const entry = { fs: fs.url, path: '/l/x.7.tmp', target: '/l/x.7', state: 'open', length: 4, rows: 2 };
    const checkpoint = new TestCheckpoint({ files: [entry] });
    const context = { ...sinkContext(fs), clock: systemClock, log, checkpoint };
    const sink = sinkOf(hdfs, { ...HDFS, 'hdfs.path': '/l' }, context);
    await sink.open();
    return { sink, checkpoint };
  }

  it('waits for the lease of the dead client and for late bytes, then cuts and renames; deliveries do not wait', async () => {
    server.put('/l/x.7.tmp', 'a\nb\n');
    let isOpen = true;
    server.misbehave = ({ op, path, response }) => {
      if (!isOpen || !path.startsWith('/l/x.7')) return false;
      if (op === 'GET_BLOCK_LOCATIONS') {
        answer(response, { LocatedBlocks: { fileLength: 4, isUnderConstruction: true } });
        return true;
      }
      if (op === 'TRUNCATE') {
        refuse(response, 403, 'AlreadyBeingCreatedException', 'Failed to TRUNCATE_FILE /l/x.7.tmp: lease is held');
        return true;
      }
      return false;
    };
    const { sink, checkpoint } = await opened();
    await sink.deliver(batchOfLines(['three']), NEVER);
    assert.ok(server.files.has('/l/x.7.tmp'), 'the delivery has waited');
    server.store('/l/x.7.tmp', Buffer.from('late'));
    isOpen = false;
    await waitFor(() => server.files.has('/l/x.7'));
    assert.equal(server.text('/l/x.7'), 'a\nb\n');
    await sink.close(NEVER);
    assert.deepEqual(checkpoint.take(), { files: [] });
  });

  it('waits for a NameNode that is away', async () => {
    server.put('/l/x.7.tmp', 'a\nb\nlost');
    server.misbehave = ({ request }) => {
      request.destroy();
      return true;
    };
    const { sink, checkpoint } = await opened();
    await waitFor(() => server.calls.length >= 3);
    assert.equal((checkpoint.take() as { files: unknown[] }).files.length, 1);
    server.misbehave = () => false;
    await waitFor(() => server.files.has('/l/x.7'), { timeoutMs: 15_000 });
    assert.equal(server.text('/l/x.7'), 'a\nb\n');
    await sink.close(NEVER);
  });
});
