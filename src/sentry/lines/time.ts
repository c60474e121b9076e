import { parseTime } from '../time.ts';

/** Times of lines that name no day, and of access logs; in microseconds since 1970. */

const DAY = 86_400_000_000;
const HALF_DAY = DAY / 2;
const ACCESS = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})$/;
const MONTHS: ReadonlyMap<string, string> = new Map(
  ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'].map((name, i) => [
    name,
    String(i + 1).padStart(2, '0'),
  ]),
);

/** A time as nginx and Apache write it: `23/Nov/2026:00:00:01 +0000`; NaN when it is none. */
export function parseAccessTime(text: string): number {
  const match = ACCESS.exec(text);
  if (match === null) return Number.NaN;
  const [, day, month, year, time, zone] = match;
  return parseTime(`${year}-${MONTHS.get(month!) ?? '00'}-${day}T${time}${zone}`);
}

/**
 * The moment of a time of day in UTC, in seconds since midnight, that is nearest to another moment: a line of 23:59:59 that was kept at 00:00:01 is of the day
 * before. NaN when the other is.
 */
export function nearestDay(secondOfDay: number, near: number): number {
  const at = Math.floor(near / DAY) * DAY + secondOfDay * 1e6;
  if (at - near > HALF_DAY) return at - DAY;
  return near - at > HALF_DAY ? at + DAY : at;
}
