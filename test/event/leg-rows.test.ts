import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type LegRows, settleRange, settleScattered, unsettled } from '../../src/event/leg-rows.ts';
import { Receipt } from '../../src/event/receipt.ts';
import { RowMarks } from '../../src/event/row-marks.ts';
import { batchOfLines, rowsOf } from '../support/batches.ts';

interface Run {
  readonly leg: number;
  readonly first: number;
  readonly length: number;
}

/** Runs of three legs of 10 rows each, none in two runs. */
const runs: fc.Arbitrary<Run[]> = fc
  .array(fc.record({ leg: fc.nat(2), first: fc.nat(9), length: fc.integer({ min: 1, max: 10 }) }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((some) => {
    const taken = new Set<string>();
    return some
      .map((run) => ({ ...run, length: Math.min(run.length, 10 - run.first) }))
      .filter(({ leg, first, length }) => {
        const names = Array.from({ length }, (_, i) => `${leg}.${first + i}`);
        if (names.some((name) => taken.has(name))) return false;
        for (const name of names) taken.add(name);
        return true;
      });
  });

function entriesOf(some: readonly Run[]) {
  const receipts = [0, 1, 2].map(() => new Receipt(10));
  const legs = receipts.map((receipt) => receipt.leg('c'));
  // A row's body says which row of which leg it is.
  const batches = legs.map((_, leg) => batchOfLines(Array.from({ length: 10 }, (_, row) => `${leg}.${row}`)));
  const entries: LegRows[] = some.map(({ leg, first, length }) => ({
    batch: batches[leg]!.slice(first, first + length),
    leg: legs[leg]!,
    first,
  }));
  const names = entries.flatMap(({ batch }) => rowsOf(batch).map(({ body }) => body));
  const open = (): string[] =>
    legs.flatMap((leg, i) => {
      const ranges = leg.unsettledSourceRanges;
      const rows: string[] = [];
      for (let k = 0; k < ranges.length; k += 2)
        for (let row = ranges[k]!; row < ranges[k + 1]!; row++) rows.push(`${i}.${row}`);
      return rows;
    });
  return { entries, names, open };
}

describe('rows of several legs in one delivery', () => {
  it('are settled each in its own leg: ranges, and single rows', () => {
    fc.assert(
      fc.property(runs, fc.nat(30), fc.nat(30), fc.uniqueArray(fc.nat(29)), (some, from, length, picked) => {
        const { entries, names, open } = entriesOf(some);
        const before = new Set(open());
        assert.equal(before.size, 30);
        const to = Math.min(from + length, names.length);
        settleRange(entries, from, to);
        for (const name of names.slice(from, Math.max(from, to))) before.delete(name);
        assert.deepEqual(open(), [...before]);
        const rows = picked.filter((row) => row < names.length).toSorted((a, b) => a - b);
        settleScattered(entries, Uint32Array.from(rows));
        for (const row of rows) before.delete(names[row]!);
        assert.deepEqual(open(), [...before]);
      }),
      { numRuns: 500 },
    );
  });

  it('that are not marked are left, in order, with their numbers in the leg', () => {
    fc.assert(
      fc.property(runs, fc.uniqueArray(fc.nat(29)), (some, picked) => {
        const { entries, names } = entriesOf(some);
        const marks = new RowMarks(names.length);
        const rows = picked.filter((row) => row < names.length).toSorted((a, b) => a - b);
        marks.addRows(Uint32Array.from(rows));
        const left = unsettled(entries, marks);
        assert.deepEqual(
          left.flatMap(({ batch }) => rowsOf(batch).map(({ body }) => body)),
          names.filter((_, row) => !rows.includes(row)),
        );
        for (const { batch, first } of left) {
          const [head] = rowsOf(batch);
          assert.equal(head?.body.split('.')[1], `${first}`);
        }
      }),
      { numRuns: 500 },
    );
  });
});
