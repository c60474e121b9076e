import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodePut, encodePut } from '../../../src/channels/file/payload.ts';
import { RECORD_HEADER } from '../../../src/channels/file/record.ts';
import { RowSet } from '../../../src/channels/file/row-set.ts';
import { batchOf, batchOfLines, rowsOf } from '../../support/batches.ts';

const event = fc.record({
  body: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  headers: fc.dictionary(fc.constantFrom('a', 'b', 'ü', ''), fc.string({ unit: 'grapheme', maxLength: 8 })),
});

describe('payload of a put', () => {
  it('gives the rows that it was made of, in memory and read back', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 20 }), (events) => {
        const batch = batchOf(events);
        const encoded = encodePut(batch);
        assert.deepEqual(rowsOf(encoded.batch), rowsOf(batch));
        const decoded = decodePut(encoded.record.subarray(RECORD_HEADER));
        assert.deepEqual(rowsOf(decoded), rowsOf(batch));
        // Read back and put again: its texts are slices now.
        assert.deepEqual(rowsOf(encodePut(decoded).batch), rowsOf(batch));
      }),
    );
  });

  it('keeps lines together, so that a run of them is written without a copy', () => {
    const batch = batchOfLines(['a', '', 'ccc']).slice(1, 3);
    const { record, batch: inMemory } = encodePut(batch);
    const readBack = decodePut(record.subarray(RECORD_HEADER));
    for (const one of [inMemory, readBack]) assert.equal(one.run(0, 2, 0x0a)?.toString(), '\nccc\n');
  });
});

describe('set of committed rows', () => {
  it('knows what was added, in whatever order', () => {
    const range = fc.tuple(fc.nat(40), fc.nat(12)).map(([from, count]) => [from, from + count] as const);
    fc.assert(
      fc.property(fc.array(range, { maxLength: 15 }), range, (ranges, [from, to]) => {
        const set = new RowSet();
        const rows = new Set<number>();
        for (const [a, b] of ranges) {
          set.add(a, b);
          for (let row = a; row < b; row++) rows.add(row);
        }
        const missing = [];
        for (let row = from; row < to; row++) if (!rows.has(row)) missing.push(row);
        const parts = set.missing(from, to);
        const found = [];
        for (let i = 0; i < parts.length; i += 2) for (let row = parts[i]!; row < parts[i + 1]!; row++) found.push(row);
        assert.deepEqual(found, missing);
        assert.equal(set.countMissing(from, to), missing.length);
        let low = 0;
        while (rows.has(low)) low++;
        assert.equal(set.low, low);
        const copy = new RowSet(set.low, set.above);
        assert.deepEqual([copy.low, copy.above], [set.low, set.above]);
      }),
    );
  });
});
