import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeError, fromSystemError } from '../errors.ts';
import type { Findings, InputReport } from './report.ts';
import type { SavedInput } from './saved-parts.ts';

/** Files that are looked at in one go. */
const PARALLEL = 64;
/** In a larger folder a file that was renamed is not looked for. */
const MAX_ENTRIES = 20_000;

interface Seen {
  readonly id: string;
  readonly size: number;
}

/**
 * Looks where the files of a source stand now.
 * @param alive whether the agent runs: it has files open that have no name any more, and goes on while this looks
 */
export async function lookAtInputs(
  component: string,
  inputs: readonly SavedInput[],
  alive: boolean,
): Promise<Findings<InputReport>> {
  const rows: InputReport[] = [];
  const problems: string[] = [];
  const folders = new Map<string, Promise<ReadonlyMap<string, string>>>();
  for (let at = 0; at < inputs.length; at += PARALLEL) {
    const some = inputs.slice(at, at + PARALLEL);
    for (const row of await Promise.all(some.map((input) => lookAt(component, input, folders)))) {
      rows.push(row);
      if (!alive && row.size === undefined && row.left > 0)
        problems.push(`${component}: ${row.path} is gone, and its last ${row.left} bytes were not delivered`);
    }
  }
  return { rows, problems };
}

async function lookAt(
  component: string,
  input: SavedInput,
  folders: Map<string, Promise<ReadonlyMap<string, string>>>,
): Promise<InputReport> {
  const { path, position, ahead } = input;
  const base = { component, path, position, ahead };
  const standing = (seen: Seen, more: Partial<InputReport>): InputReport =>
    seen.size >= position
      ? { ...base, size: seen.size, left: seen.size - position, ...more }
      : {
          ...base,
          size: seen.size,
          left: seen.size,
          ...more,
          note: 'it is shorter than it was: it is read from its beginning',
        };
  let now: Seen | undefined;
  try {
    now = await look(path);
  } catch (error) {
    return { ...base, left: 0, note: `it cannot be looked at: ${describeError(fromSystemError(error, path))}` };
  }
  if (now !== undefined && (input.id === undefined || now.id === input.id)) return standing(now, {});
  const dir = dirname(path);
  const folder = folders.get(dir) ?? idsIn(dir);
  folders.set(dir, folder);
  const name = input.id === undefined ? undefined : (await folder).get(input.id);
  if (name !== undefined) {
    const renamedTo = join(dir, name);
    const renamed = await look(renamedTo).catch(() => undefined);
    if (renamed !== undefined) return standing(renamed, { renamedTo });
  }
  const left = Math.max(0, (input.size ?? position) - position);
  const other = now === undefined ? 'it is gone' : 'it is gone, and another file has its name';
  return { ...base, left, note: left === 0 ? `${other}; all that was seen of it is delivered` : other };
}

/** @throws the system's error, but for a file that is not there */
async function look(path: string): Promise<Seen | undefined> {
  try {
    const { dev, ino, size } = await stat(path, { bigint: true });
    return { id: `${dev}:${ino}`, size: Number(size) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The names in a folder by device and inode. */
async function idsIn(dir: string): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>();
  const names = await readdir(dir).catch(() => []);
  if (names.length > MAX_ENTRIES) return ids;
  for (let at = 0; at < names.length; at += PARALLEL) {
    const some = names.slice(at, at + PARALLEL);
    const seen = await Promise.all(some.map((name) => look(join(dir, name)).catch(() => undefined)));
    for (const [i, one] of seen.entries()) if (one !== undefined) ids.set(one.id, some[i]!);
  }
  return ids;
}
