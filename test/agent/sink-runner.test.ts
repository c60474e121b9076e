import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SinkRunner } from '../../src/agent/sink-runner.ts';
import { memory } from '../../src/channels/memory.ts';
import type { Channel } from '../../src/component/channel.ts';
import { newChannelCounters, newSinkCounters } from '../../src/component/counters.ts';
import type { Processor } from '../../src/component/processor.ts';
import type { DeliveryWindow, Sink } from '../../src/component/sink.ts';
import { SluiceError } from '../../src/errors.ts';
import type { EventBatch } from '../../src/event/event-batch.ts';
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

function runnerOf(sink: Sink, channel: Channel, clock: FakeClock) {
  const counters = newSinkCounters();
  const log = memoryLogger();
  const processor = defaultProcessor.create({}, { ...componentContext('k'), sinks: ['k'] });
  const runner = new SinkRunner({
    members: [{ name: 'k', sink, channel, counters, batchSize: 2, log }],
    processor,
    clock,
    checkpoint: noCheckpoint,
  });
  return { runner, counters, log };
}

async function put(channel: Channel, lines: readonly string[]): Promise<Receipt> {
  const receipt = new Receipt(lines.length);
  await channel.put(batchOfLines(lines), receipt.leg('c'), never);
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
