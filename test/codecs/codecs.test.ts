import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { codecs } from '../../src/codecs/find.ts';
import { decompress } from '../support/decompress.ts';

const units = fc.array(fc.array(fc.uint8Array({ minLength: 1, maxLength: 3000 }), { minLength: 1, maxLength: 3 }), {
  minLength: 1,
  maxLength: 4,
});

for (const codec of codecs) {
  // Programs are started to read these two, which takes its time.
  const runs = codec.name === 'bzip2' || codec.name === 'zstandard' ? 10 : 100;

  describe(`codec ${codec.name}`, () => {
    it('makes units that can be read one behind the other', async () => {
      await fc.assert(
        fc.asyncProperty(units, async (some) => {
          const packed = await Promise.all(some.map((unit) => codec.compress(unit.map((part) => Buffer.from(part)))));
          const read = decompress(codec.name, Buffer.concat(packed.flat()));
          assert.deepEqual(read.bytes, Buffer.concat(some.flat()));
          assert.equal(read.members, some.length);
        }),
        { numRuns: runs },
      );
    });

    it('takes megabytes that do not shrink, and some that shrink a lot', async () => {
      const noise = randomBytes(1_500_000);
      const same = Buffer.alloc(2_000_000, 'a line like any other\n');
      const packed = await Promise.all([codec.compress([noise]), codec.compress([noise, same, noise])]);
      const read = decompress(codec.name, Buffer.concat(packed.flat()));
      assert.ok(read.bytes.equals(Buffer.concat([noise, noise, same, noise])));
    });

    it('makes of nothing what adds nothing', async () => {
      const one = await codec.compress([Buffer.from('one')]);
      const nothing = await codec.compress([]);
      const end = codec.end === undefined ? [] : [codec.end];
      const read = decompress(codec.name, Buffer.concat([...one, ...nothing, ...end]));
      assert.equal(read.bytes.toString(), 'one');
    });
  });
}
