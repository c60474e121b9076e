import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type CheckpointGate, SinkRunner } from '../../src/agent/sink-runner.ts';
import { memory } from '../../src/channels/memory.ts';
import type { Channel } from '../../src/component/channel.ts';
import { newChannelCounters, newSinkCounters } from '../../src/component/counters.ts';
import type { Processor } from '../../src/component/processor.ts';
import type { Settler } from '../../src/component/settler.ts';
import type { DeliveryWindow, Sink } from '../../src/component/sink.ts';
import { SluiceError } from '../../src/errors.ts';
import type { EventBatch } from '../../src/event/event-batch.ts';
import { freeBatch } from '../../src/event/free-batch.ts';
import { Receipt } from '../../src/event/receipt.ts';
import { bind } from '../../src/options/bind.ts';
import { defaultProcessor } from '../../src/processors/default.ts';
import { batchOfLines, rowsOf } from '../support/batches.ts';
import { noCheckpoint } from '../support/checkpoint.ts';
import { componentContext, FakeClock, memoryLogger } from '../support/context.ts';

const never = new AbortController().signal;

function channelOf(capacity = 10_000): Channel {
  const raw = new Map([['capacity', { text: `${capacity}` }]]);
  const { values } = bind(memory, raw, 'channel c', () => ({ known: [] }));
  return memory.create(values, { ...componentContext('c'), counters: newChannelCounters(0) });
}

/** A sink whose deliveries end as the test says. */
class ScriptedSink implements Sink {
  readonly window: DeliveryWindow;
  readonly delivered: string[] = [];
  readonly outcomes: (() => Promise<void>)[];
  opened = 0;
  closed = 0;
  maintained: number[] = [];

  constructor(window: Partial<DeliveryWindow> = {}, outcomes: (() => Promise<void>)[] = []) {
    this.window = { rows: Number.POSITIVE_INFINITY, deliveries: 1, bytes: Number.POSITIVE_INFINITY, ...window };
    this.outcomes = outcomes;
  }

  async open(): Promise<void> {
    this.opened++;
  }

  async deliver(batch: EventBatch): Promise<void> {
    const rows = rowsOf(batch).map(({ body }) => body);
    await (this.outcomes.shift() ?? (async () => {}))();
    this.delivered.push(...rows);
  }

