import assert from 'node:assert/strict';
import { SourceRunner, type SourceRunnerParts } from '../../src/agent/source-runner.ts';
import { memory } from '../../src/channels/memory.ts';
import type { Channel } from '../../src/component/channel.ts';
import { newChannelCounters, newSourceCounters } from '../../src/component/counters.ts';
import type { Interceptor } from '../../src/component/interceptor.ts';
import type { Selector } from '../../src/component/selector.ts';
import type { Source } from '../../src/component/source.ts';
import { SluiceError } from '../../src/errors.ts';
import type { Receipt } from '../../src/event/receipt.ts';
import { bind } from '../../src/options/bind.ts';
import { batchOfLines, rowsOf } from '../support/batches.ts';
import { componentContext, FakeClock, memoryLogger } from '../support/context.ts';

const never = new AbortController().signal;

function channelOf(settings: Record<string, string> = {}): Channel {
  const raw = new Map(Object.entries(settings).map(([key, text]) => [key, { text }]));
  const { values } = bind(memory, raw, 'channel c', () => ({ known: [] }));
  return memory.create(values, { ...componentContext('c'), counters: newChannelCounters(0) });
}

const toAll: (...channels: string[]) => Selector = (...channels) => ({
  route: () => channels.map((channel) => ({ channel, required: true })),
});

/** Everything to channel c, and to o if it has room. */
const optionalO: Selector = {
  route: () => [
    { channel: 'c', required: true },
    { channel: 'o', required: false },
  ],
};

function runnerOf(source: Source, over: Partial<SourceRunnerParts> = {}) {
  const channel = channelOf();
  const log = memoryLogger();
  const counters = newSourceCounters();
  const clock = new FakeClock();
  const runner = new SourceRunner({
    name: 'r',
    source,
    interceptors: [],
    selector: toAll('c'),
    channels: new Map([['c', channel]]),
    replays: false,
    counters,
    clock,
    log,
    ...over,
  });
  return { runner, channel, log, counters, clock };
}

async function drain(channel: Channel): Promise<string[]> {
  const seen: string[] = [];
  while (channel.size > 0) {
    const delivery = await channel.take(1000, never);
    seen.push(...rowsOf(delivery!.batch).map(({ body }) => body));
    delivery!.commit();
  }
  return seen;
}

/** Drops the rows whose body begins with `-`. */
const dropDashes: Interceptor = {
  intercept: (batch) => {
    const kept: number[] = [];
    for (let row = 0; row < batch.length; row++) if (batch.body[batch.starts[row]!] !== 0x2d) kept.push(row);
    const rows = Uint32Array.from(kept);
    return { batch: batch.select(rows), rows };
  },
};

