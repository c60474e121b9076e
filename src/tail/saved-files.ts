import type { Mark } from './fingerprint.ts';
import { NO_MARK } from './fingerprint.ts';
import type { Settled } from './ledger.ts';
import type { Position } from './positions.ts';

/*
 * What the checkpoint knows of tailed files. The source's part is
 *
 *     {"version":1,"files":[{"id":"device:inode","path":…,"pos":…,"size":…,"modified":…,"head":[length,crc],"before":[offset,length,crc],
 *       "real":path,"born":"nanoseconds","settled":{"channel":[from,to,…]},"cuts":[offset,…],"content":length,"anew":times,"gone":true},…]}
 *
 * `pos`: all lines before it are durable. `settled`: lines behind it that are durable behind a channel; each number is how far it stands from
 * the one before, the first from `pos`. `cuts`: offsets where events of several lines ended by time, by the same steps. `content`: of a
 * compressed file, to whose content all offsets belong, how long that is, 0 while it is not known. `head` and `before`: CRCs of the first bytes, and of some bytes before an offset, by which a file is known.
 */

const VERSION = 1;

/** One file, as an earlier life left it. */
export interface SavedFile {
  /** Device and inode; of Flume's positions, which know no device, only the inode. */
  readonly key: string | undefined;
  readonly inode: string;
  readonly path: string;
  /** Where it lay, if that is another place. */
  readonly realPath?: string;
  readonly pos: number;
  /** Another program has read on up to here, if the file is still that long. */
  readonly ahead?: number;
  /** The size up to which there was nothing more to read; `undefined` when that is not known. */
  readonly size: number | undefined;
  readonly modified: number;
  /** When it was made, in nanoseconds; 0: not known. */
  readonly born: bigint;
  readonly head: Mark;
  readonly before: Mark;
  readonly settled: Settled;
  readonly cuts: readonly number[];
  /** Of a compressed file: how long its content is, 0 while that is not known. */
  readonly content?: number;
  /** How often it has begun anew since it is known. */
  readonly generation?: number;
}

/** A file as text of the checkpoint. */
export function renderFile(file: SavedFile & { readonly isGone: boolean }): string {
  const { head, before, settled, cuts, pos } = file;
  const parts = [
    `{"id":"${file.key}","path":${JSON.stringify(file.path)},"pos":${file.pos},"size":${file.size ?? null},"modified":${file.modified}`,
    `"head":[${head.length},${head.crc}],"before":[${before.at},${before.length},${before.crc}]`,
  ];
  if (file.realPath !== undefined) parts.push(`"real":${JSON.stringify(file.realPath)}`);
  if (file.born > 0n) parts.push(`"born":"${file.born}"`);
  if (settled.size > 0) {
    const ways = Array.from(settled, ([channel, ranges]) => {
      return `${JSON.stringify(channel)}:[${toSteps(ranges, pos)}]`;
    });
    parts.push(`"settled":{${ways}}`);
  }
  if (cuts.length > 0) parts.push(`"cuts":[${toSteps(cuts, pos)}]`);
  if (file.content !== undefined) parts.push(`"content":${file.content}`);
  if (file.generation) parts.push(`"anew":${file.generation}`);
  if (file.isGone) parts.push('"gone":true');
  parts[parts.length - 1] += '}';
  return parts.join(',');
}

/** The part of a source: files as `renderFile` gives them. */
export function renderPart(files: readonly string[]): string {
  return `{"version":${VERSION},"files":[${files.join(',\n')}]}`;
}

/** Reads that back; `undefined` when there is nothing, or nothing that this version knows. */
export function parsePart(part: unknown): SavedFile[] | undefined {
  if (!isRecord(part) || part['version'] !== VERSION || !Array.isArray(part['files'])) return undefined;
  const files: SavedFile[] = [];
  for (const entry of part['files'] as unknown[]) {
    const file = parseFile(entry);
    if (file !== undefined) files.push(file);
  }
  return files;
}

function parseFile(entry: unknown): SavedFile | undefined {
  if (!isRecord(entry)) return undefined;
  const { id, path, real, pos, size, modified, born, head, before, settled, cuts, content, anew } = entry;
  if (typeof id !== 'string' || typeof path !== 'string' || !isOffset(pos)) return undefined;
  const [headLength, headCrc] = numbers(head);
  const [at, length, crc] = numbers(before);
  const ways = new Map<string, number[]>();
  for (const [channel, steps] of Object.entries(isRecord(settled) ? settled : {})) {
    ways.set(channel, fromSteps(numbers(steps), pos));
  }
  return {
    key: id,
    inode: id.slice(id.indexOf(':') + 1),
    path,
    realPath: typeof real === 'string' ? real : undefined,
    pos,
    size: isOffset(size) ? size : undefined,
    modified: typeof modified === 'number' ? modified : 0,
    born: typeof born === 'string' && /^\d{1,20}$/.test(born) ? BigInt(born) : 0n,
    head: headLength > 0 ? { at: headLength, length: headLength, crc: headCrc } : NO_MARK,
    before: length > 0 ? { at, length, crc } : NO_MARK,
    settled: ways,
    cuts: fromSteps(numbers(cuts), pos),
    content: isOffset(content) ? content : undefined,
    generation: isOffset(anew) ? anew : 0,
  };
}

/**
 * Puts the files of the checkpoint and the position file together. Sluice writes its position file behind the checkpoint: an entry that is
 * further is somebody else's, who has read on in between, as Flume does after a way back to it.
 */
export function mergePositions(files: readonly SavedFile[], positions: readonly Position[]): SavedFile[] {
  const entries = new Map(positions.map((entry) => [`${entry.inode} ${entry.file}`, entry]));
  const known = new Set(files.map(({ inode }) => inode));
  const merged = files.map((file) => {
    const entry = entries.get(`${file.inode} ${file.path}`);
    return entry !== undefined && entry.pos > file.pos ? { ...file, ahead: entry.pos } : file;
  });
  return [...merged, ...positions.filter(({ inode }) => !known.has(inode)).map(fromPosition)];
}

/** A file of which only the position is known. */
export function fromPosition({ inode, pos, file }: Position): SavedFile {
  return {
    key: undefined,
    inode,
    path: file,
    pos,
    size: undefined,
    modified: 0,
    born: 0n,
    head: NO_MARK,
    before: NO_MARK,
    settled: new Map(),
    cuts: [],
  };
}

function toSteps(offsets: readonly number[], from: number): number[] {
  return offsets.map((at, i) => at - (i === 0 ? from : offsets[i - 1]));
}

function fromSteps(steps: readonly number[], from: number): number[] {
  let sum = from;
  return steps.map((step) => {
    sum += step;
    return sum;
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOffset(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? (value as unknown[]).map((item) => (typeof item === 'number' ? item : 0)) : [];
}
