import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Slab } from '../../src/event/slab.ts';

describe('slab', () => {
  it('hands on what was written, piece by piece, and never touches it again', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(40_000), { maxLength: 4 }), { maxLength: 8 }), (pieces) => {
        const slab = new Slab();
        const given: Buffer[] = [];
        const expected: Buffer[] = [];
        for (const [i, writes] of pieces.entries()) {
          for (const count of writes) {
            slab.ensure(count);
            slab.bytes.fill(i + 1, slab.at, slab.at + count);
            slab.at += count;
          }
          const total = writes.reduce((sum, count) => sum + count, 0);
          assert.equal(slab.length, total);
          given.push(slab.take());
          expected.push(Buffer.alloc(total, i + 1));
        }
        assert.deepEqual(given, expected);
      }),
    );
  });
});
