import { dirname } from 'node:path';
import type { FoundFile } from './file-groups.ts';
import type { SavedFile } from './saved-files.ts';

/** What an earlier life has left of files that are not found yet, by inode. */
export class SavedIndex {
  readonly #files = new Map<string, SavedFile[]>();

  constructor(saved: readonly SavedFile[] = []) {
    for (const file of saved) {
      const same = this.#files.get(file.inode);
      if (same === undefined) this.#files.set(file.inode, [file]);
      else same.push(file);
    }
  }

  /** What is known of a file that was found under one path or several; it is not kept any longer. */
  take(links: readonly FoundFile[]): SavedFile | undefined {
    const [{ id }] = links;
    const same = this.#files.get(id.inode) ?? [];
    // The number of a device may be another one after the machine was started. Flume's positions know none; a file stays on its own within its folder.
    // Of several with one number the last is the one that was there; the others were deleted before.
    const entry =
      same.findLast(({ key }) => key === id.key) ??
      same.find(({ path }) => links.some((link) => link.path === path)) ??
      same.find(({ key, path }) => key === undefined && links.some((link) => dirname(link.path) === dirname(path)));
    if (entry !== undefined) same.splice(same.indexOf(entry), 1);
    return entry;
  }

  *all(): Generator<SavedFile> {
    for (const files of this.#files.values()) yield* files;
  }

  /** Forgets the others. */
  keep(isWanted: (file: SavedFile) => boolean): void {
    for (const [inode, files] of this.#files) if (!files.some(isWanted)) this.#files.delete(inode);
  }
}
