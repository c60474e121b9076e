import { readFileSync } from 'node:fs';
import type { SentryRow } from '../../src/sentry/columns.ts';
import type { Given } from '../../src/sentry/headers.ts';
import { rowsOf } from '../../src/sentry/rows.ts';

/** A quarter of an hour behind the latest of the samples. */
export const RECEIVED = Date.parse('2026-11-23T00:30:00Z');

export function given(more: Partial<Given> = {}): Given {
  return { received: RECEIVED, sentAt: Number.NaN, timestamp: Number.NaN, ...more };
}

export function sample(name: string): Buffer {
  return readFileSync(new URL(`../fixtures/sentry/${name}`, import.meta.url));
}

/** The rows of a body (or of what is to be one as JSON), without the columns that are empty. */
export function rows(body: unknown, more: Partial<Given> = {}, crash: 'last' | 'first' = 'last'): SentryRow[] {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return rowsOf(bytes, given(more), { crash }).map(
    (row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as SentryRow,
  );
}

/** The only row of an item of a type. */
export function itemRow(itemType: string, payload: unknown, more: Partial<Given> = {}): SentryRow {
  const all = rows(payload, { itemType, format: 'item', ...more });
  if (all.length !== 1) throw new Error(`${all.length} rows`);
  return all[0]!;
}

/** Some columns of a row. */
export function pick(row: SentryRow, ...names: (keyof SentryRow)[]): Record<string, string | undefined> {
  return Object.fromEntries(names.map((name) => [name, row[name]]));
}
