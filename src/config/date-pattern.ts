import { DAYS, MONTHS } from '../options/calendar-names.ts';

/**
 * `${date:pattern}`: Java's SimpleDateFormat, English words, in the local time zone.
 *
 *     G era   y Y year   M L month   d day of month   D day of year   E weekday   u weekday 1-7   a AM/PM
 *     H 0-23  k 1-24     K 0-11      h 1-12           m minute        s second    S millisecond
 *     z Z X time zone    'text' is literal, '' a quote
 */
export type FormattedDate = { readonly text: string } | { readonly problem: string };

const MAX_PATTERN = 256;

/** @param now milliseconds since 1970 */
export function formatDate(pattern: string, now: number): FormattedDate {
  if (pattern === '') return { problem: 'the pattern is empty' };
  if (pattern.length > MAX_PATTERN) return { problem: `the pattern is longer than ${MAX_PATTERN} characters` };
  const date = new Date(now);
  let text = '';
  for (const token of pattern.matchAll(/'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+|'/g)) {
    if (token[1] !== undefined) {
      text += token[1] === '' ? "'" : token[1].replaceAll("''", "'");
    } else if (token[2] !== undefined) {
      const field = formatField(token[2], token[0].length, date);
      if (field === undefined) return { problem: `the letter ${token[2]} has no meaning in a date pattern` };
      text += field;
    } else if (token[0] === "'") {
      return { problem: 'a quote is not closed' };
    } else {
      text += token[0];
    }
  }
  return { text };
}

function formatField(letter: string, width: number, date: Date): string | undefined {
  const number = (value: number): string => String(value).padStart(width, '0');
  const hours = date.getHours();
  switch (letter) {
    case 'G':
      return 'AD';
    case 'y':
    case 'Y':
      return width === 2 ? String(date.getFullYear() % 100).padStart(2, '0') : number(date.getFullYear());
    case 'M':
    case 'L': {
      const month = MONTHS[date.getMonth()]!;
      return width >= 4 ? month : width === 3 ? month.slice(0, 3) : number(date.getMonth() + 1);
    }
    case 'd':
      return number(date.getDate());
    case 'D':
      return number(dayOfYear(date));
    case 'E': {
      const day = DAYS[date.getDay()]!;
      return width >= 4 ? day : day.slice(0, 3);
    }
    case 'u':
      return number(date.getDay() || 7);
    case 'a':
      return hours < 12 ? 'AM' : 'PM';
    case 'H':
      return number(hours);
    case 'k':
      return number(hours || 24);
    case 'K':
      return number(hours % 12);
    case 'h':
      return number(hours % 12 || 12);
    case 'm':
      return number(date.getMinutes());
    case 's':
      return number(date.getSeconds());
    case 'S':
      return number(date.getMilliseconds());
    case 'z':
      return zoneName(date, width >= 4 ? 'long' : 'short');
    case 'Z':
      return offset(date, width >= 2 ? ':' : '');
    case 'X':
      if (date.getTimezoneOffset() === 0) return 'Z';
      return width === 1 ? offset(date, '').slice(0, 3) : offset(date, width === 2 ? '' : ':');
    default:
      return undefined;
  }
}

function dayOfYear(date: Date): number {
  const day = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((day - Date.UTC(date.getFullYear(), 0, 1)) / 86_400_000) + 1;
}

function offset(date: Date, separator: string): string {
  const minutes = -date.getTimezoneOffset();
  const absolute = Math.abs(minutes);
  const part = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${part(absolute / 60)}${separator}${part(absolute % 60)}`;
}

function zoneName(date: Date, style: 'long' | 'short'): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: style }).formatToParts(date);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? offset(date, ':');
}
