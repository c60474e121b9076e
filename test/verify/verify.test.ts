import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Checkpoint } from '../../src/agent/checkpoint.ts';
import { checkpointPath } from '../../src/agent/checkpoint-file.ts';
import { systemClock } from '../../src/agent/clock.ts';
import { DirectoryLock } from '../../src/component/directory-lock.ts';
import { LocalFileSystem } from '../../src/filesystems/file/index.ts';
import { renderReport } from '../../src/verify/render.ts';
import type { Report } from '../../src/verify/report.ts';
import { verifyState } from '../../src/verify/verify.ts';
import { memoryLogger } from '../support/context.ts';
import { freePort } from '../support/free-port.ts';
import { runSluice, startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const disk = new LocalFileSystem();
const look = (_url: string, path: string) => disk.stat(path);

describe('sluice verify', () => {
  const temp = useTempDir();
  const state = (): string => join(temp(), 'state');

  beforeEach(() => mkdirSync(state()));

  function file(name: string, content: string): string {
    const path = join(temp(), name);
    writeFileSync(path, content);
    return path;
  }

  function idOf(path: string): string {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  }

  /** Writes two checkpoints with these parts. */
  async function remember(parts: Readonly<Record<string, unknown>>): Promise<void> {
    const checkpoint = new Checkpoint({ dir: state(), agent: 'a1', clock: systemClock, log: memoryLogger() });
    await checkpoint.load();
    for (const [name, part] of Object.entries(parts)) checkpoint.part(name).provide(() => JSON.stringify(part));
    await checkpoint.commit();
    await checkpoint.commit();
    await checkpoint.close();
  }

  function input(path: string, pos: number, more: object = {}): object {
    return { id: existsSync(path) ? idOf(path) : '1:2', path, pos, size: pos, ...more };
  }

  function output(path: string, length: number, more: object = {}): object {
    return { fs: 'file:///', path, target: path.replace('.tmp', ''), state: 'open', length, rows: 3, ...more };
  }

  /** What it says to people and to machines; nothing below the state directory may change. */
  async function verify(): Promise<{ code: number; text: string; report: Report }> {
    const stamps = (): unknown[] => readdirSync(state()).map((name) => [name, statSync(join(state(), name)).mtimeMs]);
    const before = stamps();
    const report = await verifyState({ stateDir: state(), look, clock: systemClock });
    assert.deepEqual(stamps(), before);
    return { code: report.verdict === 'sound' ? 0 : 1, text: renderReport(report), report };
  }

  /** The same by the command. */
  async function command(...args: string[]): Promise<{ code: number | undefined; text: string }> {
    const child = await runSluice(['verify', '--state-dir', state(), ...args]);
    assert.equal(child.stderr, '');
    return { code: child.code, text: child.stdout };
  }

  it('says that all is sound, whose state it is, and how old', async () => {
    const log = file('a.log', '0123456789');
    await remember({ 'source.r1': { version: 1, files: [input(log, 10)] }, 'sink.k1': { files: [] } });
    const { code, text, report } = await verify();
    assert.equal(code, 0, text);
    assert.match(text, /^State of agent a1 in .*state\nHeld by nobody: no agent runs with it/);
    assert.match(
      text,
      /\nCheckpoint 2, written \d s ago, in .*checkpoint\.0: sound\n.*checkpoint\.1: sound, number 1\n/,
    );
    assert.match(text, /\nsource r1: 1 file, all delivered\n {2}.*a\.log: at byte 10 of 10\n/);
    assert.match(text, /\nAll of it is sound\.\n$/);
    assert.equal(report.verdict, 'sound');
    assert.deepEqual(report.problems, []);
    assert.equal(report.checkpoint?.sequence, 2);
  });

  it('says where each input stands: what is to go, what was renamed, cut, removed', async () => {
    const grown = file('grown.log', 'x'.repeat(1500));
    const renamed = file('old.log', 'x'.repeat(100));
    const cut = file('cut.log', 'x'.repeat(100));
    const gone = file('gone.log', 'x');
    const part = {
      version: 1,
      files: [
        input(grown, 300, { settled: { c1: [100, 50] } }),
        input(renamed, 60),
        input(cut, 100),
        input(gone, 5, { size: 25 }),
      ],
    };
    await remember({ 'source.r1': part });
    renameSync(renamed, join(temp(), 'old.log.1'));
    truncateSync(cut, 20);
    rmSync(gone);
    const { code, text, report } = await verify();
    assert.equal(code, 1);
    assert.match(text, /source r1: 4 files, 1,280 bytes to go/);
    assert.match(
      text,
      /grown\.log: at byte 300 of 1,500, 1,200 bytes to go, up to 50 bytes of it durable on some ways/,
    );
    assert.match(text, /old\.log: at byte 60 of 100, 40 bytes to go, renamed to .*old\.log\.1/);
    assert.match(text, /cut\.log: at byte 100 of 20, 20 bytes to go, it is shorter than it was: .*from its beginning/);
    assert.match(
      text,
      /One thing wants looking after:\n- source\.r1: .*gone\.log is gone, and its last 20 bytes were not delivered/,
    );
    assert.equal(report.inputs.length, 4);
  });

  it('says what becomes of each unfinished output at the next start, and changes none', async () => {
    const longer = file('longer.tmp', '0123456789');
    const whole = file('whole.tmp', '0123');
    const empty = file('empty.tmp', '');
    const anothers = file('anothers.tmp', 'x');
    file('done', '0123');
    const part = {
      files: [
        output(longer, 4),
        output(whole, 4, { state: 'ending' }),
        output(empty, 0, { state: 'creating', rows: 0 }),
        output(anothers, 0, { state: 'creating', rows: 0 }),
        output(join(temp(), 'done.tmp'), 4, { state: 'ending' }),
        output(join(temp(), 'never.tmp'), 0, { rows: 0 }),
      ],
    };
    await remember({ 'sink.k1': part });
    const { code, text } = await verify();
    assert.equal(code, 0, text);
    assert.match(text, /sink k1: 6 unfinished files/);
    assert.match(
      text,
      /longer\.tmp: 4 bytes durable \(3 events\); will be cut from 10 to 4 bytes and renamed to .*longer\n/,
    );
    assert.match(text, /whole\.tmp: .*; will be renamed to .*whole\n/);
    assert.match(text, /empty\.tmp: .*will be removed as it is empty\n/);
    assert.match(text, /anothers\.tmp: .*; is another's: .*leaves it alone\n/);
    assert.match(text, /done\.tmp: .*; is finished as .*done\n/);
    assert.equal(readFileSync(longer, 'latin1'), '0123456789');
    assert.ok(existsSync(empty));
  });

  it('wants an operator for outputs that lost bytes, are gone, or were finished with more than was known', async () => {
    const short = file('short.tmp', '01');
    file('more', '0123456789');
    const part = {
      files: [
        output(short, 4, { id: idOf(short).split(':')[1] }),
        output(join(temp(), 'lost.tmp'), 4),
        output(join(temp(), 'more.tmp'), 4),
      ],
    };
    await remember({ 'sink.k1': part });
    const { code, report } = await verify();
    assert.equal(code, 1);
    assert.equal(report.problems.length, 3);
    assert.match(report.problems[0]!, /short\.tmp has only 2 bytes, though 4 \(3 events\) were durable/);
    assert.match(report.problems[1]!, /lost\.tmp is neither there nor finished as .*lost: .*it held 3 events/);
    assert.match(report.problems[2]!, /more was finished with 10 bytes, of which the checkpoint knows 4/);
  });

  it('says who holds the directory, and tells one that was killed from one that runs', async () => {
    await remember({});
    const lock = await DirectoryLock.take(state(), 'agent a1', '');
    assert.match((await verify()).text, new RegExp(`Held by agent a1, process ${process.pid}, since \\d{4}-`));
    const path = join(state(), 'sluice-in_use.lock');
    writeFileSync(path, readFileSync(path, 'utf8').replace(`"pid":${process.pid}`, '"pid":4194305'));
    const { code, text, report } = await verify();
    assert.match(text, /Held by nobody: agent a1, process 4194305, .* was killed/);
    assert.equal(report.holder?.alive, false);
    assert.equal(code, 0);
    await lock.release();
  });

  it('names a damaged checkpoint, the one that counts then, and what was put aside', async () => {
    await remember({ 'source.r1': { version: 1, files: [] } });
    truncateSync(checkpointPath(state(), 2), 30);
    const { code, text } = await verify();
    assert.equal(code, 1);
    assert.match(text, /Checkpoint 1, .*checkpoint\.1: sound/);
    assert.match(text, /- .*checkpoint\.0: it is /);
    renameSync(checkpointPath(state(), 2), `${checkpointPath(state(), 2)}.damaged`);
    const after = await verify();
    assert.equal(after.code, 1);
    assert.match(after.text, /checkpoint\.0\.damaged was put aside as damaged/);
  });

  it('is content with a directory that no agent has written to, and with parts that it does not know', async () => {
    const empty = await verify();
    assert.equal(empty.code, 0, empty.text);
    assert.match(empty.text, /No checkpoint\n/);
    const odd = { 'source.r1': 7, 'sink.k1': { files: [null, 1, { path: 3 }] }, 'channel.c1': null, 'thing.x': ['?'] };
    await remember(odd);
    const { code, report } = await verify();
    assert.equal(code, 0);
    assert.deepEqual(report.others, ['source.r1', 'channel.c1', 'thing.x']);
  });

  it('with a configuration, finds what removed components have left', async () => {
    const path = file('x.tmp', '0123');
    await remember({ 'sink.old': { files: [output(path, 4)] } });
    const conf = file(
      'flume.conf',
      'a1.sources = r\na1.channels = c\na1.sources.r.type = seq\na1.sources.r.channels = c\na1.channels.c.type = memory\n',
    );
    const { code, text } = await command('-n', 'a1', '-f', conf, '--json');
    assert.equal(code, 1);
    const report = JSON.parse(text) as Report;
    assert.match(report.problems[0]!, /There is no sink old in this configuration any more; .*1 unfinished file/);
  });

  it('ends with 2 for wrong usage, and when there is nothing to read; says what is missing', async () => {
    for (const [args, message] of [
      [[], /Name the directory with --state-dir DIR, or the agent with -n NAME/],
      [['--state-dir', '/x', '-f', 'f'], /name the agent with -n NAME, too/],
      [['--statedir', '/x'], /did you mean --state-dir\?/],
      [['--state-dir', join(temp(), 'nowhere')], /The state directory cannot be used: .*nowhere/],
    ] as const) {
      const child = await runSluice(['verify', ...args]);
      assert.equal(child.code, 2, child.log());
      assert.match(child.stderr, message);
    }
    const help = await runSluice(['verify', '--help']);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /changes nothing[\s\S]*Exit codes: 0 all of it is sound/);
  });

  it('reads the state of an agent at work, and of one that was killed', async () => {
    const log = file('app.log', 'one\ntwo\nthree\n');
    const lake = join(temp(), 'lake');
    mkdirSync(lake);
    const agent = await startSluice({
      name: 'a1',
      dir: temp(),
      stateDir: state(),
      conf: `a1.sources = r
a1.channels = c
a1.sinks = k
a1.sources.r.type = TAILDIR
a1.sources.r.filegroups = g
a1.sources.r.filegroups.g = ${log}
a1.sources.r.positionFile = ${join(temp(), 'positions.json')}
a1.sources.r.channels = c
a1.channels.c.type = memory
a1.sinks.k.type = hdfs
a1.sinks.k.hdfs.path = file://${lake}
a1.sinks.k.hdfs.fileType = DataStream
a1.sinks.k.channel = c
`,
      ready: /SOURCE, name: r started/,
    });
    const standing = /source r: 1 file, all delivered\n.*app\.log: at byte 14 of 14/;
    let seen = '';
    for (let tries = 0; tries < 50 && !standing.test(seen); tries++)
      seen = (await runSluice(['verify', '--state-dir', state()])).stdout;
    assert.match(seen, standing);
    assert.match(seen, new RegExp(`Held by agent a1, process ${agent.pid}, `));
    assert.match(seen, /sink k: 1 unfinished file\n.*\.tmp: 14 bytes durable \(3 events\); is open/);
    await agent.kill();
    const { code, text } = await command();
    assert.equal(code, 0, text);
    assert.match(text, /was killed/);
    assert.match(text, /14 bytes durable \(3 events\); will be renamed to .*FlumeData\.\d+\n/);
  });

  it('says what is queued in a file channel, and whether that is sound', async () => {
    const log = file('app.log', Array.from({ length: 5000 }, (_, i) => `line ${i}\n`).join(''));
    const [checkpointDir, dataDir] = [join(temp(), 'fc', 'checkpoint'), join(temp(), 'fc', 'data')];
    const agent = await startSluice({
      name: 'a1',
      dir: temp(),
      stateDir: state(),
      conf: `a1.sources = r
a1.channels = c
a1.sinks = k
a1.sources.r.type = TAILDIR
a1.sources.r.filegroups = g
a1.sources.r.filegroups.g = ${log}
a1.sources.r.positionFile = ${join(temp(), 'positions.json')}
a1.sources.r.channels = c
a1.channels.c.type = file
a1.channels.c.checkpointDir = ${checkpointDir}
a1.channels.c.dataDirs = ${dataDir}
a1.channels.c.minimumRequiredSpace = 0
a1.sinks.k.type = avro
a1.sinks.k.hostname = 127.0.0.1
a1.sinks.k.port = ${await freePort()}
a1.sinks.k.channel = c
`,
    });
    // Nobody listens: the events stay where they are.
    const queued = /channel c: 5,000 events queued in 1 segment, [\d,]+ bytes on disk\n/;
    await waitFor(async () => queued.test((await verify()).text), { what: 'events in the channel', timeoutMs: 15_000 });
    assert.equal((await verify()).code, 0);
    await agent.kill();
    const killed = await verify();
    assert.equal(killed.code, 0, killed.text);
    assert.match(killed.text, queued);
    assert.match(killed.text, /source r: 1 file, all delivered/);
    const segment = readdirSync(dataDir).find((name) => statSync(join(dataDir, name)).size > 40_000)!;
    const bytes = readFileSync(join(dataDir, segment));
    bytes[20_000]! ^= 1;
    writeFileSync(join(dataDir, segment), bytes);
    const damaged = await verify();
    assert.equal(damaged.code, 1);
    assert.ok(damaged.report.problems.some((problem) => problem.startsWith(`channel.c: ${join(dataDir, segment)}: `)));
    rmSync(dataDir, { recursive: true });
    const missing = await verify();
    assert.equal(missing.code, 1);
    assert.match(missing.text, /- channel\.c: .*data/);
  });
});
