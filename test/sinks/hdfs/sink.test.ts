import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import type { SluiceError } from '../../../src/errors.ts';
import { hdfs } from '../../../src/sinks/hdfs/index.ts';
import { batchOf, batchOfLines, type SampleEvent } from '../../support/batches.ts';
import { FakeClock } from '../../support/context.ts';
import { type Fault, MemoryFileSystem } from '../../support/memory-file-system.ts';
import { NEVER, sinkContext, sinkOf } from '../../support/sinks.ts';
import { waitFor } from '../../support/wait-for.ts';

type Options = Readonly<Record<string, string | number | boolean>>;

/** A sink without rolling over a file system in memory, at time 1000. */
function make(options: Options = {}) {
  const fs = new MemoryFileSystem();
  const clock = new FakeClock(1000);
  const context = sinkContext(fs, clock);
  const sink = sinkOf(
    hdfs,
    {
      'hdfs.path': '/l',
      'hdfs.fileType': 'DataStream',
      'hdfs.rollInterval': 0,
      'hdfs.rollSize': 0,
      'hdfs.rollCount': 0,
      ...options,
    },
    context,
  );
  /** Moves the clock and gives the sink the time; resolves when nothing has happened for some turns of the loop. */
  const tick = async (ms: number): Promise<void> => {
    await clock.advance(ms);
    await sink.maintain!(clock.now());
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  const texts = (): Record<string, string> => Object.fromEntries(fs.names().map((name) => [name, fs.text(name)]));
  return { fs, clock, context, sink, tick, texts };
}

const lines = (...bodies: string[]) => batchOfLines(bodies);
const events = (...all: SampleEvent[]) => batchOf(all);

describe('hdfs sink: names', () => {
  it('number the files from the time of the bucket, plus one', async () => {
    const { sink, texts, clock, fs } = make({ 'hdfs.rollCount': 1 });
    await sink.deliver(lines('a', 'b'), NEVER);
    await waitFor(() => fs.names().includes('/l/FlumeData.1001'));
    assert.deepEqual(texts(), { '/l/FlumeData.1001': 'a\n', '/l/FlumeData.1002.tmp': 'b\n' });
    clock.time = 9000;
    await sink.deliver(lines('c'), NEVER);
    await sink.close(NEVER);
    assert.deepEqual(texts(), { '/l/FlumeData.1001': 'a\n', '/l/FlumeData.1002': 'b\n', '/l/FlumeData.1003': 'c\n' });
  });

  const cases: readonly (readonly [string, Options, string, string])[] = [
    [
      'prefix and suffix in use',
      { 'hdfs.inUsePrefix': '_', 'hdfs.inUseSuffix': '.w' },
      '_FlumeData.1001.w',
      'FlumeData.1001',
    ],
    [
      'no suffix in use',
      { 'hdfs.inUsePrefix': '_', 'hdfs.emptyInUseSuffix': true },
      '_FlumeData.1001',
      'FlumeData.1001',
    ],
    ['no renaming', { 'hdfs.emptyInUseSuffix': true }, 'FlumeData.1001', 'FlumeData.1001'],
    ['a suffix', { 'hdfs.fileSuffix': '.log%H' }, 'FlumeData.1001.log%H.tmp', 'FlumeData.1001.log%H'],
    [
      'the extension of the codec',
      { 'hdfs.fileType': 'CompressedStream', 'hdfs.codeC': 'gzip' },
      'FlumeData.1001.gz.tmp',
      'FlumeData.1001.gz',
    ],
    [
      'a suffix instead of the extension',
      { 'hdfs.fileType': 'CompressedStream', 'hdfs.codeC': 'gzip', 'hdfs.fileSuffix': '.z' },
      'FlumeData.1001.z.tmp',
      'FlumeData.1001.z',
    ],
    [
      'the extension for a SequenceFile too',
      { 'hdfs.fileType': 'SequenceFile', 'hdfs.codeC': 'bzip2' },
      'FlumeData.1001.bz2.tmp',
      'FlumeData.1001.bz2',
    ],
    ['a prefix with escapes', { 'hdfs.filePrefix': 'p-%{app}-%Y' }, 'p-x-1970.1001.tmp', 'p-x-1970.1001'],
    ['the root folder', { 'hdfs.path': 'file:///' }, '/FlumeData.1001.tmp', '/FlumeData.1001'],
  ];
  for (const [what, options, inUse, final] of cases) {
    it(`have ${what}`, async () => {
      const { sink, fs } = make(options);
      const at = (name: string): string => (name.startsWith('/') ? name : `/l/${name}`);
      await sink.deliver(events({ headers: { app: 'x', timestamp: '5' }, body: 'a' }), NEVER);
      assert.deepEqual(fs.names(), [at(inUse)]);
      await sink.close(NEVER);
      assert.deepEqual(fs.names(), [at(final)]);
    });
  }

  it('are never those of another file', async () => {
    const { sink, fs, texts } = make();
    for (const name of ['/l/FlumeData.1001.tmp', '/l/FlumeData.1002'])
      await (await fs.create(name)).write([Buffer.from('mine')]);
    await sink.deliver(lines('a'), NEVER);
    await sink.close(NEVER);
    assert.deepEqual(texts(), {
      '/l/FlumeData.1001.tmp': 'mine',
      '/l/FlumeData.1002': 'mine',
      '/l/FlumeData.1003': 'a\n',
    });
  });
});

describe('hdfs sink: rolling', () => {
  it('by events, at the very row, also in the middle of a batch', async () => {
    const { sink, texts } = make({ 'hdfs.rollCount': 3 });
    await sink.deliver(lines('1', '2'), NEVER);
    await sink.deliver(lines('3', '4', '5', '6', '7'), NEVER);
    await sink.close(NEVER);
    assert.deepEqual(Object.values(texts()), ['1\n2\n3\n', '4\n5\n6\n', '7\n']);
  });

  it('by the bytes of the bodies, after the row that reaches them', async () => {
    const { sink, texts } = make({ 'hdfs.rollSize': 4 });
    await sink.deliver(lines('ab', 'c', 'd', 'e', 'fghijkl', 'm', '', 'nop'), NEVER);
    await sink.close(NEVER);
    assert.deepEqual(Object.values(texts()), ['ab\nc\nd\n', 'e\nfghijkl\n', 'm\n\nnop\n']);
  });

  it('only when another event comes: a full file stays in use until then', async () => {
    const { sink, fs } = make({ 'hdfs.rollCount': 1 });
    await sink.deliver(lines('a'), NEVER);
    assert.deepEqual(fs.names(), ['/l/FlumeData.1001.tmp']);
  });

  it('by age, with a number of the new time', async () => {
    const { sink, fs, tick, texts } = make({ 'hdfs.rollInterval': 30 });
    await sink.deliver(lines('a'), NEVER);
    await tick(29_999);
    assert.deepEqual(fs.names(), ['/l/FlumeData.1001.tmp']);
    await tick(1);
    assert.deepEqual(fs.names(), ['/l/FlumeData.1001']);
    await sink.deliver(lines('b'), NEVER);
    await sink.close(NEVER);
    assert.deepEqual(texts(), { '/l/FlumeData.1001': 'a\n', '/l/FlumeData.31001': 'b\n' });
  });

  for (const [why, options] of [
    ['age', { 'hdfs.rollInterval': 30 }],
    ['idleness', { 'hdfs.idleTimeout': 30 }],
  ] as const) {
    it(`by ${why}, also when the clock was set back by far more`, async () => {
      const { sink, fs, clock, tick } = make(options);
      clock.time = 500_000_000;
      await sink.deliver(lines('a'), NEVER);
      clock.time = 1000;
      await tick(30_000);
      assert.equal(fs.names().length, 1);
      assert.match(fs.names()[0]!, /FlumeData\.\d+$/);
    });
  }

  it('by idleness, counted from the last flush', async () => {
    const { sink, fs, tick } = make({ 'hdfs.idleTimeout': 10 });
    await sink.deliver(lines('a'), NEVER);
    await tick(9000);
    await sink.deliver(lines('b'), NEVER);
    await tick(9000);
    assert.deepEqual(fs.names(), ['/l/FlumeData.1001.tmp']);
    await tick(1000);
    assert.deepEqual(fs.names(), ['/l/FlumeData.1001']);
    assert.equal(fs.text('/l/FlumeData.1001'), 'a\nb\n');
  });

  it('never for idleness while a flush hangs', async () => {
    const { sink, fs, tick } = make({ 'hdfs.idleTimeout': 1 });
    const gate = Promise.withResolvers<'none'>();
    fs.fault = (call) => (call === 'flush' ? gate.promise : 'none');
    const delivery = sink.deliver(lines('a'), NEVER);
    await tick(5000);
    assert.deepEqual(fs.names(), ['/l/FlumeData.1001.tmp']);
    gate.resolve('none');
    await delivery;
    await tick(1000);
    assert.deepEqual(fs.names(), ['/l/FlumeData.1001']);
  });

  it('of the file written to longest ago, when more are open than maxOpenFiles', async () => {
    const { sink, fs } = make({ 'hdfs.path': '/l/%{h}', 'hdfs.maxOpenFiles': 2 });
    const open = (): string[] =>
      fs
        .names()
        .filter((name) => name.endsWith('.tmp'))
        .map((name) => name.split('/')[2]!);
    const to = (h: string) => sink.deliver(events({ headers: { h }, body: h }), NEVER);
    for (const h of ['a', 'b', 'a', 'c']) await to(h);
    await waitFor(() => open().length === 2);
    assert.deepEqual(open(), ['a', 'c']);
    await sink.deliver(events(...['d', 'e', 'f', 'd'].map((h) => ({ headers: { h }, body: h }))), NEVER);
    await sink.close(NEVER);
    assert.deepEqual(
      fs.names().map((name) => `${name.split('/')[2]} ${fs.text(name)}`.trim()),
      ['a a\na', 'b b', 'c c', 'd d\nd', 'e e', 'f f'],
    );
  });

  it('finishes a failed file though nothing more comes', async () => {
    const { sink, fs, tick } = make({ 'hdfs.idleTimeout': 1 });
    fs.fault = (call) => (call === 'flush' ? 'before' : 'none');
    await assert.rejects(sink.deliver(lines('a'), NEVER), /flush/);
    fs.fault = () => 'none';
    await tick(0);
    await sink.close(NEVER);
    assert.deepEqual(fs.names(), []);
  });
});

describe('hdfs sink: deliveries', () => {
  it('are parted by path and prefix, each in its order', async () => {
    const { sink, texts } = make({ 'hdfs.path': '/l/%{app}/%H', 'hdfs.filePrefix': '%{app}' });
    const at = (app: string, hour: number, body: string) => ({
      headers: { app, timestamp: String(hour * 3_600_000) },
      body,
    });
    await sink.deliver(
      events(at('x', 1, 'a'), at('y', 1, 'b'), at('x', 1, 'c'), at('x', 2, 'd'), at('x', 1, 'e')),
      NEVER,
    );
    await sink.close(NEVER);
    assert.deepEqual(texts(), { '/l/x/01/x.1001': 'a\nc\ne\n', '/l/x/02/x.1001': 'd\n', '/l/y/01/y.1001': 'b\n' });
  });

  it('that overlap share a flush, and keep their order', async () => {
    const { sink, fs, texts } = make();
    const all = Array.from({ length: 200 }, (_, i) => String(i));
    await Promise.all(all.map((line) => sink.deliver(lines(line), NEVER)));
    assert.ok(fs.calls.filter((call) => call.startsWith('flush')).length < 50);
    await sink.close(NEVER);
    assert.deepEqual(texts(), { '/l/FlumeData.1001': `${all.join('\n')}\n` });
  });

  for (const [what, options] of [
    ['by events', { 'hdfs.rollCount': 2 }],
    ['by age', { 'hdfs.rollInterval': 1 }],
  ] as const) {
    it(`are settled in their order also where the next file is quicker than the one before, rolled ${what}`, async () => {
      const { sink, fs, tick } = make(options);
      const held = Promise.withResolvers<void>();
      fs.fault = async (call, path): Promise<Fault> => {
        if (call !== 'write' && path.includes('1001') && call !== 'create' && call !== 'stat') await held.promise;
        return 'none';
      };
      const settled: string[] = [];
      const settler = (text: string) => ({
        settle: (from: number, to: number) => settled.push(...text.slice(from, to)),
        settleRows: () => {},
      });
      const deliver = (text: string) => sink.deliver(lines(...text), NEVER, settler(text));
      const first = deliver('ab');
      await tick(0);
      await tick(2000);
      const rest = [deliver('cd'), deliver('ef')];
      await tick(2000);
      await waitFor(() => fs.names().length > 1);
      await tick(100);
      assert.deepEqual(settled, []);
      held.resolve();
      await Promise.all([first, ...rest]);
      assert.equal(settled.join(''), 'abcdef');
      await sink.close(NEVER);
    });
  }

  it('of more than batchSize, alone and small, make a gzip member for each batchSize, as Flume does', async () => {
    const { sink, fs } = make({ 'hdfs.fileType': 'CompressedStream', 'hdfs.codeC': 'gzip', 'hdfs.batchSize': 2 });
    await sink.deliver(lines('a', 'b', 'c'), NEVER);
    await sink.close(NEVER);
    const { bytes } = fs.files.get('/l/FlumeData.1001.gz')!;
    assert.equal(gunzipSync(bytes).toString(), 'a\nb\nc\n');
    assert.equal(bytes.toString('latin1').split('\x1f\x8b').length - 1, 2);
  });

  it('with an event that has no timestamp are refused before anything is written', async () => {
    const { sink, fs, context } = make({ 'hdfs.path': '/l/%H' });
    const batch = events({ headers: { timestamp: '1' }, body: 'a' }, { body: 'b' });
    await assert.rejects(sink.deliver(batch, NEVER), { code: 'EVENT_UNUSABLE' });
    assert.deepEqual(fs.calls, []);
    assert.equal(context.counters.EventWriteFail, 1);
  });

  it('of which one file failed and another did not are finished, not refused: refused rows come again, all of them', async () => {
    const { sink, fs, clock, context, texts } = make({ 'hdfs.path': '/l/%{h}' });
    let failures = 2;
    fs.fault = (call, path) => (call === 'flush' && path.startsWith('/l/b') && failures-- > 0 ? 'after' : 'none');
    const delivery = sink.deliver(
      events({ headers: { h: 'a' }, body: '1' }, { headers: { h: 'b' }, body: '2' }),
      NEVER,
    );
    let isDone = false;
    void delivery.then(() => {
      isDone = true;
    });
    while (!isDone) await clock.advance(250);
    assert.equal(context.counters.EventWriteFail, 2);
    assert.equal(context.lines.filter(({ level }) => level === 'error').length, 1);
    assert.match(
      context.lines[0]!.message,
      /A part of the events could not be written: .*flush.* Tries again in 1 s\./,
    );
    await sink.close(NEVER);
    assert.deepEqual(Object.values(texts()), ['1\n', '2\n']);
  });

  it('count a file whose beginning cannot be written as failed, and not as closed', async () => {
    const { sink, fs, context } = make({ 'hdfs.fileType': 'SequenceFile' });
    fs.fault = (call) => (call === 'write' ? 'before' : 'none');
    await assert.rejects(sink.deliver(lines('a'), NEVER), /write/);
    await sink.close(NEVER);
    const { ConnectionCreatedCount, ConnectionClosedCount, ConnectionFailedCount } = context.counters;
    assert.deepEqual([ConnectionCreatedCount, ConnectionClosedCount, ConnectionFailedCount], [0, 0, 1]);
    assert.deepEqual(fs.names(), []);
  });

  it('count files opened, failed and closed', async () => {
    const { sink, fs, context } = make({ 'hdfs.rollCount': 1 });
    fs.fault = (call) => (call === 'create' ? 'before' : 'none');
    await assert.rejects(sink.deliver(lines('a'), NEVER));
    fs.fault = () => 'none';
    await sink.deliver(lines('a', 'b'), NEVER);
    await sink.close(NEVER);
    const { ConnectionCreatedCount, ConnectionClosedCount, ConnectionFailedCount } = context.counters;
    assert.deepEqual([ConnectionCreatedCount, ConnectionClosedCount, ConnectionFailedCount], [2, 2, 1]);
  });
});

describe('hdfs sink: endings', () => {
  it('a file that failed is cut to what was confirmed and renamed; the rest goes into a new one', async () => {
    const { sink, fs, clock, texts } = make();
    await sink.deliver(lines('a'), NEVER);
    fs.fault = (call) => (call === 'flush' ? 'after' : 'none');
    await assert.rejects(sink.deliver(lines('b'), NEVER), /flush/);
    fs.fault = () => 'none';
    clock.time = 5000;
    await sink.deliver(lines('b'), NEVER);
    await sink.close(NEVER);
    assert.deepEqual(texts(), { '/l/FlumeData.1001': 'a\n', '/l/FlumeData.5001': 'b\n' });
  });

  it('what cannot be cut or renamed is tried again after retryInterval', async () => {
    const { sink, fs, tick, context } = make({ 'hdfs.retryInterval': 5, 'hdfs.idleTimeout': 1 });
    await sink.deliver(lines('a'), NEVER);
    fs.fault = (call) => (call === 'rename' ? 'before' : 'none');
    await tick(1000);
    assert.match(
      context.lines[0]!.message,
      /FlumeData\.1001\.tmp is not finished yet, it is tried again in 5 s: .*rename/,
    );
    fs.fault = () => 'none';
    await tick(4999);
    assert.deepEqual(fs.names(), ['/l/FlumeData.1001.tmp']);
    await tick(1);
    assert.deepEqual(fs.names(), ['/l/FlumeData.1001']);
  });

  it('also when the clock was set back meanwhile', async () => {
    const { sink, fs, clock, tick } = make({ 'hdfs.retryInterval': 5, 'hdfs.idleTimeout': 1 });
    clock.time = 500_000_000;
    await sink.deliver(lines('a'), NEVER);
    fs.fault = (call) => (call === 'rename' ? 'before' : 'none');
    await tick(1000);
    fs.fault = () => 'none';
    clock.time = 1000;
    await tick(5000);
    assert.match(fs.names().join(), /FlumeData\.\d+$/);
  });

  it('a rename that worked and yet failed is seen to have worked', async () => {
    const { sink, fs, context } = make();
    await sink.deliver(lines('a'), NEVER);
    let failures = 1;
    fs.fault = (call) => (call === 'rename' && failures-- > 0 ? 'after' : 'none');
    await sink.close(NEVER);
    assert.deepEqual(fs.names(), ['/l/FlumeData.1001']);
    assert.deepEqual(
      context.lines.map(({ level }) => level),
      ['warn'],
    );
  });

  it('closeTries bounds the tries, and a retryInterval of 0 means one', async () => {
    for (const [options, tries] of [
      [{ 'hdfs.retryInterval': 1, 'hdfs.closeTries': 2 }, 2],
      [{ 'hdfs.retryInterval': 0 }, 1],
    ] as const) {
      const { sink, fs, tick, context } = make({ 'hdfs.idleTimeout': 1, ...options });
      await sink.deliver(lines('a'), NEVER);
      fs.fault = (call) => (call === 'rename' ? 'before' : 'none');
      for (let i = 0; i < 6; i++) await tick(1000);
      assert.equal(fs.calls.filter((call) => call.startsWith('rename')).length, tries);
      assert.match(context.lines.at(-1)!.message, new RegExp(`is left as it is after ${tries} tries`));
      await sink.close(NEVER);
    }
  });

  it('callTimeout ends the making of a file that hangs, and removes what comes of it late', async () => {
    const { sink, fs, clock } = make({ 'hdfs.callTimeout': 500 });
    const gate = Promise.withResolvers<'none'>();
    fs.fault = (call) => (call === 'create' ? gate.promise : 'none');
    const delivery = sink.deliver(lines('a'), NEVER);
    const rejected = assert.rejects(delivery, {
      code: 'PEER_TIMEOUT',
      message: /making .* took longer than hdfs\.callTimeout = 500 ms/,
    });
    await waitFor(() => fs.calls.some((call) => call.startsWith('create')));
    await clock.advance(500);
    await rejected;
    gate.resolve('none');
    await waitFor(() => fs.calls.some((call) => call.startsWith('remove')));
    await sink.close(NEVER);
    assert.deepEqual(fs.names(), []);
  });

  it('says that somebody removed a file', async () => {
    const { sink, fs, context } = make();
    await sink.deliver(lines('a'), NEVER);
    fs.files.clear();
    await sink.close(NEVER);
    assert.deepEqual(
      context.lines.map(({ level, message }) => `${level} ${message}`),
      ['error /l/FlumeData.1001.tmp was removed by somebody, with 1 events in it'],
    );
  });

  for (const hanging of ['create', 'write', 'flush', 'rename'] as const) {
    it(`the signal ends deliveries and close at once, though the file system hangs in a ${hanging}`, async () => {
      const { sink, fs, clock } = make({ 'hdfs.rollCount': 1 });
      fs.fault = (call) => (call === hanging ? new Promise(() => {}) : 'none');
      const deadline = new AbortController();
      const delivery = sink.deliver(lines('a'), deadline.signal).catch((error: unknown) => error);
      for (let i = 0; i < 10; i++) await clock.advance(0);
      const closed = hanging === 'rename' ? sink.close(deadline.signal) : undefined;
      deadline.abort();
      const error = await delivery;
      if (hanging === 'rename') assert.equal(error, undefined);
      else assert.match((error as SluiceError).message, /the time to stop is over/);
      const ended = closed ?? sink.close(deadline.signal);
      for (let i = 0; i < 4; i++) await clock.advance(500);
      await ended;
      await assert.rejects(sink.deliver(lines('b'), deadline.signal), /the time to stop is over/);
    });
  }

  it('close is idempotent, also of a sink that had nothing', async () => {
    const { sink, fs } = make();
    await sink.open();
    await sink.close(NEVER);
    await sink.close(NEVER);
    assert.deepEqual(fs.calls, []);
  });
});
