import { readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type FileGroup, type FoundFile, fileId } from './file-groups.ts';
import { pathIn, probe, probeSync } from './folder-scan.ts';
import type { TailedFile } from './tailed-file.ts';

/** A file that has something to read, and when it was written. */
export interface Due {
  readonly file: TailedFile;
  readonly modified: number;
}

/** Where a file was found whose name is not ours. */
type Place = Omit<FoundFile, 'group'>;

/** Whether there may be something to read, or to be looked at again. */
export function hasChanged(file: TailedFile, found: { readonly size: number; readonly modified: number }): boolean {
  if (file.seenSize === 0 && found.size === 0) return false;
  return found.size !== file.seenSize || found.modified !== file.seenModified;
}

/** Whether a file's path still leads to it. */
export async function isAtPath(file: TailedFile): Promise<boolean> {
  const stats = await stat(file.path, { bigint: true }).catch(() => undefined);
  return stats !== undefined && file.is(stats);
}

/** The files under all the names that they were found by. */
export function byId(found: readonly FoundFile[]): IterableIterator<FoundFile[]> {
  const files = new Map<string, FoundFile[]>();
  for (const file of found) {
    const same = files.get(file.id.key);
    if (same === undefined) files.set(file.id.key, [file]);
    else same.push(file);
  }
  return files.values();
}

/** A group's oldest first; groups in their order. */
export function inOrder(due: Due[], groups: readonly FileGroup[]): TailedFile[] {
  const rank = new Map(groups.map((group, at) => [group, at]));
  const at = ({ file }: Due) => rank.get(file.group) ?? 0;
  return due.sort((a, b) => at(a) - at(b) || a.modified - b.modified).map(({ file }) => file);
}

/** Looks for files in the folders that they lay in, whatever their names are by now. */
export async function findByInode(
  lost: ReadonlyMap<string, { readonly path: string; readonly realPath?: string; readonly awayPath?: string }>,
  isLocal: (dir: string) => boolean,
): Promise<Map<string, Place>> {
  const found = new Map<string, Place>();
  const look = async (path: string, local: boolean): Promise<void> => {
    const stats = local ? probeSync(path) : await probe(path);
    if (stats === 'gone' || stats === 'unknown') return;
    const id = fileId(stats);
    if (!lost.has(id.key) || found.has(id.key)) return;
    found.set(id.key, { path, id, size: Number(stats.size), modified: Number(stats.mtimeMs), isLocal: local });
  };
  for (const { awayPath } of lost.values()) if (awayPath !== undefined) await look(awayPath, false);
  const dirs = new Set<string>();
  for (const [key, { path }] of lost) if (!found.has(key)) dirs.add(dirname(path));
  // Where symbolic links led: a target is renamed in its own folder.
  for (const [key, { realPath }] of lost) if (!found.has(key) && realPath !== undefined) dirs.add(dirname(realPath));
  for (const dir of dirs) {
    for (const name of await readdir(dir).catch(() => [])) await look(pathIn(dir, name), isLocal(dir));
  }
  return found;
}
