import { readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '../component/context.ts';
import type { LineRules } from '../event/line-splitter.ts';
import { type FileGroup, type FoundFile, fileId, findFiles } from './file-groups.ts';
import { Ledger } from './ledger.ts';
import type { Position } from './positions.ts';
import { parsePart, renderFile, renderPart, type SavedFile } from './saved-files.ts';
import { TailedFile } from './tailed-file.ts';

/** Of so many files that are nowhere to be found any more it is known how far they were read, should they come back. */
const MAX_REMEMBERED = 200;

/** What the set needs to know of its owner. */
export interface FileSetOptions {
  readonly groups: readonly FileGroup[];
  /** Where files are begun that are there at the first look and have no position. */
  readonly skipToEnd: boolean;
  /** See `TailOptions.firstPosition`. */
  readonly firstPosition?: (file: FoundFile) => number | undefined;
  readonly maxOpenFiles: number;
  readonly log: Logger;
  /** The rules for the lines of a new file. */
  rulesFor(file: () => TailedFile): LineRules;
  /** There is something new for the checkpoint. */
  readonly onChange?: () => void;
}

/** The files that are known, by what they are and by where they lie. */
export class FileSet {
  readonly #options: FileSetOptions;
  readonly #files = new Map<string, TailedFile>();
  readonly #byPath = new Map<string, TailedFile>();
  /** Open files, the one read longest ago first. */
  readonly #open = new Set<TailedFile>();
  readonly #missingFolders = new Set<string>();
  /** What an earlier life has left, by inode, until the first look. */
  readonly #saved = new Map<string, SavedFile[]>();
  /** Files that are not there any more, by what they were, the one that went longest ago first. */
  readonly #remembered = new Map<string, { readonly saved: SavedFile; readonly text: string }>();
  #isFirst = true;

  constructor(options: FileSetOptions) {
    this.#options = options;
  }

  /** What an earlier run has left, for files that the first look finds. */
  restore(saved: readonly SavedFile[]): void {
    this.#saved.clear();
    for (const file of saved) {
      const same = this.#saved.get(file.inode);
      if (same === undefined) this.#saved.set(file.inode, [file]);
      else same.push(file);
    }
  }

  /** The source's part in the checkpoint. */
  get part(): string {
    const files = Array.from(this.#remembered.values(), ({ text }) => text);
    for (const file of this.#files.values()) files.push(file.text);
    return renderPart(files);
  }

  all(): IterableIterator<TailedFile> {
    return this.#files.values();
  }

  open(): ReadonlySet<TailedFile> {
    return this.#open;
  }

  at(path: string): TailedFile | undefined {
    return this.#byPath.get(path);
  }

  /**
   * Looks through the folders; gives the files that have something to read, the oldest first. A file is known by its inode, and by its content when it is
   * opened: under a new name it is read on, a new file under an old name is another one.
   */
  async look(): Promise<TailedFile[]> {
    const missing = new Set<string>();
    const found = await findFiles(this.#options.groups, (dir) => missing.add(dir));
    this.#report(missing);
    const paths = new Map<string, FoundFile[]>();
    for (const file of found) {
      const same = paths.get(file.id.key);
      if (same === undefined) paths.set(file.id.key, [file]);
      else same.push(file);
    }
    const due: TailedFile[] = [];
    const fresh: TailedFile[] = [];
    this.#byPath.clear();
    for (const links of paths.values()) {
      const isNew = !this.#files.has(links[0].id.key);
      const file = this.#meet(links);
      this.#byPath.set(file.path, file);
      if (hasChanged(file, links[0])) due.push(file);
      else if (isNew && !this.#isFirst) fresh.push(file);
    }
    await this.#seekLost(paths, missing, due);
    this.#isFirst = false;
    this.#saved.clear();
    await this.#openSoon([...fresh, ...due]);
    return due;
  }

  /** Opens a file, and closes the one read longest ago when too many are open. */
  async take(file: TailedFile): Promise<boolean> {
    if (!(await this.#opened(file))) return false;
    if (this.#open.size > this.#options.maxOpenFiles) {
      const victim = this.#victim();
      if (victim !== undefined) await this.close(victim);
    }
    return true;
  }

  async close(file: TailedFile): Promise<void> {
    this.#open.delete(file);
    await file.close();
    if (!file.isDeleted) return;
    this.#files.delete(file.id.key);
    this.#options.onChange?.();
  }

  async closeAll(): Promise<void> {
    for (const file of [...this.#open]) await this.close(file);
  }

  /** How far each file that still has a path is delivered. */
  positions(): Position[] {
    const positions: Position[] = [];
    for (const file of this.#files.values()) {
      if (!file.isGone) positions.push({ inode: file.id.inode, pos: file.ledger.position, file: file.path });
    }
    return positions;
  }

  /** Whether nothing is under way. */
  get isSettled(): boolean {
    for (const file of this.#files.values()) if (!file.ledger.isSettled) return false;
    return true;
  }

  async #opened(file: TailedFile): Promise<boolean> {
    const result = await file.open();
    if (result === 'missing') return false;
    this.#open.delete(file);
    this.#open.add(file);
    if (result === 'other') {
      this.#options.log.info(
        `${file.path} has other content than was read under its inode ${file.id.inode}; it is read from its beginning`,
      );
    }
    return true;
  }

  /** What is open survives its name: new files are not lost when they are rotated away before their turn. */
  async #openSoon(files: readonly TailedFile[]): Promise<void> {
    for (const file of files) {
      if (this.#open.size >= this.#options.maxOpenFiles) return;
      if (file.isOpen) continue;
      // A failure comes again in its turn, and is told then.
      await this.#opened(file).catch(() => {});
    }
  }

  /** The open file to be closed first; one that was renamed away or deleted is read to its end before. */
  #victim(): TailedFile | undefined {
    let waiting: TailedFile | undefined;
    for (const file of this.#open) {
      if (file.isGone || file.isBusy) continue;
      if (!file.isQueued) return file;
      waiting ??= file;
    }
    return waiting;
  }

  /** A file that was found, under one path or several (hard links). */
  #meet(links: readonly FoundFile[]): TailedFile {
    const [first] = links;
    const known = this.#files.get(first.id.key);
    if (known === undefined) return this.#add(links);
    const isHere = links.some((link) => link.path === known.path);
    if (isHere && !known.isGone) return known;
    known.isGone = false;
    known.isDeleted = false;
    known.awayPath = undefined;
    if (!isHere) {
      this.#options.log.info(`${known.path} is now ${first.path}; it is read on there`);
      known.path = first.path;
      known.group = first.group;
    }
    known.touch();
    return known;
  }

  #add(links: readonly FoundFile[]): TailedFile {
    const [first] = links;
    const saved = this.#recall(links);
    let file: TailedFile;
    if (saved === undefined) {
      file = this.#make(first, this.#beginning(first));
      if (file.offset === first.size) file.seenModified = first.modified;
    } else {
      file = this.#continue(first, saved);
    }
    this.#options.log.info(`Opening file: ${file.path}, inode: ${file.id.inode}, pos: ${file.offset}`);
    return file;
  }

  #beginning(file: FoundFile): number {
    if (!this.#isFirst) return 0;
    return this.#options.firstPosition?.(file) ?? (this.#options.skipToEnd ? file.size : 0);
  }

  /** What is known of a file that was just found, from an earlier life or an earlier time. */
  #recall(links: readonly FoundFile[]): SavedFile | undefined {
    const [{ id }] = links;
    const remembered = this.#remembered.get(id.key);
    if (remembered !== undefined) {
      this.#remembered.delete(id.key);
      return remembered.saved;
    }
    const same = this.#saved.get(id.inode) ?? [];
    // The number of a device may be another one after the machine was started; Flume's positions know none.
    const entry =
      same.find(({ key }) => key === id.key) ??
      same.find(({ path }) => links.some((link) => link.path === path)) ??
      same.find(({ key }) => key === undefined);
    if (entry !== undefined) same.splice(same.indexOf(entry), 1);
    return entry;
  }

  /** A file that was read before; whether it is the same one shows when it is opened. */
  #continue(found: FoundFile, saved: SavedFile): TailedFile {
    const { ahead, head, before, settled, size, modified } = saved;
    let position = ahead !== undefined && ahead <= found.size ? ahead : saved.pos;
    // Of Flume's entry nothing else is known: it was cut, or the inode belongs to another file by now.
    if (saved.key === undefined && position > found.size) position = 0;
    const file = this.#make(found, position, { head, ledger: new Ledger(position, before, settled) });
    if (position === size) file.seenModified = modified;
    else if (saved.key === undefined && position === found.size) file.seenModified = found.modified;
    return file;
  }

  #make(
    { id, path, group }: FoundFile,
    position: number,
    known: { head?: SavedFile['head']; ledger?: Ledger } = {},
  ): TailedFile {
    const rules = this.#options.rulesFor(() => file);
    const file: TailedFile = new TailedFile(id, path, group, { position, ...known }, rules, this.#options.onChange);
    this.#files.set(id.key, file);
    file.touch();
    return file;
  }

  /**
   * Files that no path of ours leads to any more. What is open is read to its end. What is not is looked for in its folder: renamed to a name that is
   * not ours, its rest is still ours.
   */
  async #seekLost(found: ReadonlyMap<string, unknown>, missing: ReadonlySet<string>, due: TailedFile[]): Promise<void> {
    const lost = new Map<string, TailedFile | SavedFile>();
    for (const file of this.#files.values()) {
      if (found.has(file.id.key)) continue;
      if (file.isOpen) {
        if (await this.#lose(file)) due.push(file);
      } else lost.set(file.id.key, file);
    }
    for (const saved of [...this.#saved.values()].flat()) if (saved.key !== undefined) lost.set(saved.key, saved);
    if (lost.size === 0) return;
    const places = await findByInode(lost);
    for (const [key, one] of lost) {
      // A folder that is missing may come back with all that was in it.
      if (one instanceof TailedFile && (one.isOpen || missing.has(dirname(one.path)))) continue;
      const place = places.get(key);
      if (place === undefined) {
        this.#forget(key, one);
        continue;
      }
      // Renamed while the folder was being read: the next look finds it.
      const group = this.#options.groups.find(({ dir }) => dir === dirname(place.path));
      if (group?.matches(place.path.slice(place.path.lastIndexOf('/') + 1))) continue;
      if (group === undefined || (place.path === one.path && !(one instanceof TailedFile))) {
        this.#forget(key, one);
        continue;
      }
      const file = one instanceof TailedFile ? one : this.#continue({ ...place, path: one.path, group }, one);
      if (!file.isGone) {
        this.#options.log.info(`${file.path} is now ${place.path}, which is no name of ours; its rest is read`);
        file.isGone = true;
        file.touch();
      }
      file.awayPath = place.path;
      if (hasChanged(file, place)) due.push(file);
    }
  }

  /** An open file without a path of ours. @returns whether it is still to be read */
  async #lose(file: TailedFile): Promise<boolean> {
    if (!file.isGone) {
      this.#options.log.info(`${file.path} was renamed away or deleted; it is read to its end`);
      file.isGone = true;
      file.touch();
    }
    try {
      file.isDeleted = (await file.look()).links === 0;
    } catch {
      // It was closed meanwhile, or cannot be asked.
    }
    return file.isOpen;
  }

  /** It is nowhere; how far it was read is kept, should it come back. */
  #forget(key: string, one: TailedFile | SavedFile): void {
    const saved = one instanceof TailedFile ? parsePart(JSON.parse(renderPart([one.text])))?.[0] : one;
    this.#files.delete(key);
    if (saved !== undefined) this.#remembered.set(key, { saved, text: renderFile({ ...saved, isGone: true }) });
    for (const oldest of this.#remembered.keys()) {
      if (this.#remembered.size <= MAX_REMEMBERED) break;
      this.#remembered.delete(oldest);
    }
    this.#options.onChange?.();
  }

  #report(missing: ReadonlySet<string>): void {
    for (const dir of missing) {
      if (!this.#missingFolders.has(dir)) this.#options.log.warn(`the folder ${dir} is missing; it is waited for`);
    }
    for (const dir of this.#missingFolders) {
      if (!missing.has(dir)) this.#options.log.info(`the folder ${dir} is there again`);
    }
    this.#missingFolders.clear();
    for (const dir of missing) this.#missingFolders.add(dir);
  }
}

/** Whether there may be something to read, or to be looked at again. */
function hasChanged(file: TailedFile, found: { readonly size: number; readonly modified: number }): boolean {
  if (file.seenSize === 0 && found.size === 0) return false;
  return found.size !== file.seenSize || found.modified !== file.seenModified;
}

/** Looks for files in the folders that they lay in, whatever their names are by now. */
async function findByInode(
  lost: ReadonlyMap<string, { readonly path: string; readonly awayPath?: string }>,
): Promise<Map<string, Omit<FoundFile, 'group'>>> {
  const found = new Map<string, Omit<FoundFile, 'group'>>();
  const look = async (path: string): Promise<void> => {
    const stats = await stat(path, { bigint: true }).catch(() => undefined);
    if (!stats?.isFile()) return;
    const id = fileId(stats);
    if (lost.has(id.key)) found.set(id.key, { path, id, size: Number(stats.size), modified: Number(stats.mtimeMs) });
  };
  for (const { awayPath } of lost.values()) if (awayPath !== undefined) await look(awayPath);
  const dirs = new Set<string>();
  for (const [key, { path }] of lost) if (!found.has(key)) dirs.add(dirname(path));
  for (const dir of dirs) {
    for (const name of await readdir(dir).catch(() => [])) await look(dir === '/' ? `/${name}` : `${dir}/${name}`);
  }
  return found;
}
