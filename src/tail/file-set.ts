import { basename, dirname } from 'node:path';
import type { Logger } from '../component/context.ts';
import type { LineRules } from '../event/line-splitter.ts';
import type { Beginning } from './beginning.ts';
import { Births } from './births.ts';
import type { Shaper } from './chunk.ts';
import { CompressedContent } from './compressed-content.ts';
import { type FileGroup, type FoundFile, groupOf } from './file-groups.ts';
import { FileShape } from './file-shape.ts';
import { FolderLog } from './folder-log.ts';
import { foundFile, isLink, isLocal, probe, probeSync, type Scan, scanFolders } from './folder-scan.ts';
import { byId, type Due, findByInode, hasChanged, inOrder } from './found-files.ts';
import { Ledger } from './ledger.ts';
import { noteRealPath, OpenFiles } from './open-files.ts';
import { OpeningLog } from './opening-log.ts';
import type { Original } from './originals.ts';
import type { Position } from './positions.ts';
import { Remembered } from './remembered.ts';
import { renderPart, type SavedFile } from './saved-files.ts';
import { SavedIndex } from './saved-index.ts';
import { TailedFile } from './tailed-file.ts';

/** What the set needs to know of its owner. */
export interface FileSetOptions {
  readonly groups: readonly FileGroup[];
  /** Where files are begun that are there at the first look and have no position. */
  readonly skipToEnd: boolean;
  /** See `TailOptions.firstPosition`. */
  readonly firstPosition?: (file: FoundFile) => number | undefined;
  readonly maxOpenFiles: number;
  readonly log: Logger;
  /** The rules for the lines of a file; asked when it is read, a file at rest takes 250 bytes less without them. */
  rulesFor(file: TailedFile): LineRules;
  /** What makes events of the lines of a new file, where they are not simply its lines. */
  readonly shaperFor?: (file: () => TailedFile) => Shaper;
  /** There is something new for the checkpoint. */
  readonly onChange?: () => void;
}

/** What came of a look. */
export interface Look {
  /** Files that have something to read, the oldest first. */
  readonly due: readonly TailedFile[];
  /** Paths that are symbolic links. */
  readonly links: readonly string[];
  /** Whether that is all: else the folders are to be looked through for a file that has gone from its name. */
  readonly isWhole: boolean;
  /** Milliseconds that were taken from other work. */
  readonly cost: number;
}

/** The files that are known, by what they are and by where they lie. */
export class FileSet {
  readonly #options: FileSetOptions;
  readonly #files = new Map<string, TailedFile>();
  readonly #byPath = new Map<string, TailedFile>();
  readonly #open: OpenFiles;
  readonly #folders: FolderLog;
  readonly #opening: OpeningLog;
  readonly #births = new Births();
  readonly #local = new Map<string, boolean>();
  /** What an earlier life has left, until the first look. */
  #saved = new SavedIndex();
  readonly #remembered = new Remembered();
  #isFirst = true;
  #looks = 0;

  constructor(options: FileSetOptions) {
    this.#options = options;
    this.#folders = new FolderLog(options.log);
    this.#opening = new OpeningLog(options.log);
    this.#open = new OpenFiles(options.maxOpenFiles, options.log);
  }

  /** What an earlier run has left, for files that the first look finds. */
  restore(saved: readonly SavedFile[]): void {
    this.#saved = new SavedIndex(saved);
  }

