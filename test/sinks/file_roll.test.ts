import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '../../src/errors.ts';
import { LocalFileSystem } from '../../src/filesystems/file/index.ts';
import { fileRoll } from '../../src/sinks/file_roll.ts';
import { batchOf, batchOfLines } from '../support/batches.ts';
import { MemoryFileSystem } from '../support/memory-file-system.ts';
import { FakeClock, NEVER, sinkContext, sinkOf } from '../support/sinks.ts';
import { useTempDir } from '../support/temp-dir.ts';

const events = batchOf([{ body: 'one' }, { body: '' }, { body: 'drei' }]);

describe('file_roll sink', () => {
  const dir = useTempDir();

  function contents(folder: string): Record<string, string> {
    return Object.fromEntries(
      readdirSync(folder)
        .sort()
        .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
    );
  }

  function make(options: Readonly<Record<string, string | number | boolean>> = {}, clock = new FakeClock(1000)) {
    const context = sinkContext(new LocalFileSystem(), clock);
    return { context, clock, sink: sinkOf(fileRoll, { 'sink.directory': dir(), ...options }, context) };
  }

  it('writes into a file named by the start time and a number', async () => {
    const { sink, context } = make();
    await sink.open();
    await sink.deliver(events, NEVER);
    assert.deepEqual(contents(dir()), { '1000-1': 'one\n\ndrei\n' });
    assert.equal(context.counters.ConnectionCreatedCount, 1);
    assert.equal(context.counters.ConnectionClosedCount, 0);
    await sink.close(NEVER);
    await sink.close(NEVER);
    assert.equal(context.counters.ConnectionClosedCount, 1);
  });

  it('begins a file at each interval, an empty one too, as Flume does', async () => {
    const { sink, clock } = make({ 'sink.rollInterval': 2 });
    await sink.open();
    await sink.deliver(events, NEVER);
    for (const time of [2999, 3000, 3250, 5000, 5250]) {
      clock.time = time;
      await sink.maintain!(time);
    }
    await sink.close(NEVER);
    assert.deepEqual(contents(dir()), { '1000-1': 'one\n\ndrei\n', '1000-2': '', '1000-3': '' });
  });

  it('goes on rolling when the clock was set back', async () => {
    const { sink, clock } = make({ 'sink.rollInterval': 2, 'sink.emptyFiles': false });
    clock.time = 500_000;
    await sink.open();
    await sink.deliver(events, NEVER);
    for (const time of [1000, 2000, 3000, 5000]) {
      clock.time = time;
      await sink.deliver(events, NEVER);
    }
    await sink.close(NEVER);
    assert.equal(Object.keys(contents(dir())).length, 4);
  });

  it('makes no file without events when told so', async () => {
    const { sink, clock } = make({ 'sink.rollInterval': 2, 'sink.emptyFiles': false });
    await sink.open();
    clock.time = 9000;
    await sink.maintain!(clock.time);
    assert.deepEqual(contents(dir()), {});
    await sink.deliver(events, NEVER);
    await sink.close(NEVER);
    assert.deepEqual(contents(dir()), { '1000-1': 'one\n\ndrei\n' });
  });

  it('names files by prefix, extension and, with ROLLTIME, the time of each, counting from 1 in each second', async () => {
    const clock = new FakeClock(new Date(2026, 2, 15, 12, 0, 2).getTime());
    const { sink } = make(
      {
        'sink.pathManager': 'rolltime',
        'sink.pathManager.prefix': 'sentry-',
        'sink.pathManager.extension': 'log',
        'sink.rollInterval': 2,
      },
      clock,
    );
    await sink.open();
    await sink.deliver(events, NEVER);
    clock.time += 3000;
    await sink.maintain!(clock.time);
    await sink.close(NEVER);
    assert.deepEqual(contents(dir()), {
      'sentry-20260315120002-1.log': 'one\n\ndrei\n',
      'sentry-20260315120005-1.log': '',
    });
  });

  it('never writes over a file that is there', async () => {
    writeFileSync(join(dir(), '1000-1'), 'mine');
    const { sink } = make();
    await sink.open();
    await sink.deliver(events, NEVER);
    await sink.close(NEVER);
    assert.deepEqual(contents(dir()), { '1000-1': 'mine', '1000-2': 'one\n\ndrei\n' });
  });

  it('refuses to open without its folder, and opens once it is there', async () => {
    const folder = join(dir(), 'none');
    const { sink } = make({ 'sink.directory': folder });
    await assert.rejects(
      sink.open(),
      (error) => error instanceof SluiceError && error.code === 'FILE_NOT_FOUND' && error.message.includes(folder),
    );
    mkdirSync(folder);
    await sink.open();
    await sink.close(NEVER);
    assert.deepEqual(contents(folder), { '1000-1': '' });
  });

  it('keeps the order of deliveries that overlap', async () => {
    const { sink } = make();
    await sink.open();
    const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`);
    await Promise.all(
      lines.map((_, i) => (i % 5 === 0 ? sink.deliver(batchOfLines(lines.slice(i, i + 5)), NEVER) : undefined)),
    );
    await sink.close(NEVER);
    assert.deepEqual(contents(dir()), { '1000-1': `${lines.join('\n')}\n` });
  });

  it('cuts a file that failed back to what was confirmed, and goes on in the next', async () => {
    const fs = new MemoryFileSystem();
    fs.folders.add('/out');
    const context = sinkContext(fs, new FakeClock(1000));
    const sink = sinkOf(fileRoll, { 'sink.directory': '/out' }, context);
    await sink.open();
    await sink.deliver(batchOf([{ body: 'first' }]), NEVER);
    let failing = true;
    fs.fault = (call) => (call === 'flush' && failing ? 'after' : 'none');
    const second = batchOf([{ body: 'second' }]);
    await assert.rejects(sink.deliver(second, NEVER), /flush \/out\/1000-1/);
    assert.equal(context.counters.EventWriteFail, 1);
    failing = false;
    await sink.deliver(second, NEVER);
    await sink.close(NEVER);
    assert.deepEqual(fs.names(), ['/out/1000-1', '/out/1000-2']);
    assert.equal(fs.text('/out/1000-1'), 'first\n');
    assert.equal(fs.text('/out/1000-2'), 'second\n');
  });

  it('gives up a stalled disk when the time to stop is over', async () => {
    const fs = new MemoryFileSystem();
    fs.folders.add('/out');
    const context = sinkContext(fs, new FakeClock(1000));
    const sink = sinkOf(fileRoll, { 'sink.directory': '/out' }, context);
    await sink.open();
    fs.fault = (call) => (call === 'flush' ? new Promise(() => {}) : 'none');
    const deadline = new AbortController();
    const delivery = sink.deliver(events, deadline.signal);
    deadline.abort();
    await assert.rejects(delivery, /the time to stop is over/);
    await sink.close(deadline.signal);
  });
});
