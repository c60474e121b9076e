import assert from 'node:assert/strict';
import type { FileSystem } from '../../src/component/file-system.ts';
import { SluiceError } from '../../src/errors.ts';
import { FileRegister, type RegisteredFile } from '../../src/formats/file-register.ts';
import { Recovery } from '../../src/formats/recovery.ts';
import { TestCheckpoint } from '../support/checkpoint.ts';
import { FakeClock, memoryLogger } from '../support/context.ts';
import { MemoryFileSystem } from '../support/memory-file-system.ts';

const NEVER = new AbortController().signal;

interface Entry {
  readonly fs?: string;
  readonly path?: string;
  readonly target?: string;
  readonly id?: string;
  readonly state?: string;
  readonly length?: number;
  readonly rows?: number;
}

/** A life of a sink that finds these entries in the checkpoint, over files of these contents. */
function make(entries: readonly Entry[], files: Readonly<Record<string, string>>) {
  const fs = new MemoryFileSystem();
  for (const [path, text] of Object.entries(files)) fs.put(path, text);
  const clock = new FakeClock();
  const log = memoryLogger();
  const defaults = { fs: 'memory:///', path: '/l/x.7.tmp', target: '/l/x.7', state: 'open', length: 4, rows: 2 };
  const checkpoint = new TestCheckpoint({ files: entries.map((entry) => ({ ...defaults, ...entry })) });
  const register = new FileRegister(checkpoint, log);
  let doubts = 0;
  const recovery = new Recovery({
    register,
    clock,
    log,
    fileSystem: (url): FileSystem => {
      if (url.startsWith('gone:')) throw new SluiceError('CONFIG_INVALID', `${url}: unknown scheme gone:`);
      return fs;
    },
    doubtful: () => doubts++,
  });
  const left: readonly RegisteredFile[] = register.open();
  recovery.begin(left);
  const part = (): unknown[] => (checkpoint.take() as { files: unknown[] }).files;
  const pass = async (ms: number): Promise<void> => {
    for (let i = 0; i < 20; i++) await clock.advance(0);
    await clock.advance(ms);
    for (let i = 0; i < 20; i++) await clock.advance(0);
  };
  const texts = (): Record<string, string> => Object.fromEntries(fs.names().map((name) => [name, fs.text(name)]));
  return { fs, clock, log, checkpoint, register, recovery, part, pass, texts, doubts: () => doubts };
}

/** The number that the memory file system gives to the nth file that is put. */
const id = (n: number): string => String(n);

