import { constants, copyFile, link, open, readFile, readlink, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../errors.ts';

/*
 * The lock of a directory: a file with the process that uses it. Node has no flock, so a lock whose process is gone is told by its number, its start and
 * the boot of the machine. A process in another container with the same directory cannot be seen: its lock counts as left behind.
 */

const NAME = 'sluice-in_use.lock';

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
    const handle = await open(mine, 'wx', 0o640);
    try {
      await handle.writeFile(JSON.stringify(holder));
    } finally {
      await handle.close();
    }
    try {
      for (;;) {
        // A link appears with its content or not at all, and never in the place of another.
        if (await appear(mine, path)) return new DirectoryLock(path);
        await removeStale(path, here, hint);
      }
    } finally {
      await unlink(mine);
    }
  }

  async release(): Promise<void> {
    await unlink(this.#path).catch(() => undefined);
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

/** Removes a lock whose process is gone; throws for one that is held. */
async function removeStale(path: string, here: { boot: string; pidSpace: string }, hint: string): Promise<void> {
  const text = await readIfThere(path);
  if (text === undefined) return;
  const holder = parse(text);
  if (
    holder !== undefined &&
    holder.boot === here.boot &&
    holder.pidSpace === here.pidSpace &&
    (await startOf(holder.pid)) === holder.start
  ) {
    throw new SluiceError(
      'STATE_UNUSABLE',
      `${path}: in use by ${holder.holder}, process ${holder.pid}, since ${holder.since}; ${hint}`,
    );
  }
  // Two may find it stale at once: whoever renames it makes sure that it is still the one that was read.
  const aside = `${path}.stale.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if ((await readFile(aside, 'utf8')) !== text) await link(aside, path).catch(() => undefined);
  await unlink(aside);
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

async function whereAmI(): Promise<{ boot: string; pidSpace: string }> {
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
