import assert from 'node:assert/strict';
import { putLong, putVInt, vIntLength, writableString } from '../../src/formats/hadoop-writable.ts';

/** Bytes that Hadoop 3.3.6 wrote for WritableUtils.writeVInt. */
const V_INTS: readonly (readonly [number, string])[] = [
  [0, '00'],
  [127, '7f'],
  [128, '8f80'],
  [255, '8fff'],
  [256, '8e0100'],
  [65535, '8effff'],
  [65536, '8d010000'],
  [0xffffff, '8dffffff'],
  [0x1000000, '8c01000000'],
  [0x7fffffff, '8c7fffffff'],
];

describe('numbers of Hadoop', () => {
  it('writes lengths as WritableUtils.writeVInt does', () => {
    for (const [value, hex] of V_INTS) {
      const out = Buffer.alloc(8);
      const end = putVInt(out, 1, value);
      assert.equal(out.subarray(1, end).toString('hex'), hex, String(value));
      assert.equal(vIntLength(value), hex.length / 2);
    }
  });

  it('writes longs as Buffer does', () => {
    for (const value of [0, 1, -1, 2 ** 32, 2 ** 32 - 1, -(2 ** 32), 1_700_000_000_000, -5, 2 ** 53 - 1, -(2 ** 53)]) {
      const out = Buffer.alloc(8);
      assert.equal(putLong(out, 0, value), 8);
      assert.equal(out.readBigInt64BE(), BigInt(value));
    }
  });

  it('writes texts with their length in bytes', () => {
    assert.equal(writableString('é').toString('hex'), '02c3a9');
    assert.equal(writableString('x'.repeat(200)).length, 202);
  });
});
