import { type BigIntStats, type Dirent, statSync } from 'node:fs';
import { lstat, readdir, stat, statfs } from 'node:fs/promises';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { type FileGroup, type FoundFile, fileId } from './file-groups.ts';

/** How long the event loop may be held up, in milliseconds. */
const MAX_HOLD = 5;
/** How many files are looked at between two looks at the clock. */
const STRIDE = 64;

/** File systems whose names and sizes are in the memory of this machine, by the numbers of statfs(2), and from which the kernel reports all changes. */
const LOCAL = new Set([
  0xef53, // ext2, 3, 4
  0x58465342, // xfs
  0x9123683e, // btrfs
  0x01021994, // tmpfs
  0x858458f6, // ramfs
  0x794c7630, // overlayfs
  0x2fc12fc1, // zfs
  0xf2f52010, // f2fs
  0xca451a4e, // bcachefs
]);

/** Whether a folder lies on this machine; a folder that is missing counts as such. */
export async function isLocal(dir: string): Promise<boolean> {
  try {
    return LOCAL.has((await statfs(dir)).type);
  } catch {
    return true;
  }
}

/** What is at a path: `gone` is nothing or no file; `unknown` could not be found out, and says nothing about the file. */
export type Probe = BigIntStats | 'gone' | 'unknown';

/** How the folders are found. */
export interface Scan {
  /** Files that the owner did not know, a group's oldest first. */
  readonly found: FoundFile[];
  /** Paths of ours that are symbolic links. */
  readonly links: string[];
  readonly missing: ReadonlySet<string>;
  /** Folders that are there and could not be listed, with the error. */
  readonly unlisted: ReadonlyMap<string, unknown>;
  /** Milliseconds that it took from other work. */
  readonly cost: number;
}

/** What the scan asks of its owner. */
export interface ScanOwner {
  /** Whether the folder's files may be asked without leaving the thread: 2 us a file instead of 10. */
  isLocal(dir: string): boolean;
  /** Told what is at a path of ours. @returns true: the owner knew that and needs to hear no more of it */
  isKnown(path: string, probe: BigIntStats | 'unknown'): boolean;
}

/** Looks through the folders: all files of all groups. A file of two groups belongs to the first one. */
export async function scanFolders(groups: readonly FileGroup[], owner: ScanOwner): Promise<Scan> {
  const links: string[] = [];
  const missing = new Set<string>();
  const unlisted = new Map<string, unknown>();
  const found: FoundFile[] = [];
  const listings = new Map<string, readonly Dirent[]>();
  const hold = new Hold();
  for (const [at, group] of groups.entries()) {
    const { dir } = group;
    const earlier = groups.slice(0, at).filter((other) => other.dir === dir);
    let listing = listings.get(dir);
    if (listing === undefined) {
      listing = await list(dir, missing, unlisted);
      listings.set(dir, listing);
      hold.begin();
    }
    const local = owner.isLocal(dir);
    const files: FoundFile[] = [];
    for (const entry of listing) {
      if (hold.isDue()) await hold.rest();
      const { name } = entry;
      if (!group.matches(name) || entry.isDirectory() || earlier.some((other) => other.matches(name))) continue;
      const path = pathIn(dir, name);
      const isLink = entry.isSymbolicLink();
      if (isLink) links.push(path);
      const result = local && !isLink ? probeSync(path) : await probe(path);
      if (result === 'gone' || owner.isKnown(path, result) || result === 'unknown') continue;
      files.push(foundFile(path, group, result, local && !isLink));
    }
    files.sort((a, b) => a.modified - b.modified);
    for (const file of files) found.push(file);
  }
  return { found, links, missing, unlisted, cost: hold.end() };
}

export function pathIn(dir: string, name: string): string {
  return dir === '/' ? `/${name}` : `${dir}/${name}`;
}

export function foundFile(path: string, group: FileGroup, stats: BigIntStats, isLocal: boolean): FoundFile {
  return { path, group, id: fileId(stats), size: Number(stats.size), modified: Number(stats.mtimeMs), isLocal };
}

/** Whether the path is a symbolic link. */
export async function isLink(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isSymbolicLink() ?? false;
}

/** Asks what is at a path. */
export async function probe(path: string): Promise<Probe> {
  try {
    return fileOnly(await stat(path, { bigint: true }));
  } catch (error) {
    return failed(error);
  }
}

/** The same at once, for a path on this machine. */
export function probeSync(path: string): Probe {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? 'gone' : fileOnly(stats);
  } catch (error) {
    return failed(error);
  }
}

function fileOnly(stats: BigIntStats): Probe {
  return stats.isFile() ? stats : 'gone';
}

/** A link that leads nowhere or in a circle is as good as no file. */
function failed(error: unknown): Probe {
  return isGone(error) || (error as NodeJS.ErrnoException).code === 'ELOOP' ? 'gone' : 'unknown';
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

async function list(dir: string, missing: Set<string>, unlisted: Map<string, unknown>): Promise<readonly Dirent[]> {
  try {
    return await readdir(dir, { withFileTypes: true });
  } catch (error) {
    if (isGone(error)) missing.add(dir);
    else unlisted.set(dir, error);
    return [];
  }
}

/** Lets others have the thread now and then, and adds up how long it was held. */
class Hold {
  #since = performance.now();
  #count = 0;
  #cost = 0;

  begin(): void {
    this.#since = performance.now();
  }

  isDue(): boolean {
    return ++this.#count % STRIDE === 0 && performance.now() - this.#since > MAX_HOLD;
  }

  async rest(): Promise<void> {
    this.end();
    await turnOfTheLoop();
    this.begin();
  }

  end(): number {
    this.#cost += performance.now() - this.#since;
    return this.#cost;
  }
}
