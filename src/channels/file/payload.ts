import { EventBatch } from '../../event/event-batch.ts';
import { ConstantColumn, type HeaderColumn, NumberColumn, TextColumn } from '../../event/header-columns.ts';
import { ABSENT, SliceColumn } from '../../rpc/slice-column.ts';
import { RECORD_HEADER } from './record.ts';

/*
 * The payload of a put, in columns as the batch is. Whole numbers are unsigned and little endian.
 *
 *     4          number of rows
 *     4          the byte behind each row's body
 *     4          number of header columns
 *     then for each column
 *       4        kind: 0 constant, 1 numbers, 2 texts
 *       4, n     name: length, UTF-8
 *       constant 4, n        length, UTF-8
 *       numbers  8 a row     doubles; NaN: the row has no such header
 *       texts    4 a row     length, 0xffffffff: the row has no such header
 *                4, n        length of all texts, the texts in UTF-8 behind one another
 *     4 a row    length of the body
 *     n          the bodies behind one another, the byte named above behind each
 */

const CONSTANT = 0;
const NUMBERS = 1;
const TEXTS = 2;
const LF = 0x0a;

/** A column's values, measured: what is written of it. */
interface Measured {
  readonly column: HeaderColumn;
  readonly kind: number;
  readonly name: Buffer;
  /** The value of a constant. */
  readonly constant?: Buffer;
  /** The bytes of all texts. */
  readonly textBytes: number;
}

/** A record in memory, with its head still to be sealed, and the batch that lies in it. */
export interface EncodedPut {
  readonly record: Buffer;
  readonly batch: EventBatch;
}

/** Copies a batch into a record; the batch that comes back lies in that copy, and nothing of it in the original's memory. */
export function encodePut(batch: EventBatch): EncodedPut {
  const rows = batch.length;
  const measured = batch.headers.map((column) => measure(column, rows));
  let size = RECORD_HEADER + 12;
  for (const one of measured) {
    size += 8 + one.name.length;
    if (one.constant !== undefined) size += 4 + one.constant.length;
    else size += one.kind === NUMBERS ? rows * 8 : rows * 4 + 4 + one.textBytes;
  }
  const bodies = size + rows * 4;
  const bodyLength = batch.bodyBytes() + rows;
  const record = Buffer.allocUnsafeSlow(bodies + bodyLength);
  const delimiter = batch.delimiter < 0 ? LF : batch.delimiter;
  let at = RECORD_HEADER;
  at = record.writeUInt32LE(rows, at);
  at = record.writeUInt32LE(delimiter, at);
  at = record.writeUInt32LE(measured.length, at);
  const headers: HeaderColumn[] = [];
  for (const one of measured) at = writeColumn(record, at, one, rows, headers);
  const starts = new Uint32Array(rows);
  const ends = new Uint32Array(rows);
  const body = record.subarray(bodies);
  if (batch.delimiter >= 0) {
    const shift = batch.starts[0]!;
    for (let row = 0; row < rows; row++) {
      starts[row] = batch.starts[row]! - shift;
      ends[row] = batch.ends[row]! - shift;
    }
    batch.body.copy(body, 0, shift, shift + bodyLength);
  } else {
    let to = 0;
    for (let row = 0; row < rows; row++) {
      starts[row] = to;
      to += batch.body.copy(body, to, batch.starts[row], batch.ends[row]);
      ends[row] = to;
      body[to++] = LF;
    }
  }
  // Four stores a row, in place of a call.
  for (let row = 0; row < rows; row++, at += 4) {
    const length = ends[row]! - starts[row]!;
    record[at] = length;
    record[at + 1] = length >>> 8;
    record[at + 2] = length >>> 16;
    record[at + 3] = length >>> 24;
  }
  return {
    record,
    batch: new EventBatch({ body, starts, ends, headers, delimiter, retainedBytes: record.length + rows * 8 }),
  };
}

function measure(column: HeaderColumn, rows: number): Measured {
  const name = Buffer.from(column.name);
  if (column.constant !== undefined) {
    return { column, kind: CONSTANT, name, constant: Buffer.from(column.constant), textBytes: 0 };
  }
  if (column instanceof NumberColumn) return { column, kind: NUMBERS, name, textBytes: 0 };
  let textBytes = 0;
  if (column instanceof SliceColumn) {
    for (let row = 0; row < rows; row++) {
      if (column.starts[row] !== ABSENT) textBytes += column.ends[row]! - column.starts[row]!;
    }
  } else {
    for (let row = 0; row < rows; row++) {
      const value = column.value(row);
      if (value !== undefined) textBytes += Buffer.byteLength(value);
    }
  }
  return { column, kind: TEXTS, name, textBytes };
}