  async maintain(now: number): Promise<void> {
    this.maintained.push(now);
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

/** A checkpoint whose writes end when the test says so. */
class ScriptedGate implements CheckpointGate {
  healthy = true;
  commits: PromiseWithResolvers<void>[] = [];
  #recovery = Promise.withResolvers<void>();

  whenHealthy(): Promise<void> {
    return this.healthy ? Promise.resolve() : this.#recovery.promise;
  }

  commit(): Promise<void> {
    const commit = Promise.withResolvers<void>();
    this.commits.push(commit);
    return commit.promise;
  }

  fail(): void {
    this.healthy = false;
    this.#recovery = Promise.withResolvers();
  }

  recover(): void {
    this.healthy = true;
    this.#recovery.resolve();
  }
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function runnerOf(sink: Sink, channel: Channel, clock: FakeClock, checkpoint: CheckpointGate = noCheckpoint) {
  const counters = newSinkCounters();
  const log = memoryLogger();
  const processor = defaultProcessor.create({}, { ...componentContext('k'), sinks: ['k'] });
  const runner = new SinkRunner({
    members: [{ name: 'k', sink, channel, counters, batchSize: 2, log }],
    processor,
    clock,
    checkpoint,
  });
  return { runner, counters, log };
}

async function put(channel: Channel, lines: readonly string[], replayable = false): Promise<Receipt> {
  const batch = batchOfLines(lines);
  const receipt = new Receipt(lines.length, () => freeBatch(batch), replayable);
  await channel.put(batch, receipt.leg('c'), never);
  receipt.seal();
  return receipt;
}

describe('SinkRunner', () => {
  it('commits what the sink owns, and only then settles the receipt', async () => {
    const channel = channelOf();
    let release = (): void => {};
    const sink = new ScriptedSink({}, [() => new Promise((resolve) => (release = resolve))]);
    const { runner, counters } = runnerOf(sink, channel, new FakeClock());
    runner.start();
    const receipt = await put(channel, ['a', 'b', 'c']);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(receipt.settled, false);
    assert.equal(channel.size, 3);
    release();
    await receipt.whenSettled();
    assert.equal(channel.size, 0);
    assert.equal(counters.EventDrainSuccessCount, 3);
    assert.equal(counters.BatchCompleteCount, 1);
    await runner.stop(AbortSignal.timeout(1000));
    assert.equal(sink.closed, 1);
  });

  it('delivers again after a failure and a back-off, first and in order, and says once why', async () => {
    const clock = new FakeClock();
    const channel = channelOf();
    const fail = async (): Promise<void> => {
      throw new SluiceError('CONNECTION_LOST', 'peer:1');
    };
    const sink = new ScriptedSink({ rows: 1 }, [async () => {}, fail]);
    const { runner, log, counters } = runnerOf(sink, channel, clock);
    runner.start();
    const receipt = await put(channel, ['a', 'b', 'c', 'd', 'e']);
    await clock.advance(10_000);
    await receipt.whenSettled();
    assert.deepEqual(sink.delivered, ['a', 'b', 'c', 'd', 'e']);
    assert.equal(log.lines.filter((line) => line.startsWith('ERROR Unable to deliver event')).length, 1);
    assert.equal(counters.EventDrainSuccessCount, 5);
    await runner.stop(AbortSignal.timeout(1000));
  });

  it('never has more under way than the window allows', async () => {
    const channel = channelOf();
    let under = 0;
    let most = 0;
    const outcome = async (): Promise<void> => {
      most = Math.max(most, ++under);
      await new Promise((resolve) => setImmediate(resolve));
      under--;
    };
    const sink = new ScriptedSink(
      { deliveries: 3, rows: 1 },
      Array.from({ length: 50 }, () => outcome),
    );
    const { runner } = runnerOf(sink, channel, new FakeClock());
    runner.start();
    const receipt = await put(
      channel,
      Array.from({ length: 50 }, (_, i) => `${i}`),
    );
    await receipt.whenSettled();
    assert.equal(most, 3);
    await runner.stop(AbortSignal.timeout(1000));
  });

  it('opens a sink again that could not be opened', async () => {
    const clock = new FakeClock();
    const channel = channelOf();
    const sink = new ScriptedSink();
    let tries = 0;
    sink.open = async () => {
      if (++tries < 3) throw new SluiceError('CONNECTION_FAILED', 'peer:1');
    };
    const { runner } = runnerOf(sink, channel, clock);
    runner.start();
    const receipt = await put(channel, ['a']);
    await clock.advance(10_000);
    await receipt.whenSettled();
    assert.equal(tries, 3);
    await runner.stop(AbortSignal.timeout(1000));
  });

  it('gives the sink the time for its timers, with nothing to deliver too', async () => {
    const clock = new FakeClock();
    const sink = new ScriptedSink();
    const { runner } = runnerOf(sink, channelOf(), clock);
    runner.start();
    await clock.advance(1000);
    assert.ok(sink.maintained.length >= 3);
    await runner.stop(AbortSignal.timeout(1000));
  });

  it('tries another sink of the group at once when one fails', async () => {
    const clock = new FakeClock();
    const channel = channelOf();
    const bad = new ScriptedSink();
    bad.deliver = async () => {
      throw new SluiceError('CONNECTION_LOST', 'peer:1');
    };
    const good = new ScriptedSink();
    const processor: Processor = {
      pick: (_now, tried) => ['bad', 'good'].find((name) => !tried.includes(name)),
      succeeded: () => {},
      failed: () => {},
    };
    const member = (name: string, sink: Sink) => ({
      name,
      sink,
      channel,
      counters: newSinkCounters(),
      batchSize: 1,
      log: memoryLogger(),
    });
    const runner = new SinkRunner({
      members: [member('bad', bad), member('good', good)],
      processor,
      clock,
      checkpoint: noCheckpoint,
    });
    runner.start();
    const receipt = await put(channel, ['a']);
    await receipt.whenSettled();
    assert.deepEqual(good.delivered, ['a']);
    await runner.stop(AbortSignal.timeout(1000));
  });

  it('takes nothing while the checkpoint cannot be written, and goes on when it can', async () => {
    const channel = channelOf();
    const gate = new ScriptedGate();
    const sink = new ScriptedSink();
    const { runner } = runnerOf(sink, channel, new FakeClock(), gate);
    gate.fail();
    runner.start();
    const receipt = await put(channel, ['a', 'b']);
    for (let i = 0; i < 10; i++) await tick();
    assert.deepEqual(sink.delivered, []);
    gate.recover();
    await receipt.whenSettled();
    assert.deepEqual(sink.delivered, ['a', 'b']);
    await runner.stop(AbortSignal.timeout(1000));
  });

  it('can be stopped while the checkpoint cannot be written', async () => {
    const gate = new ScriptedGate();
    gate.fail();
    const channel = channelOf();
    const { runner } = runnerOf(new ScriptedSink(), channel, new FakeClock(), gate);
    runner.start();
    await put(channel, ['a']);
    await runner.stop(AbortSignal.timeout(1000));
    assert.equal(channel.size, 1);
  });

  it('commits rows that no source sends again, to a sink that cuts back, when a checkpoint knows of them', async () => {
    const channel = channelOf();
    const gate = new ScriptedGate();
    const settled: number[] = [];
    const sink: Sink = Object.assign(new ScriptedSink(), { cutsBack: true });
    const deliver = sink.deliver.bind(sink);
    sink.deliver = async (batch, signal, settler) => {
      // The settler is there, and settles nothing yet.
      settler?.settle(0, batch.length);
      settled.push(batch.length);
      await deliver(batch, signal);
    };
    const { runner, counters } = runnerOf(sink, channel, new FakeClock(), gate);
    runner.start();
    const receipt = await put(channel, ['a', 'b']);
    for (let i = 0; i < 10; i++) await tick();
    assert.deepEqual(settled, [2]);
    assert.equal(gate.commits.length, 1);
    assert.equal(receipt.lowWater, 0);
    assert.equal(counters.EventDrainSuccessCount, 0);
    gate.commits[0]!.resolve();
    await receipt.whenSettled();
    assert.equal(counters.EventDrainSuccessCount, 2);
    await runner.stop(AbortSignal.timeout(1000));
  });

  it('lets go of such rows when the agent ends before a checkpoint knows of them: they are out', async () => {
    const channel = channelOf();
    const gate = new ScriptedGate();
    const sink: Sink = Object.assign(new ScriptedSink(), { cutsBack: true });
    const { runner } = runnerOf(sink, channel, new FakeClock(), gate);
    runner.start();
    const receipt = await put(channel, ['a']);
    while (gate.commits.length === 0) await tick();
    gate.commits[0]!.reject(new SluiceError('STATE_UNUSABLE', 'the agent ends'));
    await receipt.whenSettled();
    await runner.stop(AbortSignal.timeout(1000));
    assert.equal(channel.size, 0);
  });

  it('does not deliver such rows again either that are out of a delivery that failed', async () => {
    const clock = new FakeClock();
    const channel = channelOf();
    const gate = new ScriptedGate();
    const seen: string[][] = [];
    const sink: Sink = Object.assign(new ScriptedSink(), { cutsBack: true });
    sink.deliver = async (batch, _signal, settler) => {
      seen.push(rowsOf(batch).map(({ body }) => body));
      if (seen.length > 1) return;
      settler?.settleRows(Uint32Array.of(0, 2));
      throw new SluiceError('FILE_SYSTEM', 'a bucket hangs');
    };
    const { runner } = runnerOf(sink, channel, clock, gate);
    runner.start();
    const receipt = await put(channel, ['a', 'b', 'c', 'd']);
    while (gate.commits.length === 0) await tick();
    assert.equal(receipt.lowWater, 0);
    gate.commits[0]!.resolve();
    while (seen.length < 2) {
      await clock.advance(1000);
      await tick();
    }
    assert.deepEqual(seen.slice(1).flat(), ['b', 'd']);
    while (!receipt.settled) {
      gate.commits.at(-1)!.resolve();
      await clock.advance(1000);
      await tick();
    }
    await runner.stop(AbortSignal.timeout(1000));
  });

  it('does not wait for such a checkpoint beyond the deadline', async () => {
    const channel = channelOf();
    const gate = new ScriptedGate();
    const sink: Sink = Object.assign(new ScriptedSink(), { cutsBack: true });
    const { runner } = runnerOf(sink, channel, new FakeClock(), gate);
    runner.start();
    await put(channel, ['a']);
    while (gate.commits.length === 0) await tick();
    await runner.stop(AbortSignal.abort());
    assert.equal(channel.size, 0);
  });

  it('waits for no checkpoint where the source sends again what it does not know of', async () => {
    const channel = channelOf();
    const gate = new ScriptedGate();
    let release = (): void => {};
    const sink: Sink = Object.assign(new ScriptedSink({}, [() => new Promise((resolve) => (release = resolve))]), {
      cutsBack: true,
    });
    const deliver = sink.deliver.bind(sink);
    let settler: Settler | undefined;
    sink.deliver = (batch, signal, given) => {
      settler = given;
      return deliver(batch, signal);
    };
    const { runner } = runnerOf(sink, channel, new FakeClock(), gate);
    runner.start();
    const receipt = await put(channel, ['a', 'b', 'c'], true);
    while (settler === undefined) await tick();
    settler.settle(0, 1);
    assert.equal(receipt.lowWater, 1, 'in the same tick');
    settler.settleRows(Uint32Array.of(1, 2));
    assert.ok(receipt.settled);
    release();
    while (channel.size > 0) await tick();
    assert.equal(gate.commits.length, 0);
    await runner.stop(AbortSignal.timeout(1000));
  });

  it('does not deliver rows again that were settled before the delivery failed', async () => {
    const clock = new FakeClock();
    const channel = channelOf();
    const sink: Sink = Object.assign(new ScriptedSink(), { cutsBack: true });
    const got: string[][] = [];
    sink.deliver = async (batch, _signal, settler) => {
      got.push(rowsOf(batch).map(({ body }) => body));
      if (got.length > 1) return;
      settler?.settleRows(Uint32Array.of(0, 2));
      throw new SluiceError('CONNECTION_LOST', 'peer:1');
    };
    const { runner } = runnerOf(sink, channel, clock);
    runner.start();
    const receipt = await put(channel, ['a', 'b', 'c', 'd'], true);
    await clock.advance(10_000);
    await receipt.whenSettled();
    assert.deepEqual(got[0], ['a', 'b', 'c', 'd']);
    assert.deepEqual(got.slice(1).flat(), ['b', 'd']);
    await runner.stop(AbortSignal.timeout(1000));
  });

  it('delivers every row exactly once, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 7 }),
        async (failures, deliveries, rows) => {
          const clock = new FakeClock();
          const channel = channelOf();
          const outcomes = failures.map((fails) => async () => {
            await new Promise((resolve) => setImmediate(resolve));
            if (fails) throw new SluiceError('CONNECTION_LOST', 'peer:1');
          });
          const sink = new ScriptedSink({ deliveries, rows }, outcomes);
          const { runner } = runnerOf(sink, channel, clock);
          runner.start();
          const lines = Array.from({ length: 60 }, (_, i) => `${i}`);
          const receipts = [await put(channel, lines.slice(0, 20)), await put(channel, lines.slice(20))];
          const settled = Promise.all(receipts.map((receipt) => receipt.whenSettled()));
          while (!receipts.every((receipt) => receipt.settled)) await clock.advance(1000);
          await settled;
          assert.deepEqual(
            sink.delivered.toSorted((a, b) => Number(a) - Number(b)),
            lines,
          );
          await runner.stop(AbortSignal.timeout(1000));
        },
      ),
      { numRuns: 60 },
    );
  });
});
