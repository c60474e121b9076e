import type { EventBatch } from '../../event/event-batch.ts';
import { type HeaderColumn, NumberColumn } from '../../event/header-columns.ts';
import { ABSENT, SliceColumn } from '../slice-column.ts';
import { encodeLong, encodeString } from './cursor.ts';

/** A length in front of a body takes at most so many bytes: bodies are below 2 GiB. */
const LENGTH_BYTES = 5;

/** Gives memory for `size` bytes; the encoder says how much of it it used by what it returns. */
export type Allocate = (size: number) => Buffer;

/**
 * Writes rows `from` up to `to` as the parameter of `appendBatch` (see `decode-events.ts` for the picture): one block of events,
 * each with one block of headers, in the order of the batch's columns. Constant headers are encoded once for all rows.
 */
export function encodeAppendBatch(
  batch: EventBatch,
  from: number,
  to: number,
  allocate: Allocate = Buffer.allocUnsafeSlow,
): Buffer {
  const rows = to - from;
  if (rows === 0) return encodeLong(0);
  const perRow = batch.headers.filter((column) => column.constant === undefined);
  const constant = batch.headers.filter((column) => column.constant !== undefined);
  const count = encodeLong(rows);
  const block = constantEntries(constant);
  const tail = perRow.length === 0 ? 0 : perRowBytes(perRow, from, to);
  const mapBytes = LENGTH_BYTES + block.length + 1;
  const size = count.length + rows * (mapBytes + LENGTH_BYTES) + tail + batch.bodyBytes(from, to) + 1;
  const out = allocate(size);
  let at = count.copy(out, 0);
  at =
    perRow.length === 0
      ? writeUniform(batch, from, to, wholeBlock(block, constant.length), out, at)
      : writeMixed(batch, from, to, block, constant.length, perRow, out, at);
  out[at++] = 0;
  return out.subarray(0, at);
}

/** The bytes of about how many rows from `from` on fit in a request of `bytes`; at least one row. */
export function rowsWithin(batch: EventBatch, from: number, to: number, bytes: number): number {
  if (batch.bodyBytes(from, to) <= bytes) return to;
  let sum = 0;
  for (let row = from; row < to; row++) {
    sum += batch.ends[row]! - batch.starts[row]!;
    if (sum > bytes) return Math.max(row, from + 1);
  }
  return to;
}

function constantEntries(columns: readonly HeaderColumn[]): Buffer {
  return Buffer.concat(columns.flatMap((column) => [encodeString(column.name), encodeString(column.constant!)]));
}

function wholeBlock(entries: Buffer, count: number): Buffer {
  if (count === 0) return encodeLong(0);
  return Buffer.concat([encodeLong(count), entries, encodeLong(0)]);
}

/** Every row has the same headers. */
function writeUniform(batch: EventBatch, from: number, to: number, block: Buffer, out: Buffer, start: number): number {
  const { body, starts, ends } = batch;
  const blockLength = block.length;
  let at = start;
  for (let row = from; row < to; row++) {
    if (blockLength === 1) out[at++] = 0;
    else {
      out.set(block, at);
      at += blockLength;
    }
    const s = starts[row]!;
    const e = ends[row]!;
    at = writeLength(out, at, e - s);
    at += body.copy(out, at, s, e);
  }
  return at;
}

/** Some headers differ from row to row, or are missing in some. */
function writeMixed(
  batch: EventBatch,
  from: number,
  to: number,
  entries: Buffer,
  constants: number,
  perRow: readonly HeaderColumn[],
  out: Buffer,
  start: number,
): number {
  const { body, starts, ends } = batch;
  const names = perRow.map((column) => encodeString(column.name));
  let at = start;
  for (let row = from; row < to; row++) {
    let count = constants;
    for (const column of perRow) if (hasValue(column, row)) count++;
    at = writeLength(out, at, count);
    if (count > 0) {
      out.set(entries, at);
      at += entries.length;
      for (let i = 0; i < perRow.length; i++) {
        const column = perRow[i]!;
        if (!hasValue(column, row)) continue;
        out.set(names[i]!, at);
        at = writeValue(out, at + names[i]!.length, column, row);
      }
      out[at++] = 0;
    }
    const s = starts[row]!;
    const e = ends[row]!;
    at = writeLength(out, at, e - s);
    at += body.copy(out, at, s, e);
  }
  return at;
}

function hasValue(column: HeaderColumn, row: number): boolean {
  if (column instanceof SliceColumn) return column.starts[row] !== ABSENT;
  return column instanceof NumberColumn ? !Number.isNaN(column.number(row)) : column.value(row) !== undefined;
}

/** An upper bound of what the entries of these columns take in all rows. */
function perRowBytes(columns: readonly HeaderColumn[], from: number, to: number): number {
  let bytes = 0;
  for (const column of columns) {
    const entry = Buffer.byteLength(column.name) + 2 * LENGTH_BYTES;
    bytes += entry * (to - from);
    if (column instanceof NumberColumn) {
      bytes += 22 * (to - from);
      continue;
    }
    if (column instanceof SliceColumn) {
      for (let row = from; row < to; row++) {
        if (column.starts[row] !== ABSENT) bytes += column.ends[row]! - column.starts[row]!;
      }
      continue;
    }
    for (let row = from; row < to; row++) bytes += 3 * (column.value(row)?.length ?? 0);
  }
  return bytes;
}

/** A length or count as a zig-zag number. */
function writeLength(out: Buffer, start: number, length: number): number {
  let at = start;
  let rest = length * 2;
  while (rest >= 128) {
    out[at++] = (rest & 0x7f) | 0x80;
    rest = rest > 0x7fff_ffff ? Math.floor(rest / 128) : rest >>> 7;
  }
  out[at++] = rest;
  return at;
}

function writeValue(out: Buffer, start: number, column: HeaderColumn, row: number): number {
  let at = start;
  if (column instanceof NumberColumn) {
    const value = column.number(row);
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) return writeDigits(out, at, value);
  }
  if (column instanceof SliceColumn) {
    const from = column.starts[row]!;
    const to = column.ends[row]!;
    at = writeLength(out, at, to - from);
    return at + column.bytes.copy(out, at, from, to);
  }
  const text = column.value(row)!;
  const bytes = Buffer.byteLength(text);
  at = writeLength(out, at, bytes);
  return at + out.write(text, at, bytes, 'utf8');
}

/** A whole number in decimal, without a string. */
function writeDigits(out: Buffer, start: number, value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit && digits < 16; limit *= 10) digits++;
  out[start] = digits * 2;
  let rest = Math.trunc(value);
  for (let at = start + digits; at > start; at--) {
    const next = Math.floor(rest / 10);
    out[at] = 0x30 + (rest - next * 10);
    rest = next;
  }
  return start + 1 + digits;
}
