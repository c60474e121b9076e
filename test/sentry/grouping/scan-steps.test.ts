import assert from 'node:assert/strict';
import { parameterise } from '../../../src/sentry/grouping/parameterise/index.ts';

/** Texts that patterns choke on: each a piece that is repeated. */
const HOSTILE = [
  '1',
  '.',
  'a',
  'a1',
  '@',
  'a@',
  '-',
  'a-',
  'a.',
  '1.',
  '-1.',
  ':',
  'a:',
  '1:',
  '::',
  'http://',
  "='",
  '="',
  'datetime.datetime(',
  'Mon ',
  'Mon Jan ',
  '0x',
  'tx',
  '2026-',
  '2026-11-23T00:00:00.',
  '00000000-0000-',
  'ü',
  ' ',
  `${'a'.repeat(63)}.`,
  `${'a'.repeat(64)}-`,
];

describe('parameterise, of hostile texts', () => {
  /** How many characters are read, which is what the scan spends its time on. */
  function reads(text: string): number {
    const original = String.prototype.charCodeAt;
    let count = 0;
    String.prototype.charCodeAt = function (at: number): number {
      count++;
      return original.call(this, at);
    };
    try {
      parameterise(text);
    } finally {
      String.prototype.charCodeAt = original;
    }
    return count;
  }

  for (const piece of HOSTILE) {
    it(`reads each character of many ${JSON.stringify(piece.slice(0, 24))} a bounded number of times`, () => {
      const text = (length: number): string =>
        `0 ${piece.repeat(Math.ceil(length / piece.length)).slice(0, length)}! @`;
      const small = reads(text(2048));
      const large = reads(text(8192));
      assert.ok(large > 0, 'reads are counted');
      assert.ok(large <= 400 * 8192, `${large} reads`);
      assert.ok(large <= 5 * small + 1000, `${small} reads of 2 KiB, ${large} of 8 KiB`);
    });
  }
});
