import assert from 'node:assert/strict';
import fc from 'fast-check';
import { WordScan } from '../../../src/sentry/scrub/word-scan.ts';

describe('scan for words', () => {
  it('finds what a new one finds, in texts that come again and from anywhere', () => {
    const words = ['pin', 'ä'];
    const piece = fc.constantFrom(
      'pass',
      'token',
      'otp',
      'pin',
      ' ',
      'a',
      'aotp',
      '\xc3\xa4',
      'secr',
      'xx',
      'o',
      'auth',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.array(fc.nat(5), { maxLength: 8 }), (pieces, steps) => {
        const scan = new WordScan(words);
        for (let round = 0; round < 2; round++) {
          let from = 0;
          for (const step of steps) {
            const text = pieces.join('');
            const at = scan.next(text, from);
            assert.equal(at, new WordScan(words).next(text, from));
            from = Math.max(from, at) + step;
          }
        }
      }),
    );
  });
});
