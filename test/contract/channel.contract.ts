import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Channel, Delivery } from '../../src/component/channel.ts';
import { SluiceError } from '../../src/errors.ts';
import { Receipt, type ReceiptLeg } from '../../src/event/receipt.ts';
import { batchOfLines, rowsOf } from '../support/batches.ts';

export interface ChannelUnderTest {
  /** An open channel of that capacity in events. */
  open(capacity: number): Promise<Channel>;
  /** Whether rows are durable at the put already. */
  readonly durable: boolean;
}

const never = new AbortController().signal;

function leg(rows: number): ReceiptLeg {
  return new Receipt(rows).leg('c');
}

function put(channel: Channel, lines: readonly string[], signal = never, patience?: number): Promise<void> {
  return channel.put(batchOfLines(lines), leg(lines.length), signal, patience);
}

async function take(channel: Channel, rows = 1000): Promise<Delivery> {
  const delivery = await channel.take(rows, never);
  assert.ok(delivery);
  return delivery;
}

function bodies(delivery: Delivery): string[] {
  return rowsOf(delivery.batch).map(({ body }) => body);
}

/** What every channel promises; see `src/component/channel.ts`. */
export function describeChannel(name: string, under: ChannelUnderTest): void {
  describe(`${name} keeps the contract of a channel`, () => {
    it('gives rows in the order of the puts', async () => {
      const channel = await under.open(100);
      await put(channel, ['a', 'b']);
      await put(channel, ['c']);
      const seen: string[] = [];
      while (seen.length < 3) {
        const delivery = await take(channel, 1);
        seen.push(...bodies(delivery));
        delivery.commit();
      }
      assert.deepEqual(seen, ['a', 'b', 'c']);
      assert.equal(channel.size, 0);
      await channel.close();
    });

    it('gives no more rows than asked for', async () => {
      const channel = await under.open(100);
      await put(channel, ['a', 'b', 'c']);
      const delivery = await take(channel, 2);
      assert.deepEqual(bodies(delivery), ['a', 'b']);
      delivery.commit();
      await channel.close();
    });

    it('makes a put wait until there is room, and counts taken rows until they are committed', async () => {
      const channel = await under.open(2);
      await put(channel, ['a', 'b']);
      let accepted = false;
      const waiting = put(channel, ['c']).then(() => {
        accepted = true;
      });
      const first = await take(channel, 2);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(accepted, false);
      first.commit();
      await waiting;
      const second = await take(channel);
      assert.deepEqual(bodies(second), ['c']);
      second.commit();
      await channel.close();
    });

    it('refuses a put whose patience is over, and keeps none of its rows', async () => {
      const channel = await under.open(2);
      await put(channel, ['a', 'b']);
      await assert.rejects(
        put(channel, ['c'], never, 5),
        (error) => error instanceof SluiceError && error.code === 'CHANNEL_FULL',
      );
      const delivery = await take(channel);
      assert.deepEqual(bodies(delivery), ['a', 'b']);
      delivery.commit();
      assert.equal(channel.size, 0);
      await channel.close();
    });

    it('gives up a waiting put when told to, and lets the next one in', async () => {
      const channel = await under.open(2);
      await put(channel, ['a']);
      const abort = new AbortController();
      const waiting = put(channel, ['b', 'c'], abort.signal);
      const behind = put(channel, ['d']);
      const refused = assert.rejects(waiting, /enough/);
      abort.abort(new Error('enough'));
      await refused;
      await behind;
      const delivery = await take(channel);
      assert.deepEqual(bodies(delivery), ['a', 'd']);
      delivery.commit();
      await channel.close();
    });

    it('lets a batch in that is larger than the channel', async () => {
      const channel = await under.open(3);
      const lines = Array.from({ length: 20 }, (_, i) => `${i}`);
      const done = put(channel, lines);
      const seen: string[] = [];
      while (seen.length < lines.length) {
        const delivery = await take(channel);
        seen.push(...bodies(delivery));
        delivery.commit();
      }
      await done;
      assert.deepEqual(seen, lines);
      await channel.close();
    });

    it('gives rolled back rows again, first and in order', async () => {
      const channel = await under.open(100);
      await put(channel, ['a', 'b', 'c', 'd']);
      const first = await take(channel, 1);
      const second = await take(channel, 2);
      second.rollback();
      first.rollback();
      const seen: string[] = [];
      while (seen.length < 4) {
        const delivery = await take(channel, 1);
        seen.push(...bodies(delivery));
        delivery.commit();
      }
      assert.deepEqual(seen, ['a', 'b', 'c', 'd']);
      await channel.close();
    });

    it('wakes a waiting take with a put, and with a rollback', async () => {
      const channel = await under.open(100);
      const waiting = take(channel);
      await put(channel, ['a']);
      const first = await waiting;
      const again = take(channel);
      first.rollback();
      const second = await again;
      assert.deepEqual(bodies(second), ['a']);
      second.commit();
      await channel.close();
    });

    it('ends a waiting take when told to', async () => {
      const channel = await under.open(100);
      const abort = new AbortController();
      const waiting = channel.take(10, abort.signal);
      abort.abort();
      assert.equal(await waiting, undefined);
      await put(channel, ['a']);
      const delivery = await take(channel);
      delivery.commit();
      await channel.close();
    });

    it('refuses to end a delivery twice', async () => {
      const channel = await under.open(100);
      await put(channel, ['a']);
      const delivery = await take(channel);
      delivery.commit();
      assert.throws(() => delivery.commit());
      assert.throws(() => delivery.rollback());
      await channel.close();
    });

    it(`settles the receipt at ${under.durable ? 'the put' : 'the commit, row by row'}`, async () => {
      const channel = await under.open(100);
      const batch = batchOfLines(['a', 'b', 'c']);
      const receipt = new Receipt(3);
      await channel.put(batch, receipt.leg('c'), never);
      receipt.seal();
      if (under.durable) {
        await receipt.whenSettled();
      } else {
        const first = await take(channel, 1);
        const second = await take(channel, 2);
        assert.equal(receipt.lowWater, 0);
        second.commit();
        assert.equal(receipt.lowWater, 0);
        first.commit();
        assert.ok(receipt.settled);
      }
      await channel.close();
    });

    it('gives rows that were settled one by one no more after a rollback; they leave the channel', async () => {
      const channel = await under.open(100);
      await put(channel, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
      const first = await take(channel, 8);
      assert.equal(first.batch.length, 8);
      first.settle(0, 2);
      first.settle(1, 2);
      first.settleRows(Uint32Array.of(4, 6));
      first.rollback();
      assert.equal(channel.size, 4);
      const seen: string[] = [];
      while (seen.length < 4) {
        const delivery = await take(channel, 3);
        seen.push(...bodies(delivery));
        delivery.commit();
      }
      assert.deepEqual(seen, ['c', 'd', 'f', 'h']);
      assert.equal(channel.size, 0);
      await channel.close();
    });

    it('takes back a delivery of which every other row was settled, however many they are', async () => {
      const rows = 300_000;
      const channel = await under.open(rows);
      await put(channel, new Array<string>(rows).fill(''));
      let left = 0;
      for (const deliveries: Delivery[] = []; ; ) {
        if (deliveries.reduce((sum, { batch }) => sum + batch.length, 0) < rows) {
          deliveries.push(await take(channel, rows));
          continue;
        }
        for (const delivery of deliveries) {
          delivery.settleRows(Uint32Array.from({ length: delivery.batch.length >> 1 }, (_, i) => 2 * i + 1));
          left += delivery.batch.length - (delivery.batch.length >> 1);
          delivery.rollback();
        }
        break;
      }
      assert.equal(channel.size, left);
      while (channel.size > 0) (await take(channel, rows)).commit();
      await channel.close();
    });

    it('makes room for a waiting put by rows that were settled one by one, at the rollback', async () => {
      const channel = await under.open(4);
      await put(channel, ['a', 'b', 'c', 'd']);
      const waiting = put(channel, ['e', 'f']);
      const first = await take(channel, 4);
      first.settleRows(Uint32Array.of(1, 2));
      first.rollback();
      await waiting;
      const seen: string[] = [];
      while (seen.length < 4) {
        const delivery = await take(channel);
        seen.push(...bodies(delivery));
        delivery.commit();
      }
      assert.deepEqual(seen, ['a', 'd', 'e', 'f']);
      await channel.close();
    });

    it('commits a delivery as a whole whose rows were settled in part', async () => {
      const channel = await under.open(100);
      await put(channel, ['a', 'b', 'c']);
      const delivery = await take(channel, 3);
      delivery.settleRows(Uint32Array.of(1));
      delivery.settle(0, 3);
      delivery.commit();
      assert.equal(channel.size, 0);
      await put(channel, ['d']);
      const next = await take(channel);
      assert.deepEqual(bodies(next), ['d']);
      next.commit();
      await channel.close();
    });

    if (!under.durable) {
      it('settles rows of several batches in their own receipts, in the tick in which the sink says so', async () => {
        const channel = await under.open(100);
        const receipts: Receipt[] = [];
        for (const lines of [['a', 'b'], ['c'], ['d', 'e', 'f']]) {
          const receipt = new Receipt(lines.length);
          await channel.put(batchOfLines(lines), receipt.leg('c'), never);
          receipt.seal();
          receipts.push(receipt);
        }
        const at = (): readonly (readonly number[])[] => receipts.map(({ legs }) => legs[0]!.unsettledSourceRanges);
        const open: Delivery[] = [];
        while (open.reduce((sum, { batch }) => sum + batch.length, 0) < 6) open.push(await take(channel));
        // However the channel joins small batches, row n of all is row n - first of a delivery.
        const settle = (row: number): void => {
          let first = 0;
          for (const delivery of open) {
            const { length } = delivery.batch;
            if (row >= first && row < first + length) delivery.settleRows(Uint32Array.of(row - first));
            first += length;
          }
        };
        settle(1);
        settle(4);
        assert.deepEqual(at(), [
          [0, 1],
          [0, 1],
          [0, 1, 2, 3],
        ]);
        settle(2);
        assert.ok(receipts[1]!.settled);
        for (const delivery of open) delivery.commit();
        assert.ok(receipts.every(({ settled }) => settled));
        await channel.close();
      });
    }

    it('loses and doubles nothing, whatever puts, takes, single rows, commits and rollbacks come', async () => {
      const step = fc.oneof(
        { weight: 3, arbitrary: fc.record({ put: fc.integer({ min: 1, max: 12 }) }) },
        { weight: 3, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 8 }) }) },
        { weight: 2, arbitrary: fc.record({ commit: fc.nat(5) }) },
        { weight: 1, arbitrary: fc.record({ rollback: fc.nat(5) }) },
        { weight: 2, arbitrary: fc.record({ settle: fc.nat(5), from: fc.nat(8), to: fc.nat(8) }) },
        { weight: 2, arbitrary: fc.record({ settle: fc.nat(5), rows: fc.uniqueArray(fc.nat(7)) }) },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
          const channel = await under.open(10);
          let next = 0;
          const puts: Promise<void>[] = [];
          const open: Delivery[] = [];
          const committed: number[] = [];
          const settled = new Map<Delivery, Set<number>>();
          const end = (delivery: Delivery): void => {
            committed.push(...bodies(delivery).map(Number));
            delivery.commit();
          };
          const undo = (delivery: Delivery): void => {
            const out = settled.get(delivery) ?? new Set();
            committed.push(...bodies(delivery).flatMap((body, row) => (out.has(row) ? [Number(body)] : [])));
            delivery.rollback();
          };
          for (const each of steps) {
            if ('put' in each) {
              puts.push(
                put(
                  channel,
                  Array.from({ length: each.put }, () => `${next++}`),
                ),
              );
            } else if ('take' in each) {
              if (channel.size > open.reduce((sum, { batch }) => sum + batch.length, 0)) {
                open.push(await take(channel, each.take));
              }
            } else if ('commit' in each) {
              const [delivery] = open.splice(each.commit % Math.max(1, open.length), 1);
              if (delivery) end(delivery);
            } else if ('rollback' in each) {
              const [delivery] = open.splice(each.rollback % Math.max(1, open.length), 1);
              if (delivery) undo(delivery);
            } else {
              const delivery = open[each.settle % Math.max(1, open.length)];
              if (delivery === undefined) continue;
              const done = settled.get(delivery) ?? new Set();
              settled.set(delivery, done);
              const { length } = delivery.batch;
              if ('rows' in each) {
                const rows = each.rows.filter((row) => row < length).toSorted((a, b) => a - b);
                delivery.settleRows(Uint32Array.from(rows));
                for (const row of rows) done.add(row);
              } else {
                const to = Math.min(each.to, length);
                delivery.settle(each.from, to);
                for (let row = each.from; row < to; row++) done.add(row);
              }
            }
            assert.ok(channel.size <= 10);
          }
          for (const delivery of open) undo(delivery);
          while (committed.length < next) end(await take(channel));
          await Promise.all(puts);
          assert.equal(channel.size, 0);
          assert.deepEqual(
            committed.toSorted((a, b) => a - b),
            Array.from({ length: next }, (_, i) => i),
          );
          await channel.close();
        }),
        { numRuns: under.durable ? 50 : 300 },
      );
    });
  });
}
