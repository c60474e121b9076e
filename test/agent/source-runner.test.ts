import assert from 'node:assert/strict';
import fc from 'fast-check';
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

  it('shows a source with positions the receipt before any channel has the batch', async () => {
    const channel = channelOf();
    const order: string[] = [];
    const put = channel.put.bind(channel);
    channel.put = (...args) => {
      order.push('put');
      return put(...args);
    };
    const source: Source = {
      run: async (out) => {
        let shown: Receipt | undefined;
        const emitted = out.emit(batchOfLines(['a', 'b']), {
          onReceipt: (receipt) => {
            shown = receipt;
            order.push(`receipt ${receipt.rows} ${receipt.settled}`);
          },
        });
        order.push('the tick goes on');
        assert.equal(await emitted, shown);
        assert.ok(shown?.replayable);
      },
    };
    const { runner } = runnerOf(source, { channels: new Map([['c', channel]]), replays: true });
    runner.start();
    await runner.stop(never);
    assert.deepEqual(order.slice(0, 2), ['receipt 2 false', 'put']);
  });

  it('sends rows that were settled on one way in an earlier life only the other ways', async () => {
    const channels = new Map([
      ['c', channelOf()],
      ['d', channelOf()],
      ['e', channelOf()],
    ]);
    let receipt: Receipt | undefined;
    const source: Source = {
      run: async (out) => {
        receipt = await out.emit(batchOfLines(['a', '-', 'b', 'x', 'y']), {
          settled: new Map([
            ['c', Uint32Array.of(0, 2)],
            ['e', Uint32Array.of(0, 1, 2, 3, 4)],
          ]),
        });
      },
    };
    const { runner } = runnerOf(source, { channels, selector: toAll('c', 'd', 'e'), interceptors: [dropDashes] });
    runner.start();
    await runner.stop(never);
    assert.deepEqual(
      receipt?.legs.map(({ channel, unsettledSourceRanges }) => [channel, unsettledSourceRanges]),
      [
        ['c', [3, 5]],
        ['d', [0, 1, 2, 5]],
        ['e', []],
      ],
    );
    assert.equal(channels.get('e')!.size, 0);
    assert.deepEqual(await drain(channels.get('c')!), ['x', 'y']);
    assert.equal(receipt?.lowWater, 0);
    assert.deepEqual(await drain(channels.get('d')!), ['a', 'b', 'x', 'y']);
    assert.ok(receipt?.settled);
  });

  it('gives an optional way no rows either that were settled there', async () => {
    const channels = new Map([
      ['c', channelOf()],
      ['o', channelOf({ capacity: '2', transactionCapacity: '2' })],
    ]);
    const source: Source = {
      run: async (out) => {
        await out.emit(batchOfLines(['a', 'b', 'd']), { settled: new Map([['o', Uint32Array.of(0, 2)]]) });
        const receipt = await out.emit(batchOfLines(['e']), { settled: new Map([['o', Uint32Array.of(0)]]) });
        assert.deepEqual(
          receipt.legs.map((leg) => [leg.channel, leg.settled]),
          [
            ['c', false],
            ['o', true],
          ],
        );
      },
    };
    const { runner, log } = runnerOf(source, { channels, selector: optionalO });
    runner.start();
    await runner.stop(never);
    assert.deepEqual(
      log.lines.filter((line) => line.startsWith('WARN')),
      [],
    );
    assert.deepEqual(await drain(channels.get('c')!), ['a', 'b', 'd', 'e']);
    assert.deepEqual(await drain(channels.get('o')!), ['b']);
  });

  it('sends every row to each way on which it was not settled, and no other, through filters and routes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
        fc.uniqueArray(fc.nat(19)),
        fc.uniqueArray(fc.nat(19)),
        fc.option(fc.uniqueArray(fc.nat(19))),
        async (dropped, settledC, settledD, routed) => {
          const rows = dropped.length;
          const within = (some: readonly number[]): Uint32Array =>
            Uint32Array.from(some.filter((row) => row < rows)).sort();
          const channels = new Map([
            ['c', channelOf()],
            ['d', channelOf()],
          ]);
          const settled = new Map([
            ['c', within(settledC)],
            ['d', within(settledD)],
          ]);
          // What goes to d is chosen by the row's number in the batch as the selector gets it.
          const left = dropped.flatMap((drops, row) => (drops ? [] : [row]));
          const chosen = routed === null ? undefined : Uint32Array.from(routed.filter((i) => i < left.length)).sort();
          const selector: Selector = {
            route: () => [
              { channel: 'c', required: true },
              { channel: 'd', required: true, rows: chosen },
            ],
          };
          let receipt: Receipt | undefined;
          const source: Source = {
            run: async (out) => {
              const lines = dropped.map((drops, row) => (drops ? '-' : `${row}`));
              receipt = await out.emit(batchOfLines(lines), { settled });
            },
          };
          const { runner } = runnerOf(source, { channels, selector, interceptors: [dropDashes] });
          runner.start();
          await runner.stop(never);
          const toD = chosen === undefined ? left : Array.from(chosen, (i) => left[i]!);
          for (const [name, wanted] of [['c', left] as const, ['d', toD] as const]) {
            const due = wanted.filter((row) => !settled.get(name)!.includes(row));
            const ranges = receipt?.legs.find(({ channel }) => channel === name)?.unsettledSourceRanges ?? [];
            const open: number[] = [];
            for (let i = 0; i < ranges.length; i += 2)
              for (let row = ranges[i]!; row < ranges[i + 1]!; row++) open.push(row);
            assert.deepEqual(open, due);
            assert.deepEqual(await drain(channels.get(name)!), due.map(String));
          }
          assert.ok(receipt?.settled);
        },
      ),
      { numRuns: 300 },
    );
  });
});
