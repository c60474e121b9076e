import type { Row, Value } from './database.ts';

/** A share, or null where there is nothing to divide by. */
export function ratio(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}

/** What is left of 1 when a share is taken away. */
export function without(part: number, whole: number): number | null {
  return whole > 0 ? 1 - part / whole : null;
}

export function numberOf(row: Row, name: string): number {
  return Number(row[name] ?? 0);
}

export function numberOrNull(row: Row, name: string): number | null {
  const value = row[name];
  return value === null || value === undefined ? null : Number(value);
}

export function textOrNull(row: Row, name: string): string | null {
  const value = row[name];
  return value === null || value === undefined ? null : String(value);
}

/** Milliseconds since 1970 as ISO 8601. */
export function timeOrNull(value: Value | undefined): string | null {
  return value === null || value === undefined ? null : new Date(Number(value)).toISOString();
}

export function ratesOf(row: Row): { all: number; errors: number; errorRate: number | null } {
  const all = numberOf(row, 'all');
  const errors = numberOf(row, 'errors');
  return { all, errors, errorRate: ratio(errors, all) };
}
