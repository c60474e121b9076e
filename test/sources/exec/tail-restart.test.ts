import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execSource } from '../../../src/sources/exec/index.ts';
import { taildirSource } from '../../../src/sources/taildir/index.ts';
import { TestCheckpoint } from '../../support/checkpoint.ts';
import { useTempDir } from '../../support/temp-dir.ts';
import { waitFor } from '../../support/wait-for.ts';
import { SourceRun } from '../harness.ts';

describe('exec that is a tail, in its next life', () => {
  const dir = useTempDir();
  const runs: SourceRun[] = [];

  afterEach(async () => {
    for (const run of runs.splice(0)) await run.stop().catch(() => {});
  });

  const log = (name = 'app.log') => join(dir(), name);

  let lives = 0;

  /** A life has a state folder of its own, unless it is to find the positions of another one. */
  function make(command: string, checkpoint: TestCheckpoint, state = `state${lives++}`): SourceRun {
    const stateDir = log(state);
    mkdirSync(stateDir, { recursive: true });
    const run = new SourceRun(execSource, { command }, { stateDir, checkpoint });
    runs.push(run);
    return run;
  }

  /** The next life, after a crash that left this checkpoint. */
  async function next(command: string, saved: unknown): Promise<SourceRun> {
    return make(command, new TestCheckpoint(structuredClone(saved))).start();
  }

  /** A life up to its orderly end. */
  async function life(
    command: string,
    rows: number,
    saved?: unknown,
    state?: string,
  ): Promise<{ bodies: string[]; saved: unknown }> {
    const checkpoint = new TestCheckpoint(structuredClone(saved));
    const run = await make(command, checkpoint, state).start();
    await run.out.waitForRows(rows);
    await run.stop();
    return { bodies: run.out.bodies(), saved: checkpoint.take() };
  }

  const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `line ${from + i}`);
  const text = (from: number, to: number) =>
    lines(from, to)
      .map((line) => `${line}\n`)
      .join('');

  it('goes on where it was, with all that came in between', async () => {
    writeFileSync(log(), text(0, 100));
    const first = await life(`tail -F ${log()}`, 10);
    assert.deepEqual(first.bodies, lines(90, 100));
    appendFileSync(log(), text(100, 200));
    const second = await life(`tail -F ${log()}`, 100, first.saved);
    assert.deepEqual(second.bodies, lines(100, 200));
    const run = await next(`tail -F ${log()}`, second.saved);
    appendFileSync(log(), 'end\n');
    await run.out.waitForRows(1);
    assert.deepEqual(run.out.bodies(), ['end']);
  });

  it('reads what was rotated away in between to its end, and the new file from its start', async () => {
    writeFileSync(log(), text(0, 20));
    const first = await life(`tail -n 5 -f ${log()}`, 5);
    appendFileSync(log(), text(20, 30));
    renameSync(log(), log('app.log.1'));
    writeFileSync(log(), text(30, 60));
    const second = await life(`tail -n 5 -f ${log()}`, 40, first.saved);
    assert.deepEqual(second.bodies.sort(), lines(20, 60).sort());
  });

  it('reads a file from its start that it has waited for in vain before', async () => {
    const checkpoint = new TestCheckpoint();
    const run = await make(`tail -n 1 -F ${log()}`, checkpoint).start();
    const saved = checkpoint.take();
    await run.stop();
    writeFileSync(log(), text(0, 3));
    assert.deepEqual((await life(`tail -n 1 -F ${log()}`, 3, saved)).bodies, lines(0, 3));
  });

  it('begins with a file that is new in the command as tail would', async () => {
    writeFileSync(log('a'), text(0, 3));
    const first = await life(`tail -n 1 -F ${log('a')}`, 1);
    writeFileSync(log('b'), text(10, 13));
    appendFileSync(log('a'), text(3, 5));
    const second = await life(`tail -n 1 -F ${log('a')} ${log('b')}`, 3, first.saved);
    assert.deepEqual(second.bodies.sort(), ['line 12', 'line 3', 'line 4']);
  });

  it('sends again what was not settled at a crash, and nothing else', async () => {
    writeFileSync(log(), text(0, 10));
    const checkpoint = new TestCheckpoint();
    const run = make(`tail -n +1 -F ${log()}`, checkpoint);
    run.out.settle = false;
    await run.start();
    await run.out.waitForRows(10);
    run.out.emitted[0].leg.settle(0, 4);
    const saved = checkpoint.take();
    run.out.emitted[0].leg.settle(4, 10);
    await run.stop();
    const again = await next(`tail -n +1 -F ${log()}`, saved);
    await again.out.waitForRows(6);
    assert.deepEqual(again.out.bodies(), lines(4, 10));
    assert.ok(!again.log.lines.some((line) => /^(?:WARN|ERROR)/.test(line)), again.log.lines.join('\n'));
  });

  it('begins where it began the first time, after a crash before anything was settled', async () => {
    writeFileSync(log(), text(0, 10));
    const checkpoint = new TestCheckpoint();
    const run = make(`tail -n 2 -F ${log()}`, checkpoint);
    run.out.settle = false;
    await run.start();
    await run.out.waitForRows(2);
    // What the source itself has had written down.
    const { saved } = checkpoint;
    assert.notEqual(saved, undefined);
    appendFileSync(log(), text(10, 20));
    const again = await next(`tail -n 2 -F ${log()}`, saved);
    await again.out.waitForRows(12);
    assert.deepEqual(again.out.bodies(), lines(8, 20));
  });

  it('takes a CRLF whose halves it meets in two lives for one line end', async () => {
    writeFileSync(log(), 'one\r');
    const first = await life(`tail -F ${log()}`, 1);
    appendFileSync(log(), '\ntwo\r\n');
    const second = await life(`tail -F ${log()}`, 1, first.saved);
    assert.deepEqual([...first.bodies, ...second.bodies], ['one', 'two']);
  });

  it('begins as tail would with what it cannot make out of the checkpoint', async () => {
    writeFileSync(log(), text(0, 10));
    for (const saved of [null, 7, [], { tailed: 'x' }, { tailed: [1], version: 99 }, { version: 1, files: [] }]) {
      assert.deepEqual((await life(`tail -n 2 -F ${log()}`, 2, saved)).bodies, lines(8, 10), JSON.stringify(saved));
    }
  });

  it('goes on without a checkpoint, too, by the positions beside it', async () => {
    writeFileSync(log(), text(0, 20));
    await life(`tail -n 1 -F ${log()}`, 1, undefined, 'state');
    appendFileSync(log(), text(20, 50));
    assert.deepEqual((await life(`tail -n 1 -F ${log()}`, 30, undefined, 'state')).bodies, lines(20, 50));
    renameSync(log(), log('app.log.1'));
    writeFileSync(log(), text(50, 60));
    assert.deepEqual((await life(`tail -n 1 -F ${log()}`, 10, undefined, 'state')).bodies, lines(50, 60));
  });

  it('goes on where TAILDIR was, under the same name', async () => {
    writeFileSync(log(), text(0, 10));
    const checkpoint = new TestCheckpoint();
    const options = { filegroups: 'f', 'filegroups.f': log(), positionFile: log('positions') };
    const run = await new SourceRun(taildirSource, options, { checkpoint }).start();
    await run.out.waitForRows(10);
    await run.stop();
    appendFileSync(log(), text(10, 30));
    assert.deepEqual((await life(`tail -n 2 -F ${log()}`, 20, checkpoint.take())).bodies, lines(10, 30));
  });

  it('runs the command again with the same positions kept, when it is served no more', async () => {
    writeFileSync(log(), text(0, 3));
    const first = await life(`tail -n 1 -F ${log()}`, 1);
    const checkpoint = new TestCheckpoint(structuredClone(first.saved));
    const run = new SourceRun(
      execSource,
      { command: `tail -n 1 -F ${log()}`, nativeTail: 'false' },
      { stateDir: dir(), checkpoint },
    );
    runs.push(run);
    await run.start();
    await run.out.waitForRows(1);
    assert.deepEqual(checkpoint.take(), first.saved);
    await waitFor(() => run.out.bodies().includes('line 2'));
  });
});
