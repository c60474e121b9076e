import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SentryRow } from '../../../src/sentry/columns.ts';
import type { Format } from '../../../src/sentry/formats.ts';
import type { Given } from '../../../src/sentry/headers.ts';
import { type ReadLine, readLine } from '../../../src/sentry/lines/index.ts';

/** Taken in at the tenth second of that day. */
export const GIVEN: Given = {
  received: Date.parse('2026-11-23T00:00:10.250Z'),
  sentAt: Number.NaN,
  timestamp: Number.NaN,
};

export function sample(name: string): string {
  return readFileSync(fileURLToPath(new URL(`../../fixtures/sentry/${name}`, import.meta.url)), 'utf8');
}

/** The lines of a sample; those that a pattern does not find to begin an event belong to the one before. */
export function samples(name: string, start = /^/): string[] {
  const events: string[] = [];
  for (const line of sample(name).replace(/\n$/, '').split('\n')) {
    if (events.length === 0 || start.test(line)) events.push(line);
    else events.push(`${events.pop()}\n${line}`);
  }
  return events;
}

export function read(line: string, given: Partial<Given> = {}, format?: Format): ReadLine | undefined {
  return readLine(Buffer.from(line), { ...GIVEN, ...given }, format);
}

/** What a line says, its tags as an object: without the columns that say nothing, and without the time of receipt. */
export function rowOf(line: string, given: Partial<Given> = {}, format?: Format): Record<string, unknown> | undefined {
  const found = read(line, given, format);
  if (found === undefined) return undefined;
  const entries = Object.entries(found.row).filter(([name, value]) => value !== undefined && name !== 'received');
  const row: Record<string, unknown> = Object.fromEntries(entries);
  const tags = (found.row satisfies SentryRow).tags;
  if (tags !== undefined) row['tags'] = JSON.parse(tags);
  return { format: found.format, ...row };
}
