import { DAYS, MONTHS } from '../../options/calendar-names.ts';
import type { TimeZone } from './time-zone.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** A time as the escapes want it. */
interface Moment {
  /** The `timestamp` header as it is. */
  readonly raw: string;
  /** Rounded, in milliseconds since 1970. */
  readonly time: number;
  /** Local time, in the fields that Date has for UTC. */
  readonly local: Date;
  /** Milliseconds that it is ahead of UTC. */
  readonly offset: number;
}

/** What an escape gives, and how long it gives the same: the period begins at multiples of it, in any zone. */
interface TimeEscape {
  readonly period: number;
  readonly format: (moment: Moment) => string;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function hour12(date: Date): number {
  return date.getUTCHours() % 12 || 12;
}

function dayOfYear(date: Date): number {
  return (
    (Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - Date.UTC(date.getUTCFullYear(), 0, 0)) /
    86_400_000
  );
}

function zone(offset: number): string {
  const minutes = Math.abs(Math.trunc(offset / MINUTE));
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
}

// A minute for days and hours, too: zones change at any.
const ESCAPES: Readonly<Record<string, TimeEscape>> = {
  a: { period: MINUTE, format: ({ local }) => DAYS[local.getUTCDay()]!.slice(0, 3) },
  A: { period: MINUTE, format: ({ local }) => DAYS[local.getUTCDay()]! },
  b: { period: MINUTE, format: ({ local }) => MONTHS[local.getUTCMonth()]!.slice(0, 3) },
  B: { period: MINUTE, format: ({ local }) => MONTHS[local.getUTCMonth()]! },
  c: {
    period: SECOND,
    format: ({ local }) =>
      `${DAYS[local.getUTCDay()]!.slice(0, 3)} ${MONTHS[local.getUTCMonth()]!.slice(0, 3)} ${local.getUTCDate()} ${two(local.getUTCHours())}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())} ${local.getUTCFullYear()}`,
  },
  d: { period: MINUTE, format: ({ local }) => two(local.getUTCDate()) },
  e: { period: MINUTE, format: ({ local }) => String(local.getUTCDate()) },
  D: {
    period: MINUTE,
    format: ({ local }) =>
      `${two(local.getUTCMonth() + 1)}/${two(local.getUTCDate())}/${two(local.getUTCFullYear() % 100)}`,
  },
  H: { period: MINUTE, format: ({ local }) => two(local.getUTCHours()) },
  I: { period: MINUTE, format: ({ local }) => two(hour12(local)) },
  j: { period: MINUTE, format: ({ local }) => String(dayOfYear(local)).padStart(3, '0') },
  k: { period: MINUTE, format: ({ local }) => String(local.getUTCHours()) },
  l: { period: MINUTE, format: ({ local }) => String(hour12(local)) },
  m: { period: MINUTE, format: ({ local }) => two(local.getUTCMonth() + 1) },
  n: { period: MINUTE, format: ({ local }) => String(local.getUTCMonth() + 1) },
  M: { period: MINUTE, format: ({ local }) => two(local.getUTCMinutes()) },
  p: { period: MINUTE, format: ({ local }) => (local.getUTCHours() < 12 ? 'AM' : 'PM') },
  s: { period: SECOND, format: ({ time }) => String(Math.floor(time / 1000)) },
  S: { period: SECOND, format: ({ local }) => two(local.getUTCSeconds()) },
  t: { period: 1, format: ({ raw }) => raw },
  y: { period: MINUTE, format: ({ local }) => two(local.getUTCFullYear() % 100) },
  Y: { period: MINUTE, format: ({ local }) => String(local.getUTCFullYear()).padStart(4, '0') },
  z: { period: MINUTE, format: ({ offset }) => zone(offset) },
  '%': { period: Number.POSITIVE_INFINITY, format: () => '%' },
};

/** The escape of a letter; one that Flume does not know gives nothing. */
export function timeEscape(letter: string): TimeEscape {
  return Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter]! : { period: Number.POSITIVE_INFINITY, format: () => '' };
}

/** Rounds a time down, in local time: a field to a multiple, all below it to nothing. */
export interface Rounding {
  readonly unit: 'second' | 'minute' | 'hour';
  readonly value: number;
}

/** The moment of a time, rounded. */
export function momentOf(raw: string, time: number, timeZone: TimeZone, rounding: Rounding | undefined): Moment {
  const rounded = rounding === undefined ? time : roundDown(time, timeZone, rounding);
  const offset = timeZone.offset(rounded);
  return { raw, time: rounded, local: new Date(rounded + offset), offset };
}

function roundDown(time: number, timeZone: TimeZone, { unit, value }: Rounding): number {
  const local = new Date(time + timeZone.offset(time));
  local.setUTCMilliseconds(0);
  if (unit === 'second') {
    local.setUTCSeconds(local.getUTCSeconds() - (local.getUTCSeconds() % value));
  } else if (unit === 'minute') {
    local.setUTCMinutes(local.getUTCMinutes() - (local.getUTCMinutes() % value), 0);
  } else {
    local.setUTCHours(local.getUTCHours() - (local.getUTCHours() % value), 0, 0);
  }
  return timeZone.fromLocal(local.getTime());
}
