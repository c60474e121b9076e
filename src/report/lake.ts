import { type Dirent, type Stats, statSync } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fromSystemError, SluiceError } from '../errors.ts';

export type Compression = 'uncompressed' | 'gzip' | 'zstd';

export interface LakeFile {
  readonly path: string;
  /** As it lies there. */
  readonly bytes: number;
  readonly compression: Compression;
}

export interface Lake {
  /** In the order of their paths. */
  readonly files: readonly LakeFile[];
  /** How many files and folders are being written: their names begin with `_` or `.`. */
  readonly inUse: number;
  readonly empty: number;
  /** Files of another kind, by their ends (`.avro`, `.parquet`), which are not read. */
  readonly foreign: readonly string[];
}

const COMPRESSIONS: Readonly<Record<string, Compression>> = { gz: 'gzip', gzip: 'gzip', zst: 'zstd', zstd: 'zstd' };

/** No rows of JSON, whatever they hold. */
const FOREIGN = /\.(?:avro|parquet|orc|seq|bz2|lz4|lzo|snappy|deflate|csv|tsv)$/i;

/**
 * Finds the files of a lake, at any depth.
 * @param projects where some are named, files below `project=OTHER` are not looked at
 * @throws SluiceError FILE_NOT_FOUND, PERMISSION_DENIED when the folder cannot be read
 */
export async function findLakeFiles(root: string, projects: readonly string[]): Promise<Lake> {
  const top = await stat(root).catch((error: unknown) => {
    throw fromSystemError(error, `the lake ${root}`);
  });
  if (!top.isDirectory()) throw new SluiceError('FILE_NOT_FOUND', `${root} is no folder`);
  const files: LakeFile[] = [];
  const foreign: string[] = [];
  let inUse = 0;
  let empty = 0;
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await list(folder)) {
      const path = join(folder, entry.name);
      if (/^[_.]/.test(entry.name)) {
        inUse++;
        continue;
      }
      const found = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : entry;
      if (found?.isDirectory() === true) {
        // A link to a folder could lead round in a circle.
        if (!entry.isSymbolicLink() && isWanted(entry.name, projects)) folders.push(path);
      } else if (found?.isFile() === true) {
        const bytes = sizeOf(path);
        if (bytes === undefined) continue;
        if (bytes === 0) empty++;
        else if (FOREIGN.test(entry.name)) foreign.push(path);
        else files.push({ path, bytes, compression: compressionOf(entry.name) });
      }
    }
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files, inUse, empty, foreign };
}

async function list(folder: string): Promise<Dirent[]> {
  try {
    const entries: Dirent[] = [];
    for await (const entry of await opendir(folder)) entries.push(entry);
    return entries;
  } catch (error) {
    throw fromSystemError(error, `reading the folder ${folder}`);
  }
}

/** `undefined` for a file that was renamed meanwhile. */
function sizeOf(path: string): number | undefined {
  const found: Stats | undefined = statSync(path, { throwIfNoEntry: false });
  return found?.size;
}

function compressionOf(name: string): Compression {
  return COMPRESSIONS[/\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? ''] ?? 'uncompressed';
}

function isWanted(folder: string, projects: readonly string[]): boolean {
  const project = /^project=(.+)$/.exec(folder)?.[1];
  return project === undefined || projects.length === 0 || projects.includes(project);
}