describe('SourceRunner', () => {
  it('resolves emit when every channel has the rows, with a receipt that settles when they are durable', async () => {
    const channels = new Map([
      ['c', channelOf()],
      ['d', channelOf()],
    ]);
    let settled = false;
    const source: Source = {
      run: async (out) => {
        out.ready();
        const receipt = await out.emit(batchOfLines(['a', 'b']));
        assert.equal(receipt.settled, false);
        void receipt.whenSettled().then(() => {
          settled = true;
        });
      },
    };
    const { runner, counters } = runnerOf(source, { channels, selector: toAll('c', 'd') });
    runner.start();
    await runner.stop(never);
    assert.equal(counters.EventAcceptedCount, 2);
    assert.deepEqual(await drain(channels.get('c')!), ['a', 'b']);
    assert.equal(settled, false);
    assert.deepEqual(await drain(channels.get('d')!), ['a', 'b']);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(settled, true);
  });

  it('keeps track of rows through interceptors that drop some', async () => {
    let lowWater: (() => number) | undefined;
    const source: Source = {
      run: async (out) => {
        const receipt = await out.emit(batchOfLines(['a', '-', 'b', '-', 'c']));
        lowWater = () => receipt.lowWater;
      },
    };
    const { runner, channel } = runnerOf(source, { interceptors: [dropDashes, dropDashes] });
    runner.start();
    await runner.stop(never);
    const first = await channel.take(2, never);
    first!.commit();
    assert.equal(lowWater!(), 4);
    assert.deepEqual(await drain(channel), ['c']);
    assert.equal(lowWater!(), 5);
  });

  it('settles a batch at once whose rows were all dropped', async () => {
    const source: Source = {
      run: async (out) => {
        const receipt = await out.emit(batchOfLines(['-', '-']));
        assert.ok(receipt.settled);
      },
    };
    const { runner, channel, log } = runnerOf(source, { interceptors: [dropDashes] });
    runner.start();
    await runner.stop(never);
    assert.equal(channel.size, 0);
    assert.deepEqual(log.lines, []);
  });

  it('refuses a client whose batch is above the transactionCapacity, and one for whom there is no room', async () => {
    const channel = channelOf({ capacity: '2', transactionCapacity: '2', 'keep-alive': '0' });
    const codes: string[] = [];
    const source: Source = {
      run: async (out) => {
        for (const lines of [['a', 'b', 'c'], ['a', 'b'], ['c']]) {
          try {
            await out.emit(batchOfLines(lines), { forClient: true });
            codes.push('accepted');
          } catch (error) {
            codes.push(error instanceof SluiceError ? error.code : String(error));
          }
        }
      },
    };
    const { runner, counters } = runnerOf(source, { channels: new Map([['c', channel]]) });
    runner.start();
    await runner.stop(never);
    assert.deepEqual(codes, ['CHANNEL_FULL', 'accepted', 'CHANNEL_FULL']);
    assert.equal(counters.ChannelWriteFail, 2);
    assert.deepEqual(await drain(channel), ['a', 'b']);
  });

  it('does not let an optional channel hold up or lose the required one', async () => {
    const channels = new Map([
      ['c', channelOf()],
      ['o', channelOf({ capacity: '1', transactionCapacity: '1', 'keep-alive': '0' })],
    ]);
    const source: Source = {
      run: async (out) => {
        await out.emit(batchOfLines(['a']));
        await out.emit(batchOfLines(['b']));
        await out.emit(batchOfLines(['c']));
      },
    };
    const { runner, log } = runnerOf(source, { channels, selector: optionalO });
    runner.start();
    await runner.stop(never);
    assert.deepEqual(await drain(channels.get('c')!), ['a', 'b', 'c']);
    assert.deepEqual(await drain(channels.get('o')!), ['a']);
    assert.equal(log.lines.filter((line) => /optional channel o does not keep up/.test(line)).length, 1, 'one line');
  });

  it('gives an optional channel that is smaller than a batch all of it, as its sink makes room', async () => {
    const channels = new Map([
      ['c', channelOf()],
      ['o', channelOf({ capacity: '3', transactionCapacity: '2' })],
    ]);
    const lines = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    let receipt: Receipt | undefined;
    const source: Source = {
      run: async (out) => {
        receipt = await out.emit(batchOfLines(lines));
      },
    };
    const { runner } = runnerOf(source, { channels, selector: optionalO });
    runner.start();
    const got: string[] = [];
    while (got.length < lines.length) {
      const delivery = await channels.get('o')!.take(10, AbortSignal.timeout(2000));
      assert.ok(delivery !== undefined, `only ${got.join()}`);
      got.push(...rowsOf(delivery.batch).map(({ body }) => body));
      delivery.commit();
    }
    assert.deepEqual(got, lines);
    await runner.stop(never);
    assert.equal(receipt?.settled, false);
    await drain(channels.get('c')!);
    assert.equal(receipt?.settled, true);
  });

  it('starts a failed source again after a back-off, and says what to do', async () => {
    let lives = 0;
    const source: Source = {
      run: async (out) => {
        if (++lives < 3) throw new SluiceError('ADDRESS_IN_USE', 'port 41414');
        out.ready();
      },
    };
    const { runner, clock, log } = runnerOf(source);
    runner.start();
    await clock.advance(1000);
    assert.equal(lives, 2);
    await clock.advance(2000);
    assert.equal(lives, 3);
    assert.match(log.lines[0]!, /ERROR failed: The address is in use: port 41414. Starts again in 1 s. Stop the other/);
    await runner.stop(never);
  });

  it('lets a stopped source hand over what it has read', async () => {
    const source: Source = {
      run: async (out, signal) => {
        out.ready();
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        await out.emit(batchOfLines(['last words']));
      },
    };
    const { runner, channel } = runnerOf(source);
    runner.start();
    await runner.stop(never);
    assert.deepEqual(await drain(channel), ['last words']);
  });

  it('gives up waiting for room when the deadline is over', async () => {
    const channel = channelOf({ capacity: '1', transactionCapacity: '1' });
    const source: Source = {
      run: async (out) => {
        await out.emit(batchOfLines(['a']));
        await out.emit(batchOfLines(['b']));
      },
    };
    const { runner } = runnerOf(source, { channels: new Map([['c', channel]]) });
    runner.start();
    await runner.stop(AbortSignal.timeout(10));
    assert.deepEqual(await drain(channel), ['a']);
  });
});
