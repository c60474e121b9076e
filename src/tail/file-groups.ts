import { stat } from 'node:fs/promises';
import { SluiceError } from '../errors.ts';
import { ConstantColumn, type HeaderColumn } from '../event/header-columns.ts';
import { javaRegex } from '../options/java-regex.ts';

/** Some files of a folder, by a pattern. */
export interface FileGroup {
  readonly name: string;
  readonly dir: string;
  /** Whether a file name belongs to the group. */
  matches(fileName: string): boolean;
  readonly headers: readonly HeaderColumn[];
}

/** A file that belongs to a group. */
export interface FoundFile {
  readonly path: string;
  readonly group: FileGroup;
  readonly id: FileId;
  readonly size: number;
  readonly modified: number;
  /** It lies on this machine for certain. */
  readonly isLocal: boolean;
}

/** What a file is, whatever its name: the numbers are texts, since an inode may need 64 bits. */
export interface FileId {
  /** Device and inode. */
  readonly key: string;
  readonly inode: string;
}

/** The folder, taken literally, and the pattern of the name. */
export function splitGroupPath(path: string): { dir: string; name: string } {
  const slash = path.lastIndexOf('/');
  return { dir: slash > 0 ? path.slice(0, slash) : path.slice(0, slash + 1), name: path.slice(slash + 1) };
}

/** Makes the groups that have a path, in the order of their names. */
export function makeGroups(
  names: readonly string[],
  paths: ReadonlyMap<string, string>,
  headers: ReadonlyMap<string, string>,
): FileGroup[] {
  const groups: FileGroup[] = [];
  for (const name of names) {
    const path = paths.get(name);
    if (path === undefined) continue;
    const { dir, name: pattern } = splitGroupPath(path);
    const { regex } = javaRegex(pattern, { full: true });
    const columns: HeaderColumn[] = [];
    for (const [key, value] of headers) {
      if (key.startsWith(`${name}.`)) columns.push(new ConstantColumn(key.slice(name.length + 1), value));
    }
    groups.push({ name, dir, matches: (fileName) => regex.test(fileName), headers: columns });
  }
  return groups;
}

/** Identifies what `stat` with bigints has told. */
export function fileId(stats: { readonly dev: bigint; readonly ino: bigint }): FileId {
  return { key: `${stats.dev}:${stats.ino}`, inode: String(stats.ino) };
}

/** The first group that a path belongs to. */
export function groupOf(groups: readonly FileGroup[], path: string): FileGroup | undefined {
  const { dir, name } = splitGroupPath(path);
  return groups.find((group) => group.dir === dir && group.matches(name));
}

/** @throws SluiceError FILE_NOT_FOUND when the folder of a group is missing, as Flume refuses to start then */
export async function requireFolders(groups: readonly FileGroup[]): Promise<void> {
  for (const { dir } of groups) {
    const stats = await stat(dir).catch(() => undefined);
    if (!stats?.isDirectory()) throw new SluiceError('FILE_NOT_FOUND', `Directory does not exist: ${dir}`);
  }
}
