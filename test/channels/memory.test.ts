import assert from 'node:assert/strict';
import { memory } from '../../src/channels/memory.ts';
import type { Channel } from '../../src/component/channel.ts';
import { newChannelCounters } from '../../src/component/counters.ts';
import { Receipt } from '../../src/event/receipt.ts';
import { bind } from '../../src/options/bind.ts';
import { describeChannel } from '../contract/channel.contract.ts';
import { batchOfLines, rowsOf } from '../support/batches.ts';
import { componentContext } from '../support/context.ts';

function make(settings: Record<string, string>): { channel: Channel; counters: ReturnType<typeof newChannelCounters> } {
  const raw = new Map(Object.entries(settings).map(([key, text]) => [key, { text }]));
  const bound = bind(memory, raw, 'channel c', () => ({ known: [] }));
  assert.deepEqual(
    bound.problems.filter(({ severity }) => severity === 'error'),
    [],
  );
  const counters = newChannelCounters(0);
  return { channel: memory.create(bound.values, { ...componentContext('c'), counters }), counters };
}

describeChannel('memory', {
  durable: false,
  open: async (capacity) => {
    const { channel } = make({ capacity: `${capacity}`, transactionCapacity: '1' });
    await channel.open();
    return channel;
  },
});

describe('memory channel', () => {
  it('is bounded in bytes kept alive, apart from a single batch that is larger', async () => {
    const { channel } = make({ capacity: '1000', byteCapacity: '1000', byteCapacityBufferPercentage: '0' });
    const signal = new AbortController().signal;
    const big = batchOfLines(['x'.repeat(5000)]);
    await channel.put(big, new Receipt(1).leg('c'), signal);
    await assert.rejects(channel.put(batchOfLines(['a']), new Receipt(1).leg('c'), signal, 1), /no room/);
    (await channel.take(10, signal))?.commit();
    await channel.put(batchOfLines(['a']), new Receipt(1).leg('c'), signal, 1);
  });

  it('joins small batches that lie behind each other, so that a sink gets them in one', async () => {
    const { channel } = make({ capacity: '1000', transactionCapacity: '1' });
    const signal = new AbortController().signal;
    for (let i = 0; i < 10; i++) await channel.put(batchOfLines([`${i}`]), new Receipt(1).leg('c'), signal);
    const delivery = await channel.take(7, signal);
    assert.equal(delivery?.batch.length, 7);
    delivery?.commit();
  });

  it('does not join rows that a source sends again with rows that none does: they are settled otherwise', async () => {
    const { channel } = make({ capacity: '1000', transactionCapacity: '1' });
    const signal = new AbortController().signal;
    for (const [line, replayable] of [
      ['a', true],
      ['b', true],
      ['c', false],
      ['d', true],
    ] as const) {
      await channel.put(batchOfLines([line]), new Receipt(1, undefined, replayable).leg('c'), signal);
    }
    const taken: (readonly [number, boolean])[] = [];
    while (channel.size > 0) {
      const delivery = await channel.take(10, signal);
      taken.push([delivery!.batch.length, delivery!.replayable]);
      delivery!.commit();
    }
    assert.deepEqual(taken, [
      [2, true],
      [1, false],
      [1, true],
    ]);
  });

  it('hands everything over to a smaller channel, again and again, and takes no more until there is room', async () => {
    const signal = new AbortController().signal;
    let { channel } = make({ capacity: '10', transactionCapacity: '1' });
    for (let i = 0; i < 10; i++) await channel.put(batchOfLines([`${i}`]), new Receipt(1).leg('c'), signal);
    for (let reload = 0; reload < 2; reload++) {
      const next = make({ capacity: '3', transactionCapacity: '1' }).channel;
      const ended = new AbortController();
      assert.equal(channel.handOver?.(next, ended.signal), 10);
      ended.abort();
      channel = next;
      assert.equal(channel.size, 10);
    }
    await assert.rejects(channel.put(batchOfLines(['x']), new Receipt(1).leg('c'), signal, 1), /no room/);
    const delivery = await channel.take(100, signal);
    assert.deepEqual(
      rowsOf(delivery!.batch).map(({ body }) => body),
      [...'0123456789'],
    );
    delivery!.commit();
    await channel.put(batchOfLines(['x']), new Receipt(1).leg('c'), signal, 1);
  });

  it("counts as Flume's does", async () => {
    const { channel, counters } = make({ capacity: '10', transactionCapacity: '5' });
    const signal = new AbortController().signal;
    await channel.put(batchOfLines(['a', 'b', 'c']), new Receipt(3).leg('c'), signal);
    const delivery = await channel.take(2, signal);
    delivery?.commit();
    assert.deepEqual(
      { ...counters, StartTime: 0 },
      {
        ChannelSize: 1,
        ChannelCapacity: 10,
        EventPutAttemptCount: 3,
        EventPutSuccessCount: 3,
        EventTakeAttemptCount: 2,
        EventTakeSuccessCount: 2,
        StartTime: 0,
        StopTime: 0,
      },
    );
  });

  it('takes a capacity that is no number for the default, and refuses a transactionCapacity above it, as Flume does', () => {
    const none = bind(memory, new Map([['capacity', { text: '10k' }]]), 'channel c', () => ({ known: [] }));
    assert.equal(none.values['capacity'], 100);
    assert.equal(none.problems[0]?.severity, 'warning');
    const small = bind(memory, new Map([['capacity', { text: '10' }]]), 'channel c', () => ({ known: [] }));
    assert.match(small.problems[0]?.message ?? '', /transactionCapacity: 100 is above the capacity of 10/);
  });
});
