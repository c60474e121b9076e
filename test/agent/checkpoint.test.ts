import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { Checkpoint } from '../../src/agent/checkpoint.ts';
import { checkpointPath, readCheckpoints } from '../../src/agent/checkpoint-file.ts';
import { systemClock } from '../../src/agent/clock.ts';
import type { Clock } from '../../src/component/context.ts';
import { SluiceError } from '../../src/errors.ts';
import { FakeClock, memoryLogger } from '../support/context.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

function checkpointIn(dir: string, clock: Clock = systemClock, agent = 'a') {
  const log = memoryLogger();
  return { checkpoint: new Checkpoint({ dir, agent, clock, log }), lines: log.lines };
}

/** A later life of the agent. */
async function reload(dir: string, agent = 'a') {
  const made = checkpointIn(dir, systemClock, agent);
  await made.checkpoint.load();
  return made;
}

async function newest(dir: string): Promise<Record<string, unknown>> {
  const sound = (await readCheckpoints(dir)).flatMap((file) => (file.state === 'sound' ? [file] : []));
  return { ...sound.sort((a, b) => b.sequence - a.sequence)[0]?.content.parts };
}

describe('Checkpoint', () => {
  const temp = useTempDir();

  it('holds the parts of all components, each for its next life', async () => {
    const { checkpoint } = checkpointIn(temp());
    await checkpoint.load();
    const source = checkpoint.part('source.r1');
    assert.equal(source.saved, undefined);
    source.provide(() => '{"at":7}');
    checkpoint.part('sink.k1').provide(() => '["open"]');
    await source.commit();
    await checkpoint.close();
    const next = (await reload(temp())).checkpoint;
    assert.deepEqual(next.part('source.r1').saved, { at: 7 });
    assert.deepEqual(next.part('sink.k1').saved, ['open']);
    assert.equal(next.part('sink.k2').saved, undefined);
  });

  it('takes all parts in one tick, when what a tick began is complete', async () => {
    const { checkpoint } = checkpointIn(temp());
    let settled = 0;
    let recorded = 0;
    checkpoint.part('source.r').provide(() => `${settled}`);
    const sink = checkpoint.part('sink.k');
    sink.provide(() => `${recorded}`);
    let stop = false;
    const work = (async () => {
      for (let i = 1; !stop; i++) {
        await new Promise((resolve) => setImmediate(resolve));
        recorded = i;
        // Promises that follow at once belong to the same tick.
        await Promise.resolve();
        await Promise.resolve();
        settled = i;
        sink.changed();
      }
    })();
    for (let i = 0; i < 20; i++) {
      await checkpoint.commit();
      const parts = await newest(temp());
      assert.equal(parts['source.r'], parts['sink.k']);
    }
    stop = true;
    await work;
    await checkpoint.close();
  });

  it('has what was told before the call when a commit resolves, and many share one write', async () => {
    const { checkpoint } = checkpointIn(temp());
    let state = 0;
    let takes = 0;
    const part = checkpoint.part('source.r');
    part.provide(() => {
      takes++;
      return `${state}`;
    });
    await part.commit();
    takes = 0;
    const commits = Array.from({ length: 200 }, async () => {
      const mine = ++state;
      await part.commit();
      const durable = (await newest(temp()))['source.r'] as number;
      assert.ok(durable >= mine, `${durable} of ${mine}`);
    });
    await Promise.all(commits);
    assert.ok(takes <= 3, `${takes} were taken`);
    await checkpoint.close();
  });

  it('gives a commit that comes during a write the next one', async () => {
    const { checkpoint } = checkpointIn(temp());
    const part = checkpoint.part('source.r');
    let taken = 0;
    const seen: Promise<void>[] = [];
    part.provide(() => {
      // The snapshot is being taken: what comes from now on is not in it.
      if (taken++ === 0) seen.push(part.commit().then(() => assert.equal(taken, 2)));
      return `${taken}`;
    });
    await part.commit();
    await Promise.all(seen);
    assert.equal((await newest(temp()))['source.r'], 2);
    await checkpoint.close();
  });

  it('writes progress about every 50 ms, and nothing when there is none', async () => {
    const clock = new FakeClock();
    const { checkpoint } = checkpointIn(temp(), clock);
    const part = checkpoint.part('source.r');
    let taken = 0;
    part.provide(() => `${++taken}`);
    part.changed();
    await waitFor(() => checkpoint.counters.CheckpointSequence === 1, { what: 'the first one' });
    for (let i = 0; i < 10; i++) part.changed();
    await clock.advance(49);
    assert.equal(taken, 1);
    await clock.advance(1);
    await waitFor(() => checkpoint.counters.CheckpointSequence === 2, { what: 'the second one' });
    await clock.advance(10_000);
    assert.equal(taken, 2);
    await checkpoint.close();
    assert.equal(taken, 2);
  });

  it('costs a twentieth of the time at the most, a fifth where something waits for it', async () => {
    const clock = new FakeClock();
    const { checkpoint } = checkpointIn(temp(), clock);
    const part = checkpoint.part('source.r');
    let taken = 0;
    part.provide(() => {
      clock.time += 100;
      return `${++taken}`;
    });
    part.changed();
    await waitFor(() => checkpoint.counters.CheckpointSequence === 1, { what: 'the first one' });
    part.changed();
    await clock.advance(1899);
    assert.equal(taken, 1);
    await clock.advance(1);
    await waitFor(() => checkpoint.counters.CheckpointSequence === 2, { what: 'the second one' });
    const commit = part.commit();
    await clock.advance(299);
    assert.equal(taken, 2);
    await clock.advance(1);
    await commit;
    assert.equal(taken, 3);
    await checkpoint.close();
  });

  it('says once when it cannot be written, holds the sinks, and goes on by itself', async () => {
    const clock = new FakeClock();
    const { checkpoint, lines } = checkpointIn(temp(), clock);
    const part = checkpoint.part('source.r');
    part.provide(() => '1');
    mkdirSync(checkpointPath(temp(), 1));
    let committed = false;
    const commit = part.commit().then(() => {
      committed = true;
    });
    await waitFor(() => !checkpoint.healthy, { what: 'a failure' });
    const healthy = checkpoint.whenHealthy();
    for (let tries = 2; tries < 5; tries++) {
      await clock.advance(500);
      await waitFor(() => checkpoint.counters.CheckpointFailures === tries, { what: 'another try' });
    }
    assert.equal(committed, false);
    assert.equal(checkpoint.counters.CheckpointUnhealthy, 1);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /ERROR the checkpoint cannot be written, sinks wait until it can: .*checkpoint\.1/);
    rmdirSync(checkpointPath(temp(), 1));
    await clock.advance(500);
    await commit;
    await healthy;
    assert.equal(checkpoint.counters.CheckpointUnhealthy, 0);
    assert.match(lines[1]!, /INFO the checkpoint is written again/);
    await checkpoint.close();
  });

  it('writes a last one at its close', async () => {
    const clock = new FakeClock();
    const { checkpoint } = checkpointIn(temp(), clock);
    let state = 0;
    const part = checkpoint.part('source.r');
    part.provide(() => `${state}`);
    await part.commit();
    state = 5;
    part.changed();
    await checkpoint.close();
    assert.equal((await newest(temp()))['source.r'], 5);
  });

  it('does not leave those who wait for it waiting at the end', async () => {
    const clock = new FakeClock();
    const { checkpoint } = checkpointIn(temp(), clock);
    const part = checkpoint.part('source.r');
    part.provide(() => '1');
    mkdirSync(checkpointPath(temp(), 1));
    const commit = part.commit();
    const refused = assert.rejects(
      commit,
      (error) =>
        error instanceof SluiceError && error.code === 'STATE_UNUSABLE' && /the agent ends/.test(error.message),
    );
    await waitFor(() => !checkpoint.healthy, { what: 'a failure' });
    await checkpoint.close();
    await refused;
    await assert.rejects(part.commit(), /the agent ends/);
    part.changed();
    await checkpoint.close();
  });

  it('keeps the parts of components that there are no more', async () => {
    const first = checkpointIn(temp()).checkpoint;
    first.part('sink.old').provide(() => '["unfinished"]');
    await first.commit();
    await first.close();
    const second = (await reload(temp())).checkpoint;
    second.part('sink.new').provide(() => '[]');
    assert.deepEqual([...second.saved], [['sink.old', ['unfinished']]]);
    await second.commit();
    await second.close();
    const third = (await reload(temp())).checkpoint;
    assert.deepEqual(third.part('sink.old').saved, ['unfinished']);
  });

  it('tells a component that takes over from another one while running what there is now', async () => {
    const { checkpoint } = checkpointIn(temp());
    let state = 1;
    checkpoint.part('source.r').provide(() => `${state}`);
    state = 2;
    assert.equal(checkpoint.part('source.r').saved, 2);
    await checkpoint.close();
  });

  it('counts lives by a number that grows, also when the checkpoint is lost', async () => {
    const clock = new FakeClock(1_000_000);
    const epochs: number[] = [];
    for (const now of [1_000_000, 900_000, 2_000_000, 2_000_000]) {
      clock.time = now;
      const { checkpoint } = checkpointIn(temp(), clock);
      await checkpoint.load();
      epochs.push(checkpoint.epoch);
      await checkpoint.commit();
      await checkpoint.close();
    }
    assert.deepEqual(epochs, [1_000_000, 1_000_001, 2_000_000, 2_000_001]);
  });

  it('says so when the state is that of an agent of another name', async () => {
    const { checkpoint } = checkpointIn(temp());
    checkpoint.part('source.r').provide(() => '1');
    await checkpoint.commit();
    await checkpoint.close();
    const other = await reload(temp(), 'b');
    assert.deepEqual(other.checkpoint.part('source.r').saved, 1);
    assert.match(other.lines[0]!, /WARN .*that of agent a; agent b goes on with it/);
  });

  it('leaves nothing but its two files', async () => {
    const { checkpoint } = checkpointIn(temp());
    for (let i = 0; i < 4; i++) await checkpoint.commit();
    await checkpoint.close();
    assert.deepEqual(readdirSync(temp()).sort(), ['checkpoint.0', 'checkpoint.1']);
    assert.ok(!existsSync(join(temp(), 'checkpoint.1.new')));
  });
});
