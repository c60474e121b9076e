import { globSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a process that is ending anyway may take for it. */
const GRACE_MS = 3000;

/** The processes whose environment holds `NAME=VALUE`, other than this one: the id and the command line of each. */
function processesWith(setting: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const dir of globSync('/proc/[0-9]*')) {
    try {
      if (!readFileSync(`${dir}/environ`, 'latin1').split('\0').includes(setting)) continue;
      const command = readFileSync(`${dir}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
      // Without a command line it is a zombie: it has ended.
      if (command !== '') found.set(Number(dir.slice('/proc/'.length)), command);
    } catch {
      // It has ended, or it is not ours to look at.
    }
  }
  found.delete(process.pid);
  return found;
}

/**
 * Ends by force every process that was started with `setting` (`NAME=VALUE`) in its environment and still runs after a
 * short grace. Returns their command lines. A process that was started without its parent's environment is not found.
 */
export async function endLeftovers(setting: string): Promise<string[]> {
  let found = processesWith(setting);
  for (const end = performance.now() + GRACE_MS; found.size > 0 && performance.now() < end; ) {
    await sleep(100);
    found = processesWith(setting);
  }
  for (const id of found.keys()) {
    try {
      process.kill(id, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }
  return [...found.values()];
}
