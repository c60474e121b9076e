import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RowSet } from '../../../src/channels/file/row-set.ts';

const ROWS = 200;
const range = fc.tuple(fc.nat(ROWS), fc.nat(12)).map(([from, count]) => [from, Math.min(ROWS, from + count)] as const);

/** Ranges that are ascending and apart, few or many. */
const ranges = fc.uniqueArray(fc.nat(ROWS - 1), { maxLength: 120 }).map((rows) => {
  const list: number[] = [];
  for (const row of rows.sort((a, b) => a - b)) {
    if (list.at(-1) === row) list[list.length - 1] = row + 1;
    else list.push(row, row + 1);
  }
  return list;
});

describe('RowSet', () => {
  it('holds just the rows that were added, counts the new ones, and tells the missing ones', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(range, ranges), { maxLength: 30 }), range, (steps, [from, to]) => {
        const set = new RowSet();
        const model = new Set<number>();
        for (const step of steps) {
          const before = model.size;
          for (let i = 0; i + 1 < step.length; i += 2)
            for (let row = step[i]!; row < step[i + 1]!; row++) model.add(row);
          const isRange = step.length === 2 && step[1]! >= step[0]!;
          assert.equal(isRange ? set.add(step[0]!, step[1]!) : set.addAll(step), model.size - before);
          assert.equal(set.size, model.size);
        }
        const held = [0, set.low, ...set.above];
        const rows: number[] = [];
        for (let i = 0; i < held.length; i += 2) {
          if (i > 0) assert.ok(held[i]! > held[i - 1]! && held[i + 1]! > held[i]!, `${held}`);
          for (let row = held[i]!; row < held[i + 1]!; row++) rows.push(row);
        }
        assert.deepEqual(
          rows,
          [...model].sort((a, b) => a - b),
        );
        assert.equal(set.end, held.at(-1));
        const missing: number[] = [];
        const parts = set.missing(from, to);
        for (let i = 0; i < parts.length; i += 2)
          for (let row = parts[i]!; row < parts[i + 1]!; row++) missing.push(row);
        assert.deepEqual(
          missing,
          Array.from({ length: to - from }, (_, i) => from + i).filter((row) => !model.has(row)),
        );
        assert.equal(set.countMissing(from, to), missing.length);
      }),
      { numRuns: 1000 },
    );
  });
});
