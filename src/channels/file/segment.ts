import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { SluiceError } from '../../errors.ts';

/*
 * A segment: a file `sluice-<number>.segment` of a data directory, records behind a head. Whole numbers are unsigned and little endian. The first 16
 * bytes keep this form in every version.
 *
 *      0   8  "SLUICEfc"
 *      8   4  version
 *     12   4  CRC-32 of the 12 bytes above
 *     16   4  number of the segment
 *     20   6  number of its first row
 *     26   6  the log that it belongs to
 *     32   4  salt
 *     36   4  CRC-32 of the 20 bytes above
 *     40      records
 *
 * In version 1 the numbers were doubles (8 bytes at 16, 8 at 24), the log had no name, and no record said that its source replays.
 *
 * The log's name is drawn when its first segment is made, and again whenever an agent opens it whose checkpoint knows nothing of it: so what another
 * checkpoint says, of a life long ago, is not believed.
 */

export const SEGMENT_HEADER = 40;
const MAGIC = Buffer.from('SLUICEfc');
const VERSION = 2;

/** A segment as the channel knows it. */
export interface Segment {
  readonly number: number;
  readonly path: string;
  readonly salt: number;
  readonly firstRow: number;
  /** The row behind its last one. */
  endRow: number;
  /** Bytes that are synced; of a segment that is no longer written, all that count. */
  length: number;
}

/** A segment's file as it was found. */
export interface SegmentFile {
  readonly number: number;
  readonly path: string;
  /** Bytes of the file. */
  readonly size: number;
  /** `undefined`: the head is damaged. */
  readonly head: SegmentHead | undefined;
}

/** What the head of a segment says. */
export interface SegmentHead {
  readonly salt: number;
  readonly firstRow: number | undefined;
  /** The name of the log; version 1 has none. */
  readonly log: string | undefined;
}

/** Whether a segment, if it is the last one, was being made when the process ended. */
export function isUnfinished({ head, size }: SegmentFile): boolean {
  return head === undefined && size <= SEGMENT_HEADER;
}

/** A name for a log. */
export function newLogName(): string {
  return randomBytes(6).toString('hex');
}

export function segmentName(number: number): string {
  return `sluice-${String(number).padStart(10, '0')}.segment`;
}

export function segmentHead(number: number, firstRow: number, log: string, salt: number): Buffer {
  const head = Buffer.alloc(SEGMENT_HEADER);
  MAGIC.copy(head);
  head.writeUInt32LE(VERSION, 8);
  head.writeUInt32LE(crc32(head.subarray(0, 12)), 12);
  head.writeUInt32LE(number, 16);
  head.writeUIntLE(firstRow, 20, 6);
  head.write(log, 26, 'hex');
  head.writeUInt32LE(salt, 32);
  head.writeUInt32LE(crc32(head.subarray(16, 36)), 36);
  return head;
}

/**
 * The segments of the data directories, in order.
 * @throws SluiceError STATE_UNUSABLE for a segment of a future version, two of one number, and files of Flume's own channel
 */
export async function listSegments(dataDirs: readonly string[]): Promise<SegmentFile[]> {
  const found = new Map<number, SegmentFile>();
  for (const dir of dataDirs) {
    for (const name of await readdir(dir)) {
      if (/^log-\d+(\.meta)?$/.test(name)) {
        throw new SluiceError(
          'STATE_UNUSABLE',
          `${dir} holds a file channel of Flume's own (${name}), which Sluice does not read: let Flume drain it and remove its files, or name other directories in checkpointDir and dataDirs`,
        );
      }
      const number = Number(/^sluice-(\d+)\.segment$/.exec(name)?.[1] ?? Number.NaN);
      if (Number.isNaN(number)) continue;
      const file = await examine(join(dir, name), number);
      const other = found.get(number);
      if (other !== undefined) {
        throw new SluiceError(
          'STATE_UNUSABLE',
          `${other.path} and ${file.path} have one number: files of two channels were mixed; take those of one away`,
        );
      }
      found.set(number, file);
    }
  }
  return [...found.values()].sort((a, b) => a.number - b.number);
}

async function examine(path: string, number: number): Promise<SegmentFile> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const { buffer: head, bytesRead } = await handle.read(Buffer.alloc(SEGMENT_HEADER), 0, SEGMENT_HEADER, 0);
    const sound = head.subarray(0, 8).equals(MAGIC) && head.readUInt32LE(12) === crc32(head.subarray(0, 12));
    if (sound && head.readUInt32LE(8) > VERSION) throw futureVersion(path, head.readUInt32LE(8), VERSION);
    if (!sound || bytesRead < SEGMENT_HEADER || head.readUInt32LE(36) !== crc32(head.subarray(16, 36))) {
      return { number, path, size, head: undefined };
    }
    const isFirst = head.readUInt32LE(8) === 1;
    const firstRow = isFirst ? head.readDoubleLE(24) : head.readUIntLE(20, 6);
    const log = isFirst ? undefined : head.toString('hex', 26, 32);
    return { number, path, size, head: { salt: head.readUInt32LE(32), firstRow, log } };
  } finally {
    await handle.close();
  }
}

/** For a file that a later version of Sluice wrote. */
export function futureVersion(path: string, version: number, known: number): SluiceError {
  return new SluiceError(
    'STATE_UNUSABLE',
    `${path} is of version ${version} of the file channel's format; this Sluice knows version ${known}: run the newer Sluice again until the channel is empty, or name other directories`,
  );
}

/** Makes what was created, renamed or removed in a directory durable. */
export async function syncDir(dir: string): Promise<void> {
  const handle: FileHandle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
