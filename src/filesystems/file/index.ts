import { constants } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileStatus, FileSystem, FileSystemDeclaration, OutputFile } from '../../component/file-system.ts';
import { fromSystemError, SluiceError } from '../../errors.ts';
import { LocalFile } from './output-file.ts';

const { O_CREAT, O_EXCL, O_WRONLY, O_RDWR } = constants;
/** Entries of a folder looked at together. */
const STATS_AT_A_TIME = 64;

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** Makes a folder's entries durable. A file system that cannot do it for folders, or a folder that may not be read, is let pass. */
async function syncFolder(folder: string): Promise<void> {
  try {
    await using handle = await open(folder, 'r');
    await handle.sync();
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EACCES', 'EPERM', 'EBADF'].includes(codeOf(error) ?? '')) throw error;
  }
}

/** Makes a folder and those above it, and their names durable. */
async function makeFolders(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  let current = folder;
  do {
    current = dirname(current);
    await syncFolder(current);
  } while (current !== dirname(first) && current !== dirname(current));
}

/**
 * Gives a file a new name without replacing what has it: by a hard link, which is atomic and leaves, if it is cut
 * short, both names on one file; that is told and finished when the rename comes again.
 */
async function renameWithoutReplacing(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') {
      const [source, target] = await Promise.all([stat(from, { bigint: true }), stat(to, { bigint: true })]);
      if (from === to || source.ino !== target.ino || source.dev !== target.dev || source.nlink < 2n) throw error;
    } else if (['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK', 'EACCES'].includes(code ?? '')) {
      return renameOverClaim(from, to);
    } else {
      throw error;
    }
  }
  await unlink(from);
}

/** Where hard links are not to be had (FAT, some network file systems): takes the name with an empty file, then replaces that. */
async function renameOverClaim(from: string, to: string): Promise<void> {
  await stat(from);
  await (await open(to, O_CREAT | O_EXCL | O_WRONLY)).close();
  try {
    await rename(from, to);
  } catch (error) {
    await unlink(to).catch(() => {});
    throw error;
  }
}

/**
 * The local disk. Hadoop's checksum side files (`.name.crc`) are neither written nor minded: what Flume does with
 * `hdfs.useRawLocalFileSystem = true` is what always happens here.
 */
export class LocalFileSystem implements FileSystem {
  readonly url = 'file:///';

  async create(path: string): Promise<OutputFile> {
    const folder = dirname(path);
    const flags = O_CREAT | O_EXCL | O_WRONLY;
    return this.#doing(`creating ${path}`, async () => {
      const handle = await open(path, flags).catch(async (error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error;
        await makeFolders(folder);
        return await open(path, flags);
      });
      return new LocalFile(path, handle, 0, () => syncFolder(folder));
    });
  }

  async append(path: string): Promise<OutputFile> {
    return this.#doing(`opening ${path} to append`, async () => {
      const handle = await open(path, O_WRONLY);
      try {
        const status = await handle.stat();
        if (!status.isFile()) throw new SluiceError('FILE_SYSTEM', `${path} is not a regular file`);
        return new LocalFile(path, handle, status.size, () => syncFolder(dirname(path)));
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  }

  async truncate(path: string, length: number): Promise<void> {
    await this.#doing(`cutting ${path} to ${length} bytes`, async () => {
      await using handle = await open(path, O_RDWR);
      const { size } = await handle.stat();
      if (size < length) throw new SluiceError('FILE_SYSTEM', `${path} has only ${size} bytes, not ${length}`);
      if (size > length) await handle.truncate(length);
      await handle.sync();
    });
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#doing(`renaming ${from} to ${to}`, async () => {
      await renameWithoutReplacing(from, to);
      await syncFolder(dirname(to));
      if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));
    });
  }

  async remove(path: string): Promise<boolean> {
    return this.#doing(`removing ${path}`, async () => {
      try {
        await rm(path, { recursive: true });
      } catch (error) {
        if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false;
        throw error;
      }
      await syncFolder(dirname(path));
      return true;
    });
  }

  async stat(path: string): Promise<FileStatus | undefined> {
    return this.#doing(`looking at ${path}`, () => this.#statIfThere(path, path.slice(path.lastIndexOf('/') + 1)));
  }

  async list(path: string): Promise<readonly FileStatus[]> {
    return this.#doing(`listing ${path}`, async () => {
      const names = (await readdir(path)).sort();
      const found: FileStatus[] = [];
      for (let from = 0; from < names.length; from += STATS_AT_A_TIME) {
        const some = names.slice(from, from + STATS_AT_A_TIME);
        const statuses = await Promise.all(some.map((name) => this.#statIfThere(join(path, name), name)));
        for (const status of statuses) if (status !== undefined) found.push(status);
      }
      return found;
    });
  }

  async mkdirs(path: string): Promise<void> {
    await this.#doing(`making the folder ${path}`, () => makeFolders(path));
  }

  async read(path: string, offset: number, length: number): Promise<Buffer> {
    return this.#doing(`reading ${path}`, async () => {
      await using handle = await open(path, 'r');
      const { size } = await handle.stat();
      const buffer = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
      let filled = 0;
      while (filled < buffer.length) {
        const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    });
  }

  async close(): Promise<void> {}

  async #statIfThere(path: string, name: string): Promise<FileStatus | undefined> {
    try {
      const status = await stat(path);
      return {
        name,
        directory: status.isDirectory(),
        length: status.isDirectory() ? 0 : status.size,
        modified: Math.trunc(status.mtimeMs),
        id: String(status.ino),
      };
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
      throw error;
    }
  }

  async #doing<T>(what: string, deed: () => Promise<T>): Promise<T> {
    try {
      return await deed();
    } catch (error) {
      throw fromSystemError(error, what);
    }
  }
}

export const file: FileSystemDeclaration = {
  schemes: ['file'],
  open: () => new LocalFileSystem(),
};
