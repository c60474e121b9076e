import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SluiceError } from '../../../src/errors.ts';
import { execSource } from '../../../src/sources/exec/index.ts';
import { useTempDir } from '../../support/temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { SourceRun } from '../harness.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/flume/exec');

function recorded(name: string): string[] {
  const lines = readFileSync(join(FIXTURES, name, 'expected/events.k.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean);
  return lines.map((line) => String((JSON.parse(line) as { body: string }).body));
}

function make(options: Record<string, string>): SourceRun {
  return new SourceRun(execSource, options, { stateDir: tmpdir() });
}

function start(command: string, options: Record<string, string> = {}): Promise<SourceRun> {
  return make({ command, ...options }).start();
}

/** Runs a shell command to its end. */
async function collect(command: string, options: Record<string, string> = {}): Promise<SourceRun> {
  const run = await start(command, { shell: '/bin/sh -c', ...options });
  await run.ended();
  return run;
}

describe('exec source', () => {
  const dir = useTempDir();

  it('passes the recorded case lines', async () => {
    const run = await start(`cat ${join(FIXTURES, 'lines/input/in')}`);
    await run.ended();
    assert.deepEqual(run.out.bodies(), recorded('lines'));
    // What is no UTF-8 has become U+FFFD in the body itself, not only in this test's reading of it.
    assert.ok(run.out.bodies('hex').includes(Buffer.from('caf\ufffd latin-1').toString('hex')));
    assert.equal(run.counters.EventReceivedCount, 12);
    assert.match(run.log.lines.join('\n'), /INFO Command \[cat .*\/in\] exited with 0/);
  });

  it('passes the recorded case no-shell', async () => {
    const run = await start("echo 'two words' | wc -l *.x $HOME \\n");
    await run.ended();
    assert.deepEqual(run.out.bodies(), recorded('no-shell'));
  });

  it('passes the recorded case shell', async () => {
    const run = await collect('for i in 1 2 3; do echo "line $i"; done | tac; echo err >&2');
    assert.deepEqual(run.out.bodies(), recorded('shell'));
    const log = readFileSync(join(FIXTURES, 'shell/expected/log.txt'), 'utf8').trim().replaceAll('ExecSource - ', '');
    assert.equal(run.log.lines.join('\n'), log);
  });

  it('passes the recorded case restart', async () => {
    const run = await start('echo again', { restart: 'true', restartThrottle: '5' });
    await run.out.waitForRows(3);
    await run.stop();
    assert.deepEqual(run.out.bodies().slice(0, 3), recorded('restart'));
    assert.ok(run.log.lines.includes('INFO Restarting in 5ms, exit code 0'));
  });

  it('takes a CR, an LF and both for one line end, also where the pipe parts them', async () => {
    const run = await collect("printf 'a\\r'; sleep 0.05; printf '\\nb\\rc\\n\\r\\nd\\r'; sleep 0.05; printf 'e'");
    assert.deepEqual(run.out.bodies(), ['a', 'b', 'c', '', 'd', 'e']);
  });

  it('hands on what is there while the command pauses', async () => {
    const run = await start('echo now; exec sleep 1000', { shell: '/bin/sh -c' });
    await run.out.waitForRows(1);
    await run.stop();
    assert.deepEqual(run.out.bodies(), ['now']);
  });

  it('lets other charsets pass, and writes ? for what is no ASCII', async () => {
    const latin = await collect("printf 'caf\\351\\n'", { charset: 'ISO-8859-1' });
    assert.deepEqual(latin.out.bodies('hex'), ['636166e9']);
    const ascii = await collect("printf 'caf\\351\\n'", { charset: 'US-ASCII' });
    assert.deepEqual(ascii.out.bodies(), ['caf?']);
    assert.throws(() => make({ command: 'x', charset: 'no-such' }), /no charset "no-such"/);
    assert.throws(() => make({ command: 'x', charset: 'UTF-16LE' }), /not supported/);
  });

  it('writes U+FFFD for what is no UTF-8, as often as Java does', async () => {
    const run = await collect("printf '\\355\\240\\200\\n\\355\\277x\\n\\360\\237\\n\\377\\303(\\n'", {});
    assert.deepEqual(run.out.bodies(), ['\ufffd', '\ufffdx', '\ufffd', '\ufffd\ufffd(']);
  });

  it('says why a command cannot be started', async () => {
    await assert.rejects(start('/no/such/command x'), (error: SluiceError) => {
      assert.equal(error.code, 'COMMAND_FAILED');
      assert.match(error.message, /\/no\/such\/command cannot be started/);
      return true;
    });
  });

  it('tries a command that cannot be started again when restart is set', async () => {
    const run = make({ command: '/no/such', restart: 'true', restartThrottle: '5' });
    const started = run.start();
    await waitFor(() => run.log.lines.filter((line) => line.startsWith('INFO Restarting in 5ms')).length >= 2);
    await run.stop();
    await started;
    assert.ok(run.log.lines.some((line) => line.startsWith('ERROR Failed while running command: /no/such')));
  });

  it('gives 128 + n for a command that a signal ended', async () => {
    const run = await collect('echo x; kill -9 $$');
    assert.ok(run.log.lines.some((line) => line.endsWith('exited with 137')));
  });

  it('ends the command with all its children when it stops', async () => {
    const pids = join(dir(), 'pids');
    const command = `sleep 1000 & echo $! > ${pids}; echo $$ >> ${pids}; echo ready; wait`;
    const run = await start(command, { shell: '/bin/sh -c' });
    await run.out.waitForRows(1);
    await run.stop();
    const isGone = (pid: string) =>
      !existsSync(`/proc/${pid}/cmdline`) || readFileSync(`/proc/${pid}/cmdline`, 'utf8') === '';
    for (const pid of readFileSync(pids, 'utf8').trim().split('\n')) await waitFor(() => isGone(pid));
  });

  it('kills a command that does not end by itself', async () => {
    const command = "trap '' TERM; echo ready; while :; do sleep 0.05; done";
    const run = await start(command, { shell: '/bin/sh -c', stopTimeout: '50' });
    await run.out.waitForRows(1);
    await run.stop();
    assert.ok(run.log.lines.some((line) => /did not end after SIGTERM and is killed/.test(line)));
  });

  it('delivers all that a command had printed that is killed while the channel has no room', async () => {
    const counter = join(dir(), 'counter');
    const printed = () => (existsSync(counter) ? Number(readFileSync(counter, 'utf8')) : 0);
    // Lines of 1,000 bytes: after 1 MiB nothing is read any more, the next 65 lie in the pipe.
    const command = `trap '' TERM; while :; do i=$((i+1)); printf '%0999d\\n' $i; echo $i > ${counter}; done`;
    const run = make({ command, shell: '/bin/sh -c', stopTimeout: '50' });
    const gate = Promise.withResolvers<void>();
    run.out.before = () => gate.promise;
    await run.start();
    await waitFor(() => printed() > 1095);
    const stopped = run.stop();
    await waitFor(() => run.log.lines.some((line) => /is killed/.test(line)));
    gate.resolve();
    await stopped;
    const numbers = run.out.bodies().map(Number);
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => i + 1),
    );
    assert.ok(numbers.length >= printed(), `${numbers.length} of ${printed()}`);
  });

  it('ends though a process outside of its group holds its output open', async () => {
    const pidFile = join(dir(), 'pid');
    const command = `trap '' TERM; setsid sh -c 'echo $$ > ${pidFile}; exec sleep 1000' & echo ready; wait; sleep 1000`;
    const run = await start(command, { shell: '/bin/sh -c', stopTimeout: '50' });
    await run.out.waitForRows(1);
    await waitFor(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '');
    await run.stop();
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
    assert.deepEqual(run.out.bodies(), ['ready']);
  });

  it('still reads what the command prints while it ends', async () => {
    const command = "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.02; done";
    const run = await start(command, { shell: '/bin/sh -c' });
    await run.out.waitForRows(1);
    await run.stop();
    assert.deepEqual(run.out.bodies(), ['ready', 'bye']);
  });

  it('makes the command wait while the channel has no room', async () => {
    const run = make({ command: 'yes 0123456789012345678901234567890' });
    const gate = Promise.withResolvers<void>();
    let asked = 0;
    let taken = 0;
    run.out.before = async (batch) => {
      asked++;
      taken += batch.body.length;
      if (asked === 3) await gate.promise;
    };
    await run.start();
    await waitFor(() => asked === 3);
    const before = process.memoryUsage().arrayBuffers;
    // The command would print gigabytes by now: it is asleep in its write instead.
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(process.memoryUsage().arrayBuffers - before < 8 << 20);
    assert.equal(asked, 3);
    gate.resolve();
    await waitFor(() => taken > 5 << 20);
    await run.stop();
  });

  it('passes a large output byte for byte', async () => {
    const lines = Array.from({ length: 200_000 }, (_, i) => `${i} ${'é'.repeat(i % 20)}`);
    const path = join(dir(), 'in');
    writeFileSync(path, `${lines.join('\n')}\n`);
    const run = await start(`cat ${path}`);
    await run.ended();
    assert.deepEqual(run.out.bodies(), lines);
    assert.ok(run.out.emitted.every(({ batch }) => batch.delimiter === 10));
  });

  it('logs standard error when told to, in lines of bounded length', async () => {
    const run = await collect("echo one >&2; echo two >&2; head -c 10000 /dev/zero | tr '\\0' x >&2", {
      logStdErr: 'true',
    });
    const lines = run.log.lines.filter((line) => line.includes('StderrLogger'));
    assert.deepEqual(lines.slice(0, 2), ["INFO StderrLogger[1] = 'one'", "INFO StderrLogger[2] = 'two'"]);
    assert.equal(lines.length, 3);
    assert.ok(lines[2].length < 4200);
  });

  it('says what a command that failed said last', async () => {
    const run = await collect('echo why >&2; exit 3');
    assert.deepEqual(run.log.lines.slice(1), [
      'WARN Command [echo why >&2; exit 3] ended its standard error with: why',
      'INFO Command [echo why >&2; exit 3] exited with 3',
    ]);
  });

  it('cuts a line that never ends, and counts it', async () => {
    const run = await collect("head -c 20000000 /dev/zero | tr '\\0' x; echo; echo next", { maxLineLength: '100' });
    assert.deepEqual(run.out.bodies(), ['x'.repeat(100), 'next']);
    assert.equal(run.counters.EventReadFail, 1);
  });

  it('gives the command a pipe that can be opened by its name', async () => {
    const run = await collect('echo one > /dev/stdout; echo two > /dev/fd/1; echo three >> /dev/stdout');
    assert.deepEqual(run.out.bodies(), ['one', 'two', 'three']);
  });

  it('reports a channel that fails, and leaves no command behind', async () => {
    const run = make({ command: 'echo $$; exec sleep 1000', shell: '/bin/sh -c' });
    let pid = '';
    run.out.before = (batch) => {
      pid = batch.bodyOf(0).toString();
      throw new Error('refused');
    };
    await run.start();
    await assert.rejects(run.ended(), /refused/);
    await waitFor(() => !existsSync(`/proc/${pid}/cmdline`) || readFileSync(`/proc/${pid}/cmdline`, 'utf8') === '');
  });
});
