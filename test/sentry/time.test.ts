import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseJson } from '../../src/sentry/json.ts';
import { parseTime, secondsBetween, timeText } from '../../src/sentry/time.ts';

const MIDNIGHT = 1_795_392_000;

const READ: readonly [string, unknown, string][] = [
  ['whole seconds', MIDNIGHT, '2026-11-23 00:00:00.000000'],
  ['seconds with a fraction', MIDNIGHT + 0.123, '2026-11-23 00:00:00.123000'],
  ['a fraction that no double has', 1795391999.999999, '2026-11-22 23:59:59.999999'],
  ['more digits than microseconds', 1795424681.8554165, '2026-11-23 09:04:41.855416'],
  ['milliseconds of an old client', MIDNIGHT * 1000 + 7, '2026-11-23 00:00:00.007000'],
  ['digits as text', '1795391999.999999', '2026-11-22 23:59:59.999999'],
  ['milliseconds as text', '1795392000007', '2026-11-23 00:00:00.007000'],
  ['more digits than a double', parseJson('[1795392000.00000100000000000001]'), ''],
  ['the beginning', 0, '1970-01-01 00:00:00.000000'],
  ['a fraction so small that it is written with an exponent', 1e-7, ''],
  ['no fraction', '2026-11-23T00:00:00Z', '2026-11-23 00:00:00.000000'],
  ['3 digits', '2026-11-23T00:00:00.123Z', '2026-11-23 00:00:00.123000'],
  ['7 digits', '2026-11-23T00:00:10.1234567+00:00', '2026-11-23 00:00:10.123456'],
  ['9 digits, cut and not rounded', '2026-11-23T01:00:04.999999999+01:00', '2026-11-23 00:00:04.999999'],
  ['an offset to the west', '2026-11-22T18:30:00.5-05:30', '2026-11-23 00:00:00.500000'],
  ['an offset without a colon', '2026-11-23T01:00:00+0100', '2026-11-23 00:00:00.000000'],
  ['an offset of hours', '2026-11-23T01:00:00+01', '2026-11-23 00:00:00.000000'],
  ['no zone', '2026-11-23T09:07:51', '2026-11-23 09:07:51.000000'],
  ['a blank and small letters', '2026-11-23 09:07:51.5z', '2026-11-23 09:07:51.500000'],
  ['a leap second', '2026-12-31T23:59:60Z', '2027-01-01 00:00:00.000000'],
  ['the 29th of February', '2024-02-29T00:00:00Z', '2024-02-29 00:00:00.000000'],
];

const REFUSED: readonly unknown[] = [
  '2026-02-30T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-11-23T24:00:00Z',
  '2026-11-23T00:60:00Z',
  '2026-11-23T00:00:61Z',
  '2026-11-23T00:00:00+99:00',
  '2026-11-23',
  '1969-12-31T23:59:59Z',
  '9999-12-31T23:59:59Z',
  `2026-11-23T00:00:00.${'0'.repeat(100)}Z`,
  'yesterday',
  '',
  '-1',
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1e300,
  true,
  null,
  undefined,
  {},
  [MIDNIGHT],
];

describe('time', () => {
  for (const [what, value, text] of READ) {
    it(`is read: ${what}`, () => assert.equal(timeText(parseTime(value)) ?? '', text));
  }

  it('is read of a number with more digits than a double', () => {
    assert.equal(timeText(parseTime(parseJson('1795392000000007'))), undefined);
    assert.equal(timeText(parseTime(parseJson('[1795392000000]'))), undefined);
    assert.equal(timeText(parseTime(parseJson('17953920000000000000'))), undefined);
  });

  it('is NaN for anything else', () => {
    for (const value of REFUSED) assert.equal(parseTime(value), Number.NaN, String(value));
  });

  it('is none where seconds would be of a year that no text has', () => {
    for (const value of [1e11, '100000000000', 99_999_999_999])
      assert.ok(Number.isNaN(parseTime(value)), String(value));
  });

  it('has no text when it is none', () => {
    for (const micros of [Number.NaN, -1, Number.POSITIVE_INFINITY, 2 ** 60]) assert.equal(timeText(micros), undefined);
  });

  it('keeps every microsecond, as text and as a number of seconds', () => {
    const last = 4_102_444_800_000_000; // in the year 2100
    fc.assert(
      fc.property(fc.integer({ min: 0, max: last }), (micros) => {
        const text = timeText(micros)!;
        assert.equal(parseTime(`${text.replace(' ', 'T')}Z`), micros);
        assert.equal(parseTime(Number(`${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}`)), micros);
      }),
    );
  });

  it('never throws and is whole or NaN', () => {
    const texts = fc.stringMatching(/^[0-9TtZz:+. -]{0,40}$/);
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.double(), texts), (value) => {
        const micros = parseTime(value);
        assert.ok(Number.isNaN(micros) || (Number.isSafeInteger(micros) && micros >= 0));
      }),
    );
  });

  it('between two others is told in seconds', () => {
    assert.equal(secondsBetween(1_000_000, 1_500_001), '0.500001');
    assert.equal(secondsBetween(5, 5), '0.000000');
    assert.equal(secondsBetween(2, 1), undefined);
    assert.equal(secondsBetween(Number.NaN, 1), undefined);
  });
});
