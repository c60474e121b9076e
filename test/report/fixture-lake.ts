import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { ColumnName } from '../../src/sentry/columns.ts';

/** A row as the serializer writes it in JSON. */
export type LakeRow = { readonly [name in ColumnName]?: string | number | boolean | Record<string, string> };

export type Pack = 'plain' | 'gz' | 'zst';

/** A time as rows have it, in UTC. */
export function rowTime(ms: number): string {
  return `${new Date(ms).toISOString().replace('T', ' ').replace('Z', '')}000`;
}

/** 2026-11-20T00:00:00Z. */
export const DAY = Date.UTC(2026, 10, 20);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** A distinct id of 32 digits. */
export function idOf(n: number): string {
  return n.toString(16).padStart(32, '0');
}

/** An error, as far as it is not said otherwise. */
export function errorRow(n: number, ms: number, more: LakeRow = {}): LakeRow {
  return {
    event_id: idOf(n),
    project_id: '42',
    timestamp: rowTime(ms),
    received: rowTime(ms + 1000),
    platform: 'python',
    level: 'error',
    title: 'ValueError: bad',
    culprit: 'shop.views in pay',
    environment: 'production',
    issue_id: 'v1-a',
    item_type: 'event',
    ...more,
  };
}

export function transactionRow(n: number, ms: number, more: LakeRow = {}): LakeRow {
  return {
    event_id: idOf(n),
    project_id: '42',
    timestamp: rowTime(ms),
    level: 'info',
    item_type: 'transaction',
    ...more,
  };
}

export function hookRow(issue: string, action: string, ms: number, more: LakeRow = {}): LakeRow {
  return { project_id: '42', issue_id: issue, action, at: rowTime(ms), item_type: 'issue', ...more };
}

export function sessionRow(session: string, status: string, ms: number, more: LakeRow = {}): LakeRow {
  return {
    project_id: '42',
    session_id: session,
    status,
    started: rowTime(ms),
    timestamp: rowTime(ms),
    init: true,
    quantity: 1,
    item_type: 'session',
    ...more,
  };
}

const ENDS: Readonly<Record<Pack, string>> = { plain: '', gz: '.gz', zst: '.zst' };

/** Writes rows into a file of the lake, compressed in two members or frames; returns its path. */
export function writeRows(lake: string, name: string, rows: readonly LakeRow[], pack: Pack = 'plain'): string {
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`);
  const half = Math.ceil(lines.length / 2);
  const parts = [lines.slice(0, half), lines.slice(half)].map((part) => Buffer.from(part.join('')));
  const compress = pack === 'gz' ? gzipSync : pack === 'zst' ? zstdCompressSync : (part: Buffer) => part;
  const path = join(lake, `${name}${ENDS[pack]}`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Buffer.concat(parts.map((part) => compress(part))));
  return path;
}
