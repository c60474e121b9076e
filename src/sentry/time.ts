import { isBigNumber } from './json.ts';

/**
 * Times as Sentry's clients write them, in whole microseconds since 1970: a double holds those exactly for the next two centuries, and `Date` knows milliseconds alone.
 */

/** In the year 2255. */
const LATEST = Number.MAX_SAFE_INTEGER;
/** Seconds above this are milliseconds of an old client: as seconds they would be the year 5138. */
const MOST_SECONDS = 1e11;

/**
 * Date, time and zone; a blank for the T, no zone or a short one, and any number of digits behind the second are fine.
 */
const WRITTEN =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,12}))?\s?(?:[Zz]|UTC|([+-])(\d\d)(?::?(\d\d))?)?$/;
const NUMBER = /^(\d{1,15})(?:\.(\d*))?$/;

/**
 * Reads a number of seconds or a text by RFC 3339; without a zone it is UTC. Digits behind the microsecond are cut off.
 * @returns microseconds since 1970, or NaN for what is no time between 1970 and 2255
 */
export function parseTime(value: unknown): number {
  if (typeof value === 'number') return ofSeconds(value);
  if (typeof value === 'string') return value.length > 48 ? Number.NaN : ofText(value.trim());
  return isBigNumber(value) ? ofSeconds(Number(value.rawJSON)) : Number.NaN;
}

/** By the decimal digits of the number: 1795391999.999999 times a million is not whole. */
function ofSeconds(seconds: number): number {
  if (!(seconds >= 0)) return Number.NaN;
  if (seconds > MOST_SECONDS) return inRange(Math.trunc(seconds * 1000));
  if (Number.isInteger(seconds)) return inRange(seconds * 1e6);
  return ofDigits(NUMBER.exec(String(seconds)));
}

function ofDigits(match: RegExpExecArray | null): number {
  if (match === null) return Number.NaN;
  const whole = Number(match[1]);
  if (whole > MOST_SECONDS) return inRange(whole * 1000);
  return inRange(whole * 1e6 + fraction(match[2]));
}

function ofText(text: string): number {
  const match = WRITTEN.exec(text);
  if (match === null) return ofDigits(NUMBER.exec(text));
  const [, year, month, day, hour, minute, second, digits, sign, offsetHours, offsetMinutes] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // The 30th of February is none; a leap second is the first of the next minute.
  if (date.getUTCDate() !== Number(day) || date.getUTCMonth() !== Number(month) - 1) return Number.NaN;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return Number.NaN;
  const offset = Number(offsetHours ?? 0) * 3600 + Number(offsetMinutes ?? 0) * 60;
  if (offset >= 86_400) return Number.NaN;
  const local = date.getTime() / 1000 + Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  return inRange((sign === '-' ? local + offset : local - offset) * 1e6 + fraction(digits));
}

function fraction(digits: string | undefined): number {
  return digits === undefined || digits === '' ? 0 : Number(digits.slice(0, 6).padEnd(6, '0'));
}

function inRange(micros: number): number {
  return micros >= 0 && micros <= LATEST ? micros : Number.NaN;
}

/** `yyyy-MM-dd HH:mm:ss.SSSSSS` in UTC, which Hive, Spark and DuckDB read; `undefined` for NaN. */
export function timeText(micros: number): string | undefined {
  if (!(micros >= 0 && micros <= LATEST)) return undefined;
  const iso = new Date(Math.floor(micros / 1000)).toISOString();
  const rest = String(micros % 1_000_000).padStart(6, '0');
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}.${rest}`;
}

/** The seconds between two times, with six digits behind the point; `undefined` when one is unknown or they are the wrong way round. */
export function secondsBetween(start: number, end: number): string | undefined {
  const micros = end - start;
  return micros >= 0 ? (micros / 1e6).toFixed(6) : undefined;
}
