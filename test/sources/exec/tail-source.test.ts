import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { bind } from '../../../src/options/bind.ts';
import { execSource } from '../../../src/sources/exec/index.ts';
import { TestCheckpoint } from '../../support/checkpoint.ts';
import { useTempDir } from '../../support/temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { SourceRun } from '../harness.ts';

/** What Flume makes of the output of a command: lines end with LF, CR or both; what is no UTF-8 becomes U+FFFD. */
function linesOf(output: Buffer): string[] {
  const lines = output.toString('utf8').split(/\r\n|\n|\r/);
  lines.pop();
  return lines;
}

describe('exec that is a tail', () => {
  const dir = useTempDir();
  const runs: SourceRun[] = [];

  afterEach(async () => {
    for (const run of runs.splice(0)) await run.stop().catch(() => {});
  });

  const log = (name = 'app.log') => join(dir(), name);

  function make(command: string, options: Record<string, string> = {}, checkpoint = new TestCheckpoint()): SourceRun {
    const stateDir = stateOf(runs.length);
    const run = new SourceRun(execSource, { command, ...options }, { stateDir, checkpoint });
    runs.push(run);
    return run;
  }

  function start(
    command: string,
    options: Record<string, string> = {},
    checkpoint?: TestCheckpoint,
  ): Promise<SourceRun> {
    return make(command, options, checkpoint).start();
  }

  /** Each run is the first life of an agent of its own. */
  function stateOf(run: number): string {
    const path = join(dir(), `state${run}`);
    mkdirSync(path, { recursive: true });
    return path;
  }

  const isNative = (run: SourceRun) => run.log.lines.some((line) => line.includes('no command is run'));

  function replays(options: Record<string, string>): boolean {
    const raw = new Map(Object.entries(options).map(([key, text]) => [key, { text }]));
    return execSource.replays(bind(execSource, raw, 'source r', () => ({ known: [] })).values);
  }

  it('joins tracebacks to the line before, when told to', async () => {
    const text =
      "00:00:00 [ERROR] a: b\nTraceback (most recent call last):\n  File 'a'\nKeyError: 1\n00:00:01 [INFO] c: d\n";
    writeFileSync(log(), text);
    const options = { multiline: 'sentry', 'multiline.timeout': '50' };
    const run = await start(`tail -n +1 -F ${log()}`, options);
    await run.out.waitForRows(2);
    assert.deepEqual(run.out.bodies(), [text.split('\n').slice(0, 4).join('\n'), '00:00:01 [INFO] c: d']);
    await run.stop();
  });

  it('refuses to join what a command prints, and two patterns at once', () => {
    const problems = (settings: Record<string, string>) => {
      const raw = new Map(Object.entries(settings).map(([key, text]) => [key, { text }]));
      return bind(execSource, raw, 'source r', () => ({ known: [] })).problems.map(({ message }) => message);
    };
    assert.deepEqual(problems({ command: 'tail -F /tmp/a', multiline: 'sentry' }), []);
    assert.match(problems({ command: 'cat /tmp/a', multiline: 'sentry' }).join(), /only the lines of a tail/);
    const both = problems({ command: 'tail -F /tmp/a', multiline: 'java', 'multiline.start': '^a' });
    assert.match(both.join(), /patterns of its own/);
  });

  it('begins with the lines that the real tail prints, and goes on', async () => {
    const part = fc.constantFrom('\n', '\n', '\n', '\r\n', '\r', 'a', 'line', 'é', '\xff', 'x'.repeat(2000));
    const count = fc.tuple(fc.constantFrom('', '+'), fc.nat(30)).map((parts) => parts.join(''));
    const option = fc.oneof(
      fc.constant([]),
      fc.tuple(fc.constantFrom('-n', '-c'), count).map((parts) => [...parts]),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 40 }), option, async (parts, options) => {
        const text = Buffer.from(parts.join(''), 'latin1');
        writeFileSync(log(), text);
        const printed = execFileSync('tail', [...options, log()]);
        const expected = linesOf(Buffer.concat([printed, Buffer.from('END\n')]));
        // To begin between the two bytes of a line end is not to begin with an empty line.
        const before = text[text.length - printed.length - 1];
        if (before === 0x0d && printed[0] === 0x0a) expected.shift();
        const run = await start(['tail', ...options, '-F', log()].join(' '));
        appendFileSync(log(), 'END\n');
        await run.out.waitForRows(expected.length);
        await run.stop();
        assert.deepEqual(run.out.bodies(), expected);
        assert.ok(isNative(run));
      }),
      { numRuns: 80 },
    );
  });

  it('makes the events of exec: no headers, no counters but those of exec', async () => {
    writeFileSync(log(), 'a\nb\n');
    const run = await start(`tail -F ${log()}`);
    await run.out.waitForRows(2);
    assert.deepEqual(run.out.headers(), [{}, {}]);
    assert.equal(run.counters.EventReceivedCount, 2);
    assert.equal(run.counters.AppendBatchReceivedCount, 0);
    assert.equal(run.counters.AppendBatchAcceptedCount, 0);
  });

  it('writes U+FFFD or a question mark for what is no text', async () => {
    writeFileSync(log(), Buffer.from('caf\xe9\nok\n', 'latin1'));
    const utf8 = await start(`tail -F ${log()}`);
    await utf8.out.waitForRows(2);
    assert.deepEqual(utf8.out.bodies('hex'), [Buffer.from('caf\ufffd').toString('hex'), '6f6b']);
    const ascii = await start(`tail -F ${log()}`, { charset: 'US-ASCII' });
    await ascii.out.waitForRows(2);
    assert.deepEqual(ascii.out.bodies(), ['caf?', 'ok']);
  });

  it('says what it does', async () => {
    writeFileSync(log(), '');
    const run = await start(`tail -F ${log()} ${log('b')}`);
    const lines = run.log.lines.filter((line) => !line.includes('Opening file'));
    assert.deepEqual(lines, [
      `INFO Exec source starting with command: tail -F ${log()} ${log('b')}`,
      `INFO no command is run: Sluice itself reads ${log()}, ${log('b')} and keeps its positions in ${stateOf(0)}; nativeTail = false runs the command`,
      'INFO the lines ==> FILE <== that tail prints between the files are left out',
      `WARN ${log('b')} is not there yet; it is waited for`,
    ]);
  });

  for (const flag of ['-f', '-F', '--follow=name --retry', '--follow=descriptor']) {
    it(`follows the name with ${flag}, and reads the old file to its end`, async () => {
      writeFileSync(log(), 'one\n');
      const run = await start(`tail ${flag} ${log()}`);
      await run.out.waitForRows(1);
      renameSync(log(), log('app.log.1'));
      appendFileSync(log('app.log.1'), 'two\n');
      await run.out.waitForRows(2);
      writeFileSync(log(), 'three\n');
      await run.out.waitForRows(3);
      appendFileSync(log('app.log.1'), 'four\n');
      await run.out.waitForRows(4);
      assert.deepEqual(run.out.bodies(), ['one', 'two', 'three', 'four']);
    });
  }

  it('reads a file that is copied and cut', async () => {
    writeFileSync(log(), 'one\ntwo\n');
    const run = await start(`tail -F ${log()}`);
    await run.out.waitForRows(2);
    copyFileSync(log(), log('app.log.1'));
    truncateSync(log());
    await waitFor(() => run.log.lines.some((line) => line.includes('was cut')));
    appendFileSync(log(), 'three\n');
    await run.out.waitForRows(3);
    assert.deepEqual(run.out.bodies(), ['one', 'two', 'three']);
  });

  it('reads only the files that are named', async () => {
    writeFileSync(log('appxlog'), 'no\n');
    writeFileSync(log('app.log.1'), 'no\n');
    writeFileSync(log(), 'yes\n');
    const run = await start(`tail -F ${log()}`);
    writeFileSync(log('app.log.2'), 'no\n');
    appendFileSync(log(), 'end\n');
    await run.out.waitForRows(2);
    assert.deepEqual(run.out.bodies(), ['yes', 'end']);
  });

  it('waits for a file, says so once, and reads it from its start', async () => {
    const run = await start(`tail -n 1 -f ${log()}`);
    writeFileSync(log(), 'one\ntwo\n');
    await run.out.waitForRows(2);
    assert.deepEqual(run.out.bodies(), ['one', 'two']);
    assert.equal(run.log.lines.filter((line) => line.startsWith('WARN')).length, 1);
  });

  it('waits for a folder', async () => {
    const run = await start(`tail -n 1 -F ${log('new/app.log')}`);
    mkdirSync(log('new'));
    writeFileSync(log('new/app.log'), 'one\ntwo\n');
    await run.out.waitForRows(2);
    assert.deepEqual(run.out.bodies(), ['one', 'two']);
  });

  it('takes a name without a folder as the command would', async () => {
    writeFileSync(log(), 'one\n');
    const run = await start(`tail -F ${relative(process.cwd(), log())}`);
    await run.out.waitForRows(1);
  });

  it('reads several files, without the titles of tail', async () => {
    writeFileSync(log('a'), 'a1\na2\n');
    mkdirSync(log('sub'));
    writeFileSync(log('sub/b'), 'b1\nb2\n');
    const run = await start(`tail -n 1 -F ${log('a')} ${log('sub/b')} ${log('a')}`);
    await run.out.waitForRows(2);
    appendFileSync(log('sub/b'), 'b3\n');
    await run.out.waitForRows(3);
    assert.deepEqual(run.out.bodies().sort(), ['a2', 'b2', 'b3']);
  });

  it('takes a CRLF whose halves came apart for one line end', async () => {
    writeFileSync(log(), 'one\r');
    const run = await start(`tail -F ${log()}`);
    await run.out.waitForRows(1);
    appendFileSync(log(), '\ntwo\r\n');
    await run.out.waitForRows(2);
    assert.deepEqual(run.out.bodies(), ['one', 'two']);
  });

  it('writes down where it begins before the first line is out', async () => {
    writeFileSync(log(), '1\n2\n3\n');
    const checkpoint = new TestCheckpoint();
    const run = make(`tail -n 1 -F ${log()}`, {}, checkpoint);
    let committed = 0;
    const commit = checkpoint.commit.bind(checkpoint);
    checkpoint.commit = async () => {
      await commit();
      committed++;
    };
    const before: number[] = [];
    run.out.before = () => {
      before.push(committed);
    };
    await run.start();
    await run.out.waitForRows(1);
    appendFileSync(log(), '4\n');
    await run.out.waitForRows(2);
    assert.deepEqual(before, [1, 1]);
    assert.deepEqual(run.out.bodies(), ['3', '4']);
  });

  it('runs the command with nativeTail = false', async () => {
    writeFileSync(log('a'), 'a\n');
    writeFileSync(log('b'), 'b\n');
    const command = `tail -F ${log('a')} ${log('b')}`;
    const run = await start(command, { nativeTail: 'false' });
    await run.out.waitForRows(5);
    assert.deepEqual(run.out.bodies(), [`==> ${log('a')} <==`, 'a', '', `==> ${log('b')} <==`, 'b']);
    assert.ok(!isNative(run));
    assert.equal(replays({ command, nativeTail: 'false' }), false);
    assert.equal(replays({ command }), true);
  });

  it('runs a command that is more than a tail', async () => {
    writeFileSync(log(), 'no\nyes\n');
    const commands = [
      `tail -F ${log()} | grep --line-buffered yes`,
      `f=${log()}; tail -n 1 -F $f`,
      `tail -n 1 -F ${log()} 2>/dev/null`,
      `tail -n 1 -f - < ${log()}`,
    ];
    for (const command of commands) {
      const run = await start(command, { shell: '/bin/sh -c' });
      await run.out.waitForRows(1);
      assert.deepEqual(run.out.bodies(), ['yes'], command);
      assert.ok(!isNative(run), command);
      assert.equal(replays({ command, shell: '/bin/sh -c' }), false);
      await run.stop();
    }
    const once = await start(`tail -n 1 ${log()}`);
    await once.ended();
    assert.deepEqual(once.out.bodies(), ['yes']);
  });

  it('runs the command for what is no regular file', async () => {
    execFileSync('mkfifo', [log('pipe')]);
    const run = await start(`tail -F ${log('pipe')}`);
    assert.ok(!isNative(run));
    appendFileSync(log('pipe'), 'through\n');
    await run.out.waitForRows(1);
    assert.deepEqual(run.out.bodies(), ['through']);
    assert.ok(!isNative(await start('tail -F /dev/null')));
  });

  it('serves a plain tail in a shell', async () => {
    mkdirSync(log('my logs'));
    writeFileSync(log('my logs/app.log'), 'one\n');
    const run = await start(`exec tail -F "${log('my logs/app.log')}"`, { shell: '/bin/bash -c' });
    await run.out.waitForRows(1);
    assert.ok(isNative(run));
  });

  it('reads no further than there is room, and what it has read before a stop is delivered', async () => {
    writeFileSync(log(), `${'x'.repeat(99)}\n`.repeat(200_000));
    const run = make(`tail -n +1 -F ${log()}`);
    const gate = Promise.withResolvers<void>();
    let asked = 0;
    run.out.before = async () => {
      if (++asked === 2) await gate.promise;
    };
    await run.start();
    await waitFor(() => asked === 2);
    const stopped = run.stop();
    gate.resolve();
    await stopped;
    assert.ok(asked < 10, `${asked} batches`);
    const { rows } = run.out;
    rmSync(log());
    assert.ok(rows > 0 && rows < 200_000);
  });
});
