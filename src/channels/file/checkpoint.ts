import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { futureVersion, syncDir } from './segment.ts';

/*
 * A checkpoint: `sluice-checkpoint` in the checkpoint directory, and `sluice-checkpoint.previous`, the one before. One line and JSON behind it:
 *
 *     sluice-file-channel <version> <CRC-32 of version and JSON, 8 hexadecimal digits>\n
 *     {"log":…,"nextSegment":…,"nextRow":…,"low":…,"above":[…],"segments":[{"dir":…,"number":…,"salt":…,"firstRow":…,"endRow":…,"length":…},…]}
 *
 * All rows that were committed are below `low` or in the ranges `above`; `length` is how far a segment was synced. What came later stands in the
 * segments alone. Version 1 had neither `log` nor `nextSegment`.
 */

const VERSION = 2;
const NAME = 'sluice-checkpoint';
const PREVIOUS = 'sluice-checkpoint.previous';

export interface CheckpointSegment {
  /** The directory it lies in. */
  readonly dir: string;
  readonly number: number;
  readonly salt: number;
  readonly firstRow: number;
  readonly endRow: number;
  readonly length: number;
}

export interface Checkpoint {
  /** The name of the log; see segment.ts. */
  readonly log?: string;
  /** Segments from this number on were made after it. */
  readonly nextSegment?: number;
  readonly nextRow: number;
  readonly low: number;
  readonly above: readonly number[];
  readonly segments: readonly CheckpointSegment[];
}

export interface FoundCheckpoint extends Checkpoint {
  /** Not the one before the last. */
  readonly isNewest: boolean;
}

/** Writes a checkpoint; the one that stood there becomes the one before. Durable when it resolves. */
export async function writeCheckpoint(dir: string, checkpoint: Checkpoint): Promise<void> {
  const json = JSON.stringify(checkpoint);
  const path = join(dir, NAME);
  const temporary = `${path}.tmp`;
  const handle = await open(temporary, 'w', 0o640);
  try {
    await handle.writeFile(`sluice-file-channel ${VERSION} ${checksum(VERSION, json)}\n${json}`);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(path, join(dir, PREVIOUS)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(temporary, path);
  await syncDir(dir);
}

/** The checkpoints of a directory, the newest first, as far as they are sound; `onDamage` is told of the others. */
export async function readCheckpoints(dir: string, onDamage: (path: string) => void): Promise<FoundCheckpoint[]> {
  const found: FoundCheckpoint[] = [];
  for (const name of [NAME, PREVIOUS]) {
    const path = join(dir, name);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      continue;
    }
    const checkpoint = parse(text, path);
    if (checkpoint === undefined) onDamage(path);
    else found.push({ ...checkpoint, isNewest: name === NAME });
  }
  return found;
}

function parse(text: string, path: string): Checkpoint | undefined {
  const match = /^sluice-file-channel (\d{1,9}) ([0-9a-f]{8})\n/.exec(text);
  if (match === null) return undefined;
  const version = Number(match[1]);
  const json = text.slice(match[0].length);
  if (checksum(version, json) !== match[2]) return undefined;
  if (version > VERSION) throw futureVersion(path, version, VERSION);
  return JSON.parse(json) as Checkpoint;
}

function checksum(version: number, json: string): string {
  return crc32(`${version}\n${json}`).toString(16).padStart(8, '0');
}
