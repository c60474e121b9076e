import { crc32 } from 'node:zlib';

/*
 * A record of a segment: rows that were put, or rows that were committed. Whole numbers are unsigned and little endian; numbers of rows
 * are doubles, exact up to 2^53.
 *
 *      0   4  "SLrc"
 *      4   4  salt of the segment, so that a segment that is itself sent as data is never taken for records
 *      8   4  length of the payload
 *     12   4  type: 1 put, 2 commit, 3 put of a source that replays, 4 all that is committed
 *     16   8  number of the first row (put), 0 (others)
 *     24   4  number of rows (put), of ranges (others)
 *     28   4  where in the segment the write began that this record was a part of: what lies before it was synced
 *     32   4  CRC-32 of the payload
 *     36   4  CRC-32 of the 36 bytes above
 *     40      payload
 *
 * Payload of a commit, or of all that is committed: for each range its first row and the row behind its last one, 8 bytes each.
 * Payload of a put: see payload.ts.
 */

export const RECORD_HEADER = 40;
const MAGIC = 0x6372_4c53;
const PUT = 1;
const COMMIT = 2;
const REPLAYED_PUT = 3;
const RESET = 4;
const TYPES: Readonly<Record<number, Pick<RecordHeader, 'type' | 'replays'>>> = {
  [PUT]: { type: 'put', replays: false },
  [COMMIT]: { type: 'commit', replays: false },
  [REPLAYED_PUT]: { type: 'put', replays: true },
  [RESET]: { type: 'reset', replays: false },
};

/** The head of a record, read. */
export interface RecordHeader {
  /** `reset`: only the rows that it names are committed, whatever earlier records say. */
  readonly type: 'put' | 'commit' | 'reset';
  /** Of a put: whether the source sends its rows again when the agent's checkpoint does not know of them. */
  readonly replays: boolean;
  /** Bytes of the payload. */
  readonly length: number;
  readonly firstRow: number;
  /** Rows of a put, ranges of a commit. */
  readonly count: number;
  readonly groupStart: number;
  readonly crc: number;
}

/** Where a record is going to lie. */
export interface RecordPlace {
  readonly salt: number;
  /** Where in the segment the write begins. */
  readonly groupStart: number;
}

/**
 * Fills in the head of a record whose payload stands behind the place for it.
 * @param replays whether the source of the rows replays
 */
export function sealPut(record: Buffer, place: RecordPlace, firstRow: number, rows: number, replays: boolean): void {
  seal(record, place, replays ? REPLAYED_PUT : PUT, firstRow, rows);
}

/** A record that says that these rows are committed: from, to, from, to, … */
export function commitRecord(place: RecordPlace, ranges: readonly number[]): Buffer {
  return rangesRecord(place, COMMIT, ranges);
}

/** A record that says that these rows are committed, and no others. */
export function resetRecord(place: RecordPlace, low: number, above: readonly number[]): Buffer {
  return rangesRecord(place, RESET, [0, low, ...above]);
}

function rangesRecord(place: RecordPlace, type: number, ranges: readonly number[]): Buffer {
  const record = Buffer.alloc(RECORD_HEADER + ranges.length * 8);
  for (let i = 0; i < ranges.length; i++) record.writeDoubleLE(ranges[i]!, RECORD_HEADER + i * 8);
  seal(record, place, type, 0, ranges.length / 2);
  return record;
}

function seal(record: Buffer, place: RecordPlace, type: number, firstRow: number, count: number): void {
  record.writeUInt32LE(MAGIC, 0);
  record.writeUInt32LE(place.salt, 4);
  record.writeUInt32LE(record.length - RECORD_HEADER, 8);
  record.writeUInt32LE(type, 12);
  record.writeDoubleLE(firstRow, 16);
  record.writeUInt32LE(count, 24);
  record.writeUInt32LE(place.groupStart, 28);
  record.writeUInt32LE(crc32(record.subarray(RECORD_HEADER)), 32);
  record.writeUInt32LE(crc32(record.subarray(0, 36)), 36);
}

/** The bytes that every record of a segment begins with. */
export function recordStart(salt: number): Buffer {
  const start = Buffer.alloc(8);
  start.writeUInt32LE(MAGIC, 0);
  start.writeUInt32LE(salt, 4);
  return start;
}

/** The head of the record at `at`; `undefined` when there is none that is sound. Needs RECORD_HEADER bytes from there. */
export function readHeader(bytes: Buffer, at: number, salt: number): RecordHeader | undefined {
  if (bytes.readUInt32LE(at) !== MAGIC || bytes.readUInt32LE(at + 4) !== salt) return undefined;
  if (bytes.readUInt32LE(at + 36) !== crc32(bytes.subarray(at, at + 36))) return undefined;
  const type = bytes.readUInt32LE(at + 12);
  const kind = TYPES[type];
  if (kind === undefined) return undefined;
  return {
    type: kind.type,
    replays: kind.replays,
    length: bytes.readUInt32LE(at + 8),
    firstRow: bytes.readDoubleLE(at + 16),
    count: bytes.readUInt32LE(at + 24),
    groupStart: bytes.readUInt32LE(at + 28),
    crc: bytes.readUInt32LE(at + 32),
  };
}

/** The ranges in the payload of a commit or a reset: from, to, from, to, … */
export function committedRanges(payload: Buffer): number[] {
  const ranges: number[] = [];
  for (let at = 0; at + 16 <= payload.length; at += 16) {
    ranges.push(payload.readDoubleLE(at), payload.readDoubleLE(at + 8));
  }
  return ranges;
}
