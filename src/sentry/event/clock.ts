import type { Given } from '../headers.ts';

/** A client whose clock is off by as much has all its times shifted, as Relay does. */
const DRIFT_MS = 55 * 60 * 1000;
/** Further ahead than this no event is believed to have happened … */
const AHEAD_MS = 60 * 1000;
/** … nor further back. */
const BACK_MS = 30 * 86_400 * 1000;

/**
 * The time that an item gives itself (in microseconds, or NaN) as it is kept. What comes from a client at once is shifted when the client's clock is off, and is the time of
 * receipt when it cannot be true. What Sentry has stored, and what lies in a file, is believed: it may be read years later.
 * @returns microseconds, or NaN when nothing is known
 */
export function correct(micros: number, given: Given): number {
  if (isStored(given.format)) return Number.isNaN(micros) ? otherwise(given) : micros;
  const shifted = shift(micros, given);
  const ahead = shifted / 1000 - given.received;
  // With no time of receipt nothing is compared: NaN is neither.
  return Number.isNaN(shifted) || ahead > AHEAD_MS || ahead < -BACK_MS ? otherwise(given) : shifted;
}

/** A time of an item that goes with its timestamp, shifted alike. */
export function shift(micros: number, given: Given): number {
  if (isStored(given.format)) return micros;
  const drift = given.received - given.sentAt;
  return Math.abs(drift) >= DRIFT_MS ? micros + drift * 1000 : micros;
}

function isStored(format: string | undefined): boolean {
  return format !== undefined && format !== 'item';
}

function otherwise(given: Given): number {
  return (Number.isNaN(given.timestamp) ? given.received : given.timestamp) * 1000;
}
