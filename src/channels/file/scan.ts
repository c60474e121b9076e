import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { RECORD_HEADER, type RecordHeader, readHeader, recordStart } from './record.ts';
import type { SegmentFile, SegmentHead } from './segment.ts';

/** A sound record in a chunk. */
export interface FoundRecord {
  readonly header: RecordHeader;
  /** Where it begins in the segment. */
  readonly offset: number;
  readonly payload: Buffer;
}

/** Records that were read at once, and where to go on. */
export interface Chunk {
  readonly records: readonly FoundRecord[];
  /** Bytes that hold no sound record: from, to, from, to, … */
  readonly damaged: readonly number[];
  /** Where in the segment the next chunk begins. */
  readonly next: number;
  /** What the payloads lie in. */
  readonly buffer: Buffer;
}

const CHUNK_BYTES = 1024 * 1024;

/**
 * Reads the records of a segment from `at` on, as far as `end`: a mebibyte of them, or one that is larger. What is damaged is passed over as far as the
 * next sound head of a record.
 */
export async function readChunk(handle: FileHandle, salt: number, at: number, end: number): Promise<Chunk> {
  let buffer = await readAt(handle, at, Math.min(CHUNK_BYTES, end - at));
  const available = buffer.length < Math.min(CHUNK_BYTES, end - at) ? at + buffer.length : end;
  const records: FoundRecord[] = [];
  const damaged: number[] = [];
  let from = 0;
  while (buffer.length - from >= RECORD_HEADER) {
    const header = readHeader(buffer, from, salt);
    if (header === undefined) break;
    const whole = RECORD_HEADER + header.length;
    if (at + from + whole > available) break; // It reaches over the end: cut off.
    if (from + whole > buffer.length) {
      if (from > 0) break;
      buffer = await readAt(handle, at, whole);
      if (buffer.length < whole) break;
    }
    const payload = buffer.subarray(from + RECORD_HEADER, from + whole);
    if (crc32(payload) === header.crc) records.push({ header, offset: at + from, payload });
    else damaged.push(at + from, at + from + whole);
    from += whole;
  }
  if (at + from >= end) return { records, damaged, next: end, buffer };
  if (from > 0) return { records, damaged, next: at + from, buffer };
  const next = await findRecord(handle, salt, at + 1, end);
  return { records, damaged: [at, next], next, buffer };
}

/** Where the next sound head of a record stands, or `end`. */
async function findRecord(handle: FileHandle, salt: number, from: number, end: number): Promise<number> {
  const start = recordStart(salt);
  for (let at = from; at < end; ) {
    const buffer = await readAt(handle, at, Math.min(CHUNK_BYTES, end - at));
    if (buffer.length < RECORD_HEADER) return end;
    for (let found = buffer.indexOf(start); found >= 0; found = buffer.indexOf(start, found + 1)) {
      if (found + RECORD_HEADER > buffer.length) break;
      const header = readHeader(buffer, found, salt);
      if (header !== undefined && at + found + RECORD_HEADER + header.length <= end) return at + found;
    }
    at += buffer.length - RECORD_HEADER + 1;
  }
  return end;
}

/** Up to `count` bytes from there; fewer where the file ends before. */
async function readAt(handle: FileHandle, at: number, count: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(Math.max(0, count));
  let got = 0;
  while (got < count) {
    const { bytesRead } = await handle.read(buffer, got, count - got, at + got);
    if (bytesRead === 0) break;
    got += bytesRead;
  }
  return got === count ? buffer : buffer.subarray(0, got);
}

/**
 * Where the last segment ends. A write reaches the disk in any order before it is synced, and each record says where its write began: so damage behind
 * the beginning of the last one is a write that was never confirmed.
 * @param confirmed what lies before it is known to have been synced
 */
export async function findCut(
  handle: FileHandle,
  salt: number,
  from: number,
  size: number,
  confirmed: number,
): Promise<number> {
  const damaged: number[] = [];
  let lastGroup = 0;
  let lastRecord = 0;
  for (let at = from; at < size; ) {
    const chunk = await readChunk(handle, salt, at, size);
    damaged.push(...chunk.damaged);
    const last = chunk.records.at(-1);
    if (last !== undefined) {
      lastGroup = last.header.groupStart;
      lastRecord = last.offset;
    }
    at = chunk.next;
  }
  for (let i = 0; i < damaged.length; i += 2) {
    if (damaged[i]! >= confirmed && (damaged[i]! >= lastGroup || damaged[i]! > lastRecord)) return damaged[i]!;
  }
  return size;
}

/** Where the first record of a segment is looked for when its head is damaged: all bear its salt. */
const SALT_SEARCH_BYTES = 64 * 1024;

/** What the damaged head of a segment said, as far as its first records tell. */
export async function guessHead({ path, size }: SegmentFile): Promise<SegmentHead | undefined> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SALT_SEARCH_BYTES), 0, SALT_SEARCH_BYTES, 0);
    for (let at = buffer.indexOf('SLrc'); at >= 0 && at + 8 <= bytesRead; at = buffer.indexOf('SLrc', at + 1)) {
      const salt = buffer.readUInt32LE(at + 4);
      const { records } = await readChunk(handle, salt, at, size);
      if (records[0]?.offset !== at) continue;
      const firstRow = records.find(({ header }) => header.type === 'put')?.header.firstRow;
      return { salt, firstRow, log: undefined };
    }
    return undefined;
  } finally {
    await handle.close();
  }
}
