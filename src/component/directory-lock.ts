import { constants, copyFile, link, open, readFile, readlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { fromSystemError, SluiceError } from '../errors.ts';

/*
 * The lock of a directory: a file with the process that uses it. Node has no flock, so a lock whose process is gone is told by its number, its start and
 * the boot of the machine. A process in another container with the same directory cannot be seen: its lock counts as left behind.
 */

const NAME = 'sluice-in_use.lock';
/** Removing a stale lock takes some of these, a lock without links to be written one. */
const CLAIM_MS = 5;
const NEW_MS = 100;

interface Holder {
  readonly pid: number;
  /** Ticks from the boot of the machine to the start of the process: a process number may be used again. */
  readonly start: string;
  readonly boot: string;
  readonly pidSpace: string;
  /** For people. */
  readonly since: string;
  /** What holds it, for people: `agent a1`, `channel c1 of agent a1`. */
  readonly holder: string;
}

/** Who holds a directory, or held it. */
export interface LockHolder {
  /** For people: `agent a1`. */
  readonly name: string;
  readonly pid: number;
  /** An ISO time. */
  readonly since: string;
  /** Whether that process still runs. Else it was killed: one that ends in good order takes its lock away. */
  readonly alive: boolean;
}

/** Holds a directory for one process. */
export class DirectoryLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * Takes the lock of a directory; one whose process is gone is taken over.
   * @param holderName who takes it, for the message that another one gets: `agent a1`
   * @param hint what to do about a lock that is held
   * @throws SluiceError STATE_UNUSABLE naming the holder
   */
  static async take(dir: string, holderName: string, hint: string): Promise<DirectoryLock> {
    const path = join(dir, NAME);
    const mine = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
    const here = await whereAmI();
    const holder: Holder = {
      pid: process.pid,
      start: (await startOf(process.pid)) ?? '',
      ...here,
      since: new Date().toISOString(),
      holder: holderName,
    };
    await write(mine, JSON.stringify(holder));
    try {
      await acquire(path, mine, here, async (other) => {
        throw new SluiceError(
          'STATE_UNUSABLE',
          `${path}: in use by ${other.holder}, process ${other.pid}, since ${other.since}; ${hint}`,
        );
      });
      return new DirectoryLock(path);
    } finally {
      await unlink(mine);
    }
  }

  /** Who holds a directory, without taking or changing anything; `undefined` when there is no lock, or a damaged one. */
  static async look(dir: string): Promise<LockHolder | undefined> {
    const holder = parse((await readIfThere(join(dir, NAME))) ?? '');
    if (holder === undefined) return undefined;
    const alive = await isAlive(holder, await whereAmI());
    return { name: String(holder.holder), pid: holder.pid, since: String(holder.since), alive };
  }

  async release(): Promise<void> {
    await unlink(this.#path).catch(() => undefined);
  }
}

/** Makes a file, or leaves none. */
async function write(path: string, text: string): Promise<void> {
  try {
    const handle = await open(path, 'wx', 0o640);
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  } catch (error) {
    await unlink(path).catch(() => undefined);
    throw fromSystemError(error, `writing ${path}`);
  }
}

/** Gives a file a second name, unless there is such a file; some file systems have no links and get a copy. */
async function appear(file: string, name: string): Promise<boolean> {
  try {
    await link(file, name).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') throw error;
      return copyFile(file, name, constants.COPYFILE_EXCL);
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

interface Place {
  readonly boot: string;
  readonly pidSpace: string;
}

/**
 * Gives the file `mine` the name `path`, once no process that runs has it.
 * @param whileHeld called for a holder that runs, before the next try
 */
async function acquire(
  path: string,
  mine: string,
  here: Place,
  whileHeld: (holder: Holder) => Promise<void>,
): Promise<void> {
  // A link appears with its content or not at all, and never in the place of another.
  while (!(await appear(mine, path))) {
    const text = await readIfThere(path);
    if (text === undefined) continue;
    const holder = parse(text);
    if (holder !== undefined && (await isAlive(holder, here))) await whileHeld(holder);
    else await removeStale(path, text, mine, here);
  }
}

/**
 * Removes a lock whose process is gone, if it still is the one with this text. Many may want that at once, and one that comes late must not remove the lock of
 * one that was faster: so only who holds a lock on the removal of this very text may remove it. A process that dies in here leaves that one, which is stale then like any other.
 */
async function removeStale(path: string, text: string, mine: string, here: Place): Promise<void> {
  // Where there are no links, a lock that is just being written looks like a damaged one.
  if (parse(text) === undefined) await pause(NEW_MS);
  const claim = `${path}.${crc32(text).toString(16)}`;
  await acquire(claim, mine, here, () => pause(CLAIM_MS));
  try {
    if ((await readIfThere(path)) === text) await unlink(path);
  } finally {
    await unlink(claim);
  }
}

async function isAlive(holder: Holder, here: Place): Promise<boolean> {
  if (holder.boot !== here.boot || holder.pidSpace !== here.pidSpace) return false;
  return (await startOf(holder.pid)) === holder.start;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null;
    return typeof value?.pid === 'number' && typeof value.start === 'string' ? (value as Holder) : undefined;
  } catch {
    return undefined;
  }
}

async function whereAmI(): Promise<Place> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => '');
  const pidSpace = await readlink('/proc/self/ns/pid').catch(() => '');
  return { boot: boot.trim(), pidSpace };
}

/** When a process started, in ticks since the boot; `undefined` when there is none. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