describe('recovery: a file that was open', () => {
  it('is cut to the recorded length and gets its final name', async () => {
    const { pass, texts, part, doubts } = make([{}], { '/l/x.7.tmp': 'a\nb\nlost' });
    await pass(0);
    assert.deepEqual(texts(), { '/l/x.7': 'a\nb\n' });
    assert.deepEqual(part(), []);
    assert.equal(doubts(), 0);
  });

  it('gets the next free name, and that only once a checkpoint has it', async () => {
    const { fs, pass, texts, checkpoint } = make([{}], { '/l/x.7.tmp': 'a\nb\n', '/l/x.7': 'mine', '/l/x.8': 'mine' });
    const targets: unknown[] = [];
    fs.fault = (call) => {
      if (call === 'rename') targets.push((checkpoint.saved as { files: { target: string }[] }).files[0]!.target);
      return 'none';
    };
    await pass(0);
    assert.deepEqual(texts(), { '/l/x.7': 'mine', '/l/x.8': 'mine', '/l/x.9': 'a\nb\n' });
    assert.deepEqual(targets, ['/l/x.7', '/l/x.8', '/l/x.9']);
  });

  it('is only cut where it has its final name from the beginning', async () => {
    const { pass, texts, part } = make([{ target: '/l/x.7.tmp' }], { '/l/x.7.tmp': 'a\nb\nlost' });
    await pass(0);
    assert.deepEqual(texts(), { '/l/x.7.tmp': 'a\nb\n' });
    assert.deepEqual(part(), []);
  });

  it('goes when it has no events', async () => {
    const { pass, texts, part } = make([{ rows: 0, length: 0 }], { '/l/x.7.tmp': 'head of a format' });
    await pass(0);
    assert.deepEqual(texts(), {});
    assert.deepEqual(part(), []);
  });

  it("stays when it has no events and is another's by its number", async () => {
    const { pass, texts, part, log } = make([{ rows: 0, length: 0, id: id(99) }], { '/l/x.7.tmp': 'mine' });
    await pass(0);
    assert.deepEqual(texts(), { '/l/x.7.tmp': 'mine' });
    assert.deepEqual(part(), []);
    assert.match(log.lines.join('\n'), /WARN \/l\/x\.7\.tmp is another's by now/);
  });

  it('is never cut when it is finished already; what may be doubled is said and counted', async () => {
    const { pass, texts, part, log, doubts } = make([{}], { '/l/x.7': 'a\nb\nc\n' });
    await pass(0);
    assert.deepEqual(texts(), { '/l/x.7': 'a\nb\nc\n' });
    assert.deepEqual(part(), []);
    assert.equal(doubts(), 1);
    assert.match(
      log.lines.join('\n'),
      /ERROR \/l\/x\.7 was finished already, with 6 bytes; .* first 4 bytes \(2 events\)/,
    );
  });

  it('that is finished already with the recorded length doubles nothing', async () => {
    const { pass, part, doubts } = make([{}], { '/l/x.7': 'a\nb\n' });
    await pass(0);
    assert.deepEqual(part(), []);
    assert.equal(doubts(), 0);
  });

  it('that is gone is said and counted', async () => {
    const { pass, part, log, doubts } = make([{}], {});
    await pass(0);
    assert.deepEqual(part(), []);
    assert.equal(doubts(), 1);
    assert.match(log.lines.join('\n'), /ERROR \/l\/x\.7\.tmp was removed or renamed by somebody/);
  });

  it('that somebody has shortened is finished as it is; that is said and counted', async () => {
    const { pass, texts, part, log, doubts } = make([{ id: id(1) }], { '/l/x.7.tmp': 'a' });
    await pass(0);
    assert.deepEqual(texts(), { '/l/x.7': 'a' });
    assert.deepEqual(part(), []);
    assert.equal(doubts(), 1);
    assert.match(log.lines.join('\n'), /ERROR \/l\/x\.7\.tmp has only 1 bytes, though 4 \(2 events\) were durable/);
  });
});

describe('recovery: a file that was about to be made', () => {
  const creating = { state: 'creating', length: 0, rows: 0 };

  it('was not: nothing is done', async () => {
    const { pass, part, log } = make([creating], {});
    await pass(0);
    assert.deepEqual(part(), []);
    assert.deepEqual(
      log.lines.filter((text) => !text.startsWith('INFO')),
      [],
    );
  });

  it('was, and is empty: it goes, after a second look', async () => {
    const { pass, part, texts } = make([creating], { '/l/x.7.tmp': '' });
    await pass(0);
    assert.deepEqual(texts(), { '/l/x.7.tmp': '' });
    assert.equal(part().length, 1);
    await pass(2000);
    assert.deepEqual(texts(), {});
    assert.deepEqual(part(), []);
  });

  it("has bytes in it: it is another's and stays", async () => {
    const { pass, part, texts, log } = make([creating], { '/l/x.7.tmp': 'mine' });
    await pass(0);
    assert.deepEqual(texts(), { '/l/x.7.tmp': 'mine' });
    assert.deepEqual(part(), []);
    assert.match(log.lines.join('\n'), /WARN \/l\/x\.7\.tmp is another's/);
  });

  it("gets bytes between two looks: it is another's and stays", async () => {
    const { pass, part, texts, fs } = make([creating], { '/l/x.7.tmp': '' });
    await pass(0);
    fs.put('/l/x.7.tmp', 'mine');
    await pass(2000);
    assert.deepEqual(texts(), { '/l/x.7.tmp': 'mine' });
    assert.deepEqual(part(), []);
  });
});

describe('recovery: a file that was being renamed', () => {
  it('is renamed', async () => {
    const { pass, texts, part } = make([{ state: 'ending' }], { '/l/x.7.tmp': 'a\nb\n' });
    await pass(0);
    assert.deepEqual(texts(), { '/l/x.7': 'a\nb\n' });
    assert.deepEqual(part(), []);
  });

  it('was renamed: done', async () => {
    const { pass, texts, part, doubts } = make([{ state: 'ending' }], { '/l/x.7': 'a\nb\n' });
    await pass(0);
    assert.deepEqual(texts(), { '/l/x.7': 'a\nb\n' });
    assert.deepEqual(part(), []);
    assert.equal(doubts(), 0);
  });

  it('was renamed, and another agent has a file of its name in use by now, known by their numbers', async () => {
    const { pass, texts, part } = make([{ state: 'ending', id: id(1) }], { '/l/x.7': 'a\nb\n', '/l/x.7.tmp': 'mine' });
    await pass(0);
    assert.deepEqual(texts(), { '/l/x.7': 'a\nb\n', '/l/x.7.tmp': 'mine' });
    assert.deepEqual(part(), []);
  });

  it('was renamed, and another agent has a longer file of its name in use by now, where there are no numbers', async () => {
    const { pass, texts } = make([{ state: 'ending' }], { '/l/x.7': 'a\nb\n', '/l/x.7.tmp': 'mine!' });
    await pass(0);
    assert.deepEqual(texts(), { '/l/x.7': 'a\nb\n', '/l/x.7.tmp': 'mine!' });
  });

  it('was not, and another agent has a file of its final name and length, known by their numbers', async () => {
    const files = { '/l/x.7': 'mine', '/l/x.7.tmp': 'a\nb\n' };
    const { pass, texts } = make([{ state: 'ending', id: id(2) }], files);
    await pass(0);
    assert.deepEqual(texts(), { '/l/x.7': 'mine', '/l/x.8': 'a\nb\n' });
  });
});

describe('recovery: trouble', () => {
  it('is waited out for ever, with one line for many files, and the files stay in the checkpoint', async () => {
    const entries = Array.from({ length: 30 }, (_, i) => ({ path: `/l/${i}.tmp`, target: `/l/${i}` }));
    const { fs, pass, part, log, texts } = make(
      entries,
      Object.fromEntries(entries.map(({ path }) => [path, 'a\nb\nlost'])),
    );
    fs.error = () => new SluiceError('CONNECTION_FAILED', 'namenode:9870');
    fs.fault = () => 'before';
    await pass(25_000);
    assert.equal(part().length, 30);
    assert.equal(log.lines.filter((text) => text.startsWith('WARN')).length, 1);
    assert.match(log.lines.at(-1)!, /with 29 others; it is tried again in .* s: .*namenode:9870/);
    await pass(600_000);
    fs.fault = () => 'none';
    await pass(30_000);
    assert.deepEqual(part(), []);
    assert.deepEqual(texts(), Object.fromEntries(entries.map(({ target }) => [target, 'a\nb\n'])));
  });

  it('of a file system that there is not any more keeps the entry, and says so', async () => {
    const gone = { fs: 'gone://host/', path: '/l/y.tmp', target: '/l/y' };
    const { pass, texts, part, log } = make([gone, {}], { '/l/x.7.tmp': 'a\nb\n' });
    await pass(60_000);
    assert.deepEqual(texts(), { '/l/x.7': 'a\nb\n' });
    assert.deepEqual(part(), [{ ...gone, state: 'open', length: 4, rows: 2 }]);
    assert.match(log.lines.join('\n'), /WARN \/l\/y\.tmp, left by a crash, is not finished yet.*unknown scheme gone:/);
  });

  it('at the end of the sink leaves the entries to the next life', async () => {
    const { fs, pass, part, recovery, clock, log } = make([{}], { '/l/x.7.tmp': 'a\nb\nlost' });
    fs.fault = () => 'before';
    await pass(1000);
    let isOver = false;
    const ended = recovery.end(NEVER).then(() => {
      isOver = true;
    });
    while (!isOver) await clock.advance(250);
    await ended;
    fs.fault = () => 'none';
    await pass(60_000);
    assert.equal(part().length, 1);
    assert.equal(fs.text('/l/x.7.tmp'), 'a\nb\nlost');
    assert.match(log.lines.at(-1)!, /WARN 1 files of the time before are left to the next start/);
  });

  it('of entries that are not understood is said, and does not stop the others', async () => {
    const { pass, texts, part, log } = make([{ state: 'frozen' }, { length: -1 }, {}], { '/l/x.7.tmp': 'a\nb\nlost' });
    await pass(0);
    assert.deepEqual(texts(), { '/l/x.7': 'a\nb\n' });
    assert.deepEqual(part(), []);
    assert.equal(log.lines.filter((text) => /ERROR .* is not understood/.test(text)).length, 2);
  });
});
