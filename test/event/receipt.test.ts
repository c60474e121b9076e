import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Receipt } from '../../src/event/receipt.ts';

describe('Receipt', () => {
  it('is settled when every leg is, in whatever order rows settle', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }).chain((rows) =>
          fc.record({
            rows: fc.constant(rows),
            steps: fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.nat(rows), fc.nat(rows)), { maxLength: 60 }),
          }),
        ),
        ({ rows, steps }) => {
          const receipt = new Receipt(rows);
          const legs = [receipt.leg('a'), receipt.leg('b')];
          receipt.seal();
          const done = [new Set<number>(), new Set<number>()];
          for (const [leg, x, y] of steps) {
            const [from, to] = [Math.min(x, y), Math.max(x, y)];
            legs[leg]!.settle(from, to);
            for (let row = from; row < to; row++) done[leg]!.add(row);
            let low = 0;
            while (low < rows && done.every((set) => set.has(low))) low++;
            assert.equal(receipt.lowWater, low);
            assert.equal(
              receipt.settled,
              done.every((set) => set.size === rows),
            );
          }
        },
      ),
    );
  });

  it('counts rows that were dropped on the way as settled', () => {
    const receipt = new Receipt(10);
    const leg = receipt.leg('c', Uint32Array.of(3, 7));
    receipt.seal();
    assert.equal(receipt.lowWater, 3);
    leg.settle(0, 1);
    assert.equal(receipt.lowWater, 7);
    leg.settle(1, 2);
    assert.equal(receipt.lowWater, 10);
    assert.ok(receipt.settled);
  });

  it('without a leg, all rows dropped, is settled as soon as it is sealed', () => {
    const receipt = new Receipt(5);
    assert.equal(receipt.settled, false);
    receipt.seal();
    assert.equal(receipt.settled, true);
    assert.equal(receipt.lowWater, 5);
  });

  it('tells of progress, and one last time when all is settled', () => {
    const receipt = new Receipt(4);
    const leg = receipt.leg('c');
    const seen: number[] = [];
    receipt.onProgress(() => seen.push(receipt.lowWater));
    receipt.seal();
    leg.settle(0, 2);
    leg.settle(2, 4);
    leg.settle(2, 4);
    assert.deepEqual(
      seen.filter((low) => low > 0),
      [2, 4],
    );
  });

  it('is not settled before it is sealed, though its legs are', async () => {
    const receipt = new Receipt(1);
    receipt.leg('c').settle(0, 1);
    assert.equal(receipt.settled, false);
    const settled = receipt.whenSettled();
    receipt.seal();
    await settled;
  });

  it('tells for each way which of the emitted rows are not durable there, in whatever order and way they settle', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(29), { minLength: 1 }).map((rows) => rows.toSorted((a, b) => a - b)),
        fc.array(
          fc.oneof(
            fc.record({ from: fc.nat(30), to: fc.nat(30) }),
            fc.record({ rows: fc.uniqueArray(fc.nat(29), { maxLength: 8 }) }),
          ),
          { maxLength: 20 },
        ),
        (sourceRows, steps) => {
          const receipt = new Receipt(30);
          const leg = receipt.leg('c', Uint32Array.from(sourceRows));
          receipt.seal();
          const open = new Set(sourceRows);
          let told = 0;
          receipt.onProgress(() => told++);
          for (const step of steps) {
            if ('rows' in step) {
              const rows = step.rows.filter((row) => row < leg.rows).toSorted((a, b) => a - b);
              leg.settleRows(Uint32Array.from(rows));
              for (const row of rows) open.delete(sourceRows[row]!);
            } else {
              const to = Math.min(step.to, leg.rows);
              leg.settle(step.from, to);
              for (let row = step.from; row < to; row++) open.delete(sourceRows[row]!);
            }
            const ranges = leg.unsettledSourceRanges;
            const listed: number[] = [];
            for (let i = 0; i < ranges.length; i += 2) {
              assert.ok(i === 0 || ranges[i]! > ranges[i - 1]!, 'ranges are apart');
              for (let row = ranges[i]!; row < ranges[i + 1]!; row++) listed.push(row);
            }
            assert.deepEqual(listed, [...open]);
            assert.equal(receipt.lowWater, open.size === 0 ? 30 : Math.min(...open));
            assert.equal(receipt.settled, open.size === 0);
          }
          if (open.size === 0) assert.ok(told > 0);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('tells the settled rows of a way in few ranges, none of which holds a row of that way that is not', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(29), { minLength: 1 }), fc.array(fc.nat(29)), (onTheWay, settled) => {
        const rows = Uint32Array.from(onTheWay).sort();
        const receipt = new Receipt(30);
        const leg = receipt.leg('c', rows);
        receipt.seal();
        const done = new Set<number>();
        for (const row of settled) {
          const at = rows.indexOf(row);
          if (at < 0) continue;
          leg.settle(at, at + 1);
          done.add(row);
        }
        const ranges = leg.settledSourceRanges;
        const isIn = (row: number) => ranges.some((from, i) => i % 2 === 0 && from <= row && row < ranges[i + 1]!);
        assert.deepEqual(
          [...rows].filter(isIn),
          [...rows].filter((row) => done.has(row)),
        );
        for (let i = 1; i < ranges.length; i++) assert.ok(ranges[i]! > ranges[i - 1]!);
      }),
      { numRuns: 500 },
    );
  });

  it('counts no row to the settled ones of a way that is still open on another, or may be before it is sealed', () => {
    const receipt = new Receipt(10);
    const first = receipt.leg('c', Uint32Array.of(0, 1, 4, 5, 9));
    first.settle(0, 5);
    assert.deepEqual(first.settledSourceRanges, [0, 2, 4, 6, 9, 10]);
    const second = receipt.leg('d', Uint32Array.of(1, 3, 6, 7));
    receipt.seal();
    assert.deepEqual(first.settledSourceRanges, [0, 3, 4, 6, 8, 10]);
    second.settleRows(Uint32Array.of(1, 2));
    assert.deepEqual(first.settledSourceRanges, [0, 7, 8, 10]);
    assert.deepEqual(second.settledSourceRanges, [3, 7]);
    second.settle(0, 4);
    assert.deepEqual(first.settledSourceRanges, [0, 10]);
  });

  it('frees the batch once, after the listener was told', () => {
    const order: string[] = [];
    const receipt = new Receipt(2, () => order.push('freed'));
    receipt.onProgress(() => order.push(`${receipt.lowWater}`));
    const leg = receipt.leg('c');
    receipt.seal();
    leg.settleRows(Uint32Array.of(1));
    leg.settleRows(Uint32Array.of(0, 1));
    leg.settle(0, 2);
    assert.deepEqual(order.slice(-2), ['2', 'freed']);
    assert.equal(order.filter((what) => what === 'freed').length, 1);
  });
});