/** Writes a column, and adds to `headers` what stands for it from now on. Returns the place behind it. */
function writeColumn(record: Buffer, from: number, one: Measured, rows: number, headers: HeaderColumn[]): number {
  const { column, name } = one;
  let at = record.writeUInt32LE(one.kind, from);
  at = record.writeUInt32LE(name.length, at);
  at += name.copy(record, at);
  if (one.constant !== undefined) {
    at = record.writeUInt32LE(one.constant.length, at);
    headers.push(new ConstantColumn(column.name, column.constant!));
    return at + one.constant.copy(record, at);
  }
  if (one.kind === NUMBERS) {
    const numbers = new Float64Array(rows);
    for (let row = 0; row < rows; row++) {
      numbers[row] = column.number(row);
      at = record.writeDoubleLE(numbers[row]!, at);
    }
    headers.push(new NumberColumn(column.name, numbers));
    return at;
  }
  let text = record.writeUInt32LE(one.textBytes, at + rows * 4);
  const starts = new Uint32Array(rows);
  const ends = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    starts[row] = text;
    text = copyText(column, row, record, text);
    if (text < 0) {
      text = starts[row]!;
      starts[row] = ABSENT;
    }
    ends[row] = text;
    at = record.writeUInt32LE(starts[row] === ABSENT ? ABSENT : text - starts[row]!, at);
  }
  headers.push(
    column instanceof TextColumn ? column.slice(0, rows) : new SliceColumn(column.name, record, starts, ends),
  );
  return text;
}

/** Copies the text of a row; returns the place behind it, or -1 when the row has none. */
function copyText(column: HeaderColumn, row: number, record: Buffer, at: number): number {
  if (column instanceof SliceColumn) {
    const start = column.starts[row]!;
    return start === ABSENT ? -1 : at + column.bytes.copy(record, at, start, column.ends[row]);
  }
  const value = column.value(row);
  return value === undefined ? -1 : at + record.write(value, at);
}

/** The batch in the payload of a put; it shares the payload's memory. Throws a RangeError for a payload that is not one. */
export function decodePut(payload: Buffer): EventBatch {
  const rows = payload.readUInt32LE(0);
  const delimiter = payload.readUInt32LE(4);
  const columns = payload.readUInt32LE(8);
  let at = 12;
  const headers: HeaderColumn[] = [];
  for (let i = 0; i < columns; i++) {
    const kind = payload.readUInt32LE(at);
    const nameEnd = at + 8 + payload.readUInt32LE(at + 4);
    const name = payload.toString('utf8', at + 8, nameEnd);
    at = nameEnd;
    if (kind === CONSTANT) {
      const end = at + 4 + payload.readUInt32LE(at);
      headers.push(new ConstantColumn(name, payload.toString('utf8', at + 4, end)));
      at = end;
    } else if (kind === NUMBERS) {
      const numbers = new Float64Array(rows);
      for (let row = 0; row < rows; row++, at += 8) numbers[row] = payload.readDoubleLE(at);
      headers.push(new NumberColumn(name, numbers));
    } else {
      const starts = new Uint32Array(rows);
      const ends = new Uint32Array(rows);
      let text = at + rows * 4 + 4;
      for (let row = 0; row < rows; row++, at += 4) {
        const length = payload.readUInt32LE(at);
        starts[row] = length === ABSENT ? ABSENT : text;
        if (length !== ABSENT) text += length;
        ends[row] = text;
      }
      headers.push(new SliceColumn(name, payload, starts, ends));
      at = text;
    }
  }
  const starts = new Uint32Array(rows);
  const ends = new Uint32Array(rows);
  let to = 0;
  for (let row = 0; row < rows; row++, at += 4) {
    starts[row] = to;
    to += (payload[at]! | (payload[at + 1]! << 8) | (payload[at + 2]! << 16) | (payload[at + 3]! << 24)) >>> 0;
    ends[row] = to++;
  }
  const body = payload.subarray(at);
  if (to !== body.length) throw new RangeError(`bodies of ${to} bytes in ${body.length}`);
  return new EventBatch({ body, starts, ends, headers, delimiter, retainedBytes: payload.length + rows * 8 });
}
