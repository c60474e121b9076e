import { matchEnd } from './characters.ts';

/** Dates and times in the forms that logs and run times write. None needs a word boundary before it. */

const DAY = '(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat)';
const LONG_DAY = '(?:Sunday|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sun|Mon|Tue|Wed|Thu|Fri|Sat)';
const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const ZONE = '(?:[-+]\\d{2}[0-5]\\d|UT|GMT|[ECMP][SD]T|[A-IK-Z])';
const CLOCK = '\\d{1,2}:\\d{2}(?::\\d{2})?';

/** Forms that begin with the name of a day or month. */
const NAMED = [
  // Mon, 02 Jan 2006 15:04:05 MST
  `${DAY},\\s\\d{1,2}\\s${MONTH}\\s\\d{2,4}\\s\\d{1,2}:\\d{1,2}(?::\\d{1,2})?\\s${ZONE}`,
  // Monday, 02-Jan-06 15:04:05 MST
  `${LONG_DAY},\\s\\d{2}-${MONTH}-\\d{2}\\s\\d{2}:\\d{2}:\\d{2}\\s${ZONE}`,
  // Mon Jan 02 2006 15:04:05 GMT+0100 (Central European Time)
  `${DAY}\\s${MONTH}\\s\\d{2}\\s\\d{4}\\s\\d{2}:\\d{2}:\\d{2}\\sGMT[-+]\\d{4}(?:\\s\\([^)]{1,64}\\))?`,
  // Mon Jan  2 15:04:05 2006
  `(?:${DAY}\\s{1,2})?${MONTH}\\s{1,2}\\d{1,2}\\s{1,2}\\d{2}:\\d{2}:\\d{2}\\s{1,2}\\d{4}`,
  // Mon Jan 02, 1999
  `(?:${DAY}\\s)?${MONTH}\\s[0-3]\\d,\\s\\d{2,4}`,
];

const DATE = '\\d{4}-?[01]\\d-?[0-3]\\d';

/** Forms that begin with a digit. */
const DIGITS = [
  '\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(?:\\.\\d+)?Z?(?:[-+]?\\d{2}:\\d{2})?',
  `${DATE}[\\sT][0-2]\\d:?[0-5]\\d(?::?[0-5]\\d(?:\\.\\d+)?)?(?:[-+][0-2]\\d:?[0-5]\\d|Z)?`,
  // 02 Jan 2006 15:04:05 +0100
  `(?:0[1-9]|[12]?\\d|3[01])\\s{1,2}${MONTH}\\s{1,2}(?:19\\d{2}|[2-9]\\d{3})\\s{1,2}${CLOCK}\\s{1,2}${ZONE}`,
  // 9:05 am, 21:05:10
  '(?<!\\d)(?:1[0-2]|[1-9]):[0-5]\\d(?::[0-5]\\d)?(?![\\d:])(?:\\s?[aApP][Mm])?',
  '(?<!\\d)(?:[01]?\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d)?(?![\\d:])',
  '\\d{4}-[01]\\d-[0-3]\\d',
  '[0-2]\\d:[0-5]\\d:[0-5]\\d',
];

const NAMED_DATE = new RegExp(NAMED.join('|'), 'y');
const DIGIT_DATE = new RegExp(DIGITS.join('|'), 'y');
const PYTHON_DATE = /datetime.datetime\([^\n)]{0,256}\)/y;

/** What may stand behind the first digit or the first four: most numbers are told from dates by it. */
const LIKE_A_DATE = /\d{1,2}(?:[:\s]|\d{2}(?:-|\d{2}-?[0-3]\d[\sT]))/y;

/** Where the date that begins with the digit at a place ends, or -1. */
export function digitDate(text: string, at: number): number {
  return matchEnd(LIKE_A_DATE, text, at) < 0 ? -1 : matchEnd(DIGIT_DATE, text, at);
}

/** Where the date that begins with the capital letter or the d at a place ends, or -1. */
export function namedDate(text: string, at: number): number {
  return text.charCodeAt(at) === 0x64 ? matchEnd(PYTHON_DATE, text, at) : matchEnd(NAMED_DATE, text, at);
}
