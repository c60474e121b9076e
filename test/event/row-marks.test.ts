import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RowMarks } from '../../src/event/row-marks.ts';

const rows = fc.integer({ min: 1, max: 40 });
const steps = fc.array(
  fc.oneof(
    fc.record({ from: fc.nat(40), to: fc.nat(40) }),
    fc.record({ rows: fc.uniqueArray(fc.nat(39), { maxLength: 10 }) }),
  ),
  { maxLength: 30 },
);

/** Ranges of the numbers below `count` for which it holds. */
function rangesWhere(count: number, holds: (row: number) => boolean): number[] {
  const ranges: number[] = [];
  for (let row = 0; row < count; row++) {
    if (!holds(row)) continue;
    if (ranges.at(-1) === row) ranges[ranges.length - 1] = row + 1;
    else ranges.push(row, row + 1);
  }
  return ranges;
}

describe('RowMarks', () => {
  it('knows what a plain set of numbers knows', () => {
    fc.assert(
      fc.property(rows, steps, (count, all) => {
        const marks = new RowMarks(count);
        const done = new Set<number>();
        for (const step of all) {
          if ('rows' in step) {
            const some = step.rows.filter((row) => row < count).toSorted((a, b) => a - b);
            marks.addRows(Uint32Array.from(some));
            for (const row of some) done.add(row);
          } else {
            const to = Math.min(step.to, count);
            marks.add(step.from, to);
            for (let row = step.from; row < to; row++) done.add(row);
          }
          let low = 0;
          while (done.has(low)) low++;
          assert.equal(marks.low, low);
          assert.equal(marks.all, done.size === count);
          assert.deepEqual(
            marks.missing,
            rangesWhere(count, (row) => !done.has(row)),
          );
          assert.deepEqual(
            marks.rangesAbove,
            rangesWhere(count, (row) => row > low && done.has(row)),
          );
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('of no rows at all is complete', () => {
    const marks = new RowMarks(0);
    assert.ok(marks.all);
    assert.deepEqual(marks.missing, []);
  });
});
