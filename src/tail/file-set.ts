import type { Logger } from '../component/context.ts';
import type { LineRules } from '../event/line-splitter.ts';
import { type FileGroup, type FoundFile, findFiles } from './file-groups.ts';
import type { Position } from './positions.ts';
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
  /** The rules for the lines of a new file. */
  rulesFor(file: () => TailedFile): LineRules;
}

/** The files that are known, by what they are and by where they lie. */
export class FileSet {
  readonly #options: FileSetOptions;
  readonly #files = new Map<string, TailedFile>();
  readonly #byPath = new Map<string, TailedFile>();
  /** Open files, the one read longest ago first. */
  readonly #open = new Set<TailedFile>();
  readonly #missingFolders = new Set<string>();
  #saved: Position[] = [];
  #isFirst = true;

  constructor(options: FileSetOptions) {
    this.#options = options;
  }

  /** Positions of an earlier run, for files that the first look finds. */
  restore(saved: readonly Position[]): void {
    this.#saved = [...saved];
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
   * Looks through the folders; gives the files that have something to read, the oldest first. A file is known by its inode: under a
   * new name it is read on, a new file under an old name is another one.
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
    this.#byPath.clear();
    for (const links of paths.values()) {
      const file = this.#meet(links);
      this.#byPath.set(file.path, file);
      if (links[0].size !== file.seenSize) due.push(file);
    }
    for (const file of this.#files.values()) {
      if (!paths.has(file.id.key) && this.#lose(file)) due.push(file);
    }
    this.#isFirst = false;
    this.#saved = [];
    return due;
  }

  /** Opens a file, and closes the one read longest ago when too many are open. */
  async take(file: TailedFile): Promise<boolean> {
    if (!(await file.open())) return false;
    this.#open.delete(file);
    this.#open.add(file);
    if (this.#open.size > this.#options.maxOpenFiles) {
      for (const oldest of this.#open) {
        await this.close(oldest);
        break;
      }
    }
    return true;
  }

  async close(file: TailedFile): Promise<void> {
    this.#open.delete(file);
    await file.close();
    if (file.isGone) this.#files.delete(file.id.key);
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

  /** A file that was found, under one path or several (hard links). */
  #meet(links: readonly FoundFile[]): TailedFile {
    const [first] = links;
    const known = this.#files.get(first.id.key);
    if (known === undefined) return this.#add(links);
    known.isGone = false;
    if (!links.some((link) => link.path === known.path)) {
      this.#options.log.info(`${known.path} is now ${first.path}; it is read on there`);
      known.path = first.path;
    }
    return known;
  }

  #add(links: readonly FoundFile[]): TailedFile {
    const [first] = links;
    const entries = this.#saved.filter((entry) => entry.inode === first.id.inode);
    const entry = entries.find((one) => links.some((link) => link.path === one.file)) ?? entries[0];
    let position = 0;
    // Smaller than its position: it was cut, or the inode belongs to another file by now.
    if (entry !== undefined) position = entry.pos <= first.size ? entry.pos : 0;
    else if (this.#isFirst)
      position = this.#options.firstPosition?.(first) ?? (this.#options.skipToEnd ? first.size : 0);
    const rules = this.#options.rulesFor(() => file);
    const file: TailedFile = new TailedFile(first.id, first.path, first.group, position, rules);
    this.#files.set(first.id.key, file);
    this.#options.log.info(`Opening file: ${file.path}, inode: ${file.id.inode}, pos: ${position}`);
    return file;
  }

  /** A file that no path leads to any more: it is read to its end if it is open (true), else forgotten. */
  #lose(file: TailedFile): boolean {
    if (!file.isOpen) {
      this.#files.delete(file.id.key);
      return false;
    }
    if (!file.isGone) this.#options.log.info(`${file.path} was renamed away or deleted; it is read to its end`);
    file.isGone = true;
    return true;
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