  /** The source's part in the checkpoint. */
  get part(): string {
    const files = this.#remembered.texts;
    for (const file of this.#files.values()) files.push(file.text);
    return renderPart(files);
  }

  all(): IterableIterator<TailedFile> {
    return this.#files.values();
  }

  open(): ReadonlySet<TailedFile> {
    return this.#open.all();
  }

  at(path: string): TailedFile | undefined {
    return this.#byPath.get(path);
  }

  /**
   * Looks through the folders. A file is known by its inode, and by its content when it is opened: under a new name it is read on, a new file under an old
   * name is another one. Files may be read meanwhile; `lookAt` is not to be called.
   */
  async look(): Promise<Look> {
    const { groups } = this.#options;
    for (const { dir } of groups) this.#local.set(dir, await isLocal(dir));
    const number = ++this.#looks;
    const due: Due[] = [];
    const fresh: TailedFile[] = [];
    const scan = await scanFolders(groups, {
      isLocal: (dir) => this.isLocal(dir),
      isKnown: (path, stats) => {
        const known = this.#byPath.get(path);
        if (known === undefined) return false;
        if (stats !== 'unknown') {
          if (!known.is(stats)) return false;
          const now = { size: Number(stats.size), modified: Number(stats.mtimeMs) };
          if (hasChanged(known, now)) due.push({ file: known, modified: now.modified });
        }
        known.lastLook = number;
        return true;
      },
    });
    this.#folders.report(scan);
    for (const links of byId(scan.found)) {
      const file = this.#take(links, due, fresh, (known) => known.lastLook === number);
      file.lastLook = number;
    }
    await this.#seekLost((file) => file.lastLook === number || scan.unlisted.has(file.group.dir), scan, due);
    this.#isFirst = false;
    this.#saved.keep(({ path }) => scan.unlisted.has(dirname(path)));
    const files = await this.#end(due, fresh, scan.links);
    return { due: files, links: scan.links, isWhole: true, cost: scan.cost };
  }

  /** Looks at names that the kernel has reported as made, moved or deleted. */
  async lookAt(paths: Iterable<string>): Promise<Look> {
    const due: Due[] = [];
    const fresh: TailedFile[] = [];
    const links: string[] = [];
    const found: FoundFile[] = [];
    const displaced: TailedFile[] = [];
    for (const path of paths) {
      const group = groupOf(this.#options.groups, path);
      if (group === undefined) continue;
      const local = this.isLocal(group.dir);
      const result = local ? probeSync(path) : await probe(path);
      if (result === 'unknown') continue;
      const known = this.#byPath.get(path);
      if (known !== undefined && (result === 'gone' || !known.is(result))) displaced.push(known);
      if (result === 'gone') continue;
      const leadsOn = await isLink(path);
      if (leadsOn) links.push(path);
      found.push(foundFile(path, group, result, local && !leadsOn));
    }
    for (const file of displaced) this.#byPath.delete(file.path);
    for (const same of byId(found)) {
      const known = this.#files.get(same[0].id.key);
      const isInPlace = known !== undefined && (await this.#isInPlace(known));
      this.#take(same, due, fresh, () => isInPlace);
    }
    let isWhole = true;
    for (const file of displaced) {
      if (this.#byPath.get(file.path) === file) continue;
      // Where one lies that is not open shows when all names are looked at.
      if (!file.isOpen) isWhole = false;
      else if (await this.#lose(file)) due.push({ file, modified: 0 });
    }
    const files = await this.#end(due, fresh, links);
    return { due: files, links, isWhole, cost: 0 };
  }

  /** Whether a folder lies on this machine: its files can be asked quickly, and the kernel reports all that happens to them. */
  isLocal(dir: string): boolean {
    return this.#local.get(dir) ?? true;
  }

  /** Opens a file for its turn. False when there is nothing or another file under its name. @throws the error of the system */
  take(file: TailedFile): Promise<boolean> {
    return this.#open.take(file);
  }

  /** Opens files ahead of their turn, as many as may be open. */
  openSoon(files: readonly TailedFile[]): Promise<void> {
    return this.#open.openSoon(files);
  }

  async close(file: TailedFile): Promise<void> {
    await this.#open.close(file);
    if (!file.isDeleted) return;
    this.#files.delete(file.id.key);
    this.#remembered.add(`deleted ${file.id.key}`, file); // Its inode may be another file's soon.
    this.#options.onChange?.();
  }

  async closeAll(): Promise<void> {
    for (const file of [...this.open()]) await this.close(file);
  }

  /** How far each file that still has a path is delivered. */
  positions(): Position[] {
    const positions: Position[] = [];
    for (const file of this.#files.values()) {
      if (!file.isGone) positions.push({ inode: file.id.inode, pos: file.ledger.position, file: file.path });
    }
    return positions;
  }

  /** What a compressed file may be a copy of. */
  originals(): Iterable<Original> {
    return this.#remembered.originals(this.#files.values());
  }

  /** Whether nothing is under way. */
  get isSettled(): boolean {
    for (const file of this.#files.values()) if (!file.ledger.isSettled) return false;
    return true;
  }

  /** A file that was found under one path or several (hard links), which are not the one it was last known by. */
  #take(
    links: readonly FoundFile[],
    due: Due[],
    fresh: TailedFile[],
    isInPlace: (known: TailedFile) => boolean,
  ): TailedFile {
    const [first] = links;
    const known = this.#files.get(first.id.key);
    const file = known ?? this.#add(links);
    if (known !== undefined && !isInPlace(known)) this.#meet(known, links);
    if (hasChanged(file, first)) due.push({ file, modified: first.modified });
    else if (known === undefined && !this.#isFirst) fresh.push(file);
    return file;
  }

  /** What comes at the end of each look. @returns the files that are due, in order */
  async #end(due: Due[], fresh: readonly TailedFile[], links: readonly string[]): Promise<TailedFile[]> {
    this.#opening.end();
    const files = inOrder(due, this.#options.groups);
    await this.#open.openSoon([...fresh, ...files]);
    for (const path of links) {
      // An empty file is not opened, and may be written to when its link leads elsewhere.
      const file = this.#byPath.get(path);
      if (file !== undefined && file.realPath === undefined) await noteRealPath(file);
    }
    return files;
  }

  /** Whether its own path still leads to a file that was found by another one. */
  async #isInPlace(file: TailedFile): Promise<boolean> {
    if (file.isGone || this.#byPath.get(file.path) !== file) return false;
    const result = await probe(file.path);
    return result === 'unknown' || (result !== 'gone' && file.is(result));
  }

  #meet(known: TailedFile, links: readonly FoundFile[]): void {
    const [first] = links;
    const isHere = links.some((link) => link.path === known.path);
    if (isHere && !known.isGone && this.#byPath.get(known.path) === known) return;
    known.isGone = false;
    known.isDeleted = false;
    known.awayPath = undefined;
    if (!isHere) {
      this.#options.log.info(`${known.path} is now ${first.path}; it is read on there`);
      this.#leave(known);
      known.path = first.path;
      known.group = first.group;
      known.isLocal = first.isLocal;
    }
    this.#byPath.set(known.path, known);
    known.touch();
  }

  #leave(file: TailedFile): void {
    if (this.#byPath.get(file.path) === file) this.#byPath.delete(file.path);
  }

  #add(links: readonly FoundFile[]): TailedFile {
    const [first] = links;
    const saved = this.#remembered.recall(first.id.key) ?? this.#saved.take(links);
    const file = saved === undefined ? this.#make(first, this.#beginning(first)) : this.#continue(first, saved);
    if (saved === undefined && file.offset === first.size) file.seenModified = first.modified;
    this.#byPath.set(file.path, file);
    this.#opening.add(file);
    return file;
  }

  #beginning(file: FoundFile): number {
    if (!this.#isFirst) return 0;
    return this.#options.firstPosition?.(file) ?? (this.#options.skipToEnd ? file.size : 0);
  }

  /** A file that was read before; whether it is the same one shows when it is opened. */
  #continue(found: FoundFile, saved: SavedFile): TailedFile {
    const { ahead, head, before, settled, cuts, size, modified, born, realPath, generation, content } = saved;
    let position = ahead !== undefined && ahead <= found.size ? ahead : saved.pos;
    // Of Flume's entry nothing else is known: it was cut, or the inode belongs to another file by now.
    if (saved.key === undefined && position > found.size) position = 0;
    const ledger = new Ledger(position, before, settled, cuts, generation);
    const file = this.#make(found, position, { head, born, ledger });
    file.realPath = realPath;
    if (content !== undefined) file.content = new CompressedContent(content);
    if (size !== undefined && position === (content ?? size)) file.seen(size, modified);
    else if (saved.key === undefined && position === found.size) file.seenModified = found.modified;
    return file;
  }

  #make(
    { id, path, group, isLocal }: FoundFile,
    position: number,
    known: Omit<Beginning, 'position'> = {},
  ): TailedFile {
    const { rulesFor, onChange } = this.#options;
    const file: TailedFile = new TailedFile(id, path, group, { position, ...known }, rulesFor, this.#births, onChange);
    const shaper = this.#options.shaperFor?.(() => file);
    if (shaper !== undefined) file.shape = new FileShape(shaper, position, file.ledger.cuts);
    file.isLocal = isLocal;
    this.#files.set(id.key, file);
    file.touch();
    return file;
  }

  /**
   * Files that no path of ours leads to any more. What is open is read to its end. What is not is looked for in its folder: renamed to a name that is
   * not ours, its rest is still ours.
   */
  async #seekLost(isThere: (file: TailedFile) => boolean, scan: Scan, due: Due[]): Promise<void> {
    const lost = new Map<string, TailedFile | SavedFile>();
    for (const file of this.#files.values()) {
      if (isThere(file)) continue;
      if (file.isOpen) {
        if (await this.#lose(file)) due.push({ file, modified: 0 });
      } else lost.set(file.id.key, file);
    }
    for (const saved of this.#saved.all()) {
      if (saved.key === undefined || scan.unlisted.has(dirname(saved.path))) continue;
      // Its inode is another file's by now.
      if (this.#files.has(saved.key)) this.#remembered.add(`deleted ${saved.key}`, saved);
      else lost.set(saved.key, saved);
    }
    if (lost.size === 0) return;
    const places = await findByInode(lost, (dir) => this.isLocal(dir));
    for (const [key, one] of lost) {
      // A folder that is missing may come back with all that was in it.
      if (one instanceof TailedFile && (one.isOpen || scan.missing.has(dirname(one.path)))) continue;
      const place = places.get(key);
      if (place === undefined || (one instanceof TailedFile && one.isReplaced)) {
        this.#forget(key, one);
        continue;
      }
      const folder = dirname(place.path);
      const home = one.realPath !== undefined && folder === dirname(one.realPath) ? dirname(one.path) : folder;
      const group = this.#options.groups.find(({ dir }) => dir === folder || dir === home);
      // Renamed while the folder was being read: the next look finds it.
      if (group?.dir === folder && group.matches(basename(place.path))) {
        if (!(one instanceof TailedFile)) this.#forget(key, one);
        continue;
      }
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
      this.#leave(file);
      file.awayPath = place.path;
      if (hasChanged(file, place)) due.push({ file, modified: place.modified });
    }
  }

  /** An open file without a path of ours. @returns whether it is still to be read */
  async #lose(file: TailedFile): Promise<boolean> {
    this.#leave(file);
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
    if (one instanceof TailedFile) this.#leave(one);
    this.#files.delete(key);
    this.#remembered.add(key, one);
    this.#options.onChange?.();
  }
}
