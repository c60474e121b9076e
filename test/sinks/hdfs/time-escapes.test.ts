import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { momentOf, type Rounding, timeEscape } from '../../../src/sinks/hdfs/time-escapes.ts';
import { TimeZone } from '../../../src/sinks/hdfs/time-zone.ts';

const LETTERS = [...'aAbBcdeDHIjklmnMpSyYz'];

function written(letter: string, time: number, zone: TimeZone, rounding?: Rounding): string {
  return timeEscape(letter).format(momentOf(String(time), time, zone, rounding));
}

/** What Intl says of a time in a zone, by name; slow. */
function partsOf(time: number, id: string, options: Intl.DateTimeFormatOptions): Record<string, string> {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: id, ...options });
  return Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
}

/** The escapes the slow way: each asks Intl anew. */
const REFERENCE: Readonly<Record<string, (time: number, id: string) => string>> = {
  a: (time, id) => partsOf(time, id, { weekday: 'short' })['weekday']!,
  A: (time, id) => partsOf(time, id, { weekday: 'long' })['weekday']!,
  b: (time, id) => partsOf(time, id, { month: 'short' })['month']!,
  B: (time, id) => partsOf(time, id, { month: 'long' })['month']!,
  d: (time, id) => partsOf(time, id, { day: '2-digit' })['day']!,
  e: (time, id) => partsOf(time, id, { day: 'numeric' })['day']!,
  H: (time, id) => partsOf(time, id, { hour: '2-digit', hourCycle: 'h23' })['hour']!,
  k: (time, id) => String(Number(partsOf(time, id, { hour: '2-digit', hourCycle: 'h23' })['hour'])),
  I: (time, id) => partsOf(time, id, { hour: 'numeric', hourCycle: 'h12' })['hour']!.padStart(2, '0'),
  p: (time, id) => partsOf(time, id, { hour: 'numeric', hourCycle: 'h12' })['dayPeriod']!,
  m: (time, id) => partsOf(time, id, { month: '2-digit' })['month']!,
  M: (time, id) => partsOf(time, id, { minute: 'numeric' })['minute']!.padStart(2, '0'),
  S: (time, id) => partsOf(time, id, { second: 'numeric' })['second']!.padStart(2, '0'),
  Y: (time, id) => partsOf(time, id, { year: 'numeric' })['year']!,
  y: (time, id) => partsOf(time, id, { year: '2-digit' })['year']!,
  z: (time, id) => {
    const offset = partsOf(time, id, { timeZoneName: 'longOffset' })['timeZoneName']!.replace(/GMT|:/g, '');
    return offset === '' ? '+0000' : offset;
  },
};

const zones = fc.constantFrom(
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'Asia/Kathmandu',
  'UTC',
);
const times = fc.integer({ min: Date.UTC(1973, 0, 1), max: Date.UTC(2200, 0, 1) });

describe('time escapes', () => {
  it('are, with rounding and at changes of the clock, what Java 17 makes of them', () => {
    const units = [undefined, 'second', 'minute', 'hour'] as const;
    const known = new Map<string, TimeZone>();
    const lines = readFileSync(new URL('../../fixtures/java-dates.txt', import.meta.url), 'utf8')
      .trim()
      .split('\n');
    for (const line of lines) {
      const [id, time, unitNumber, value, rounded, ...expected] = line.split('|') as [string, ...string[]];
      const zone = known.get(id) ?? new TimeZone(id);
      known.set(id, zone);
      const unit = units[Number(unitNumber)];
      const rounding = unit === undefined ? undefined : { unit, value: Number(value) };
      assert.equal(String(momentOf(time!, Number(time), zone, rounding).time), rounded, line);
      assert.deepEqual(
        LETTERS.map((letter) => written(letter, Number(time), zone, rounding)),
        expected,
        line,
      );
    }
    assert.ok(lines.length > 500);
  });

  it('are what Intl says, in any zone', () => {
    fc.assert(
      fc.property(zones, times, (id, time) => {
        const zone = new TimeZone(id);
        for (const [letter, reference] of Object.entries(REFERENCE)) {
          assert.equal(written(letter, time, zone), reference(time, id), `%${letter} of ${time} in ${id}`);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('stay the same for their period, from each multiple on', () => {
    fc.assert(
      fc.property(zones, times, fc.constantFrom(...LETTERS, 's', 't'), (id, time, letter) => {
        const zone = new TimeZone(id);
        const { period } = timeEscape(letter);
        const first = Math.floor(time / period) * period;
        assert.equal(written(letter, first, zone), written(letter, first + period - 1, zone));
      }),
    );
  });

  it('round down to a multiple, in local time, and not beyond', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 24 }), (time, value) => {
        const zone = new TimeZone('Asia/Kolkata');
        const { time: rounded, local } = momentOf('', time, zone, { unit: 'hour', value });
        assert.equal(local.getUTCHours() % value, 0);
        assert.ok(rounded <= time && time - rounded < value * 3_600_000);
        assert.equal(written('M', time, zone, { unit: 'hour', value }), '00');
      }),
    );
  });

  it('are nothing for letters that Flume does not know', () => {
    for (const letter of ['q', 'Q', '_', 'x', '7']) assert.equal(written(letter, 0, new TimeZone('UTC')), '');
  });
});

describe('time zone', () => {
  it('is found by the names that Java takes', () => {
    const time = Date.UTC(2024, 0, 1);
    const hours = (id: string): number => new TimeZone(id).offset(time) / 3_600_000;
    assert.deepEqual(
      ['GMT', 'UTC', 'GMT+8', 'GMT-3:30', 'GMT+0530', 'PST', 'JST', 'IST', 'CET'].map(hours),
      [0, 0, 8, -3.5, 5.5, -8, 9, 5.5, 1],
    );
  });

  it('is refused when it is none', () => {
    for (const id of ['Mars/Olympus', 'GMT+24', 'GMT+1:60', '']) assert.throws(() => new TimeZone(id), RangeError);
  });

  it('is that of the process when none is named', () => {
    const time = Date.UTC(2024, 6, 1, 12);
    assert.equal(new TimeZone().offset(time) + new Date(time).getTimezoneOffset() * 60_000, 0);
  });
});
