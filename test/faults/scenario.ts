import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AgentSpec } from './lives.ts';
import type { LoadSpec } from './load.ts';
import { type ListedFile, listFolder, type Reader } from './read-back.ts';

/** Agents with a configuration, what is written to them, and where it must come out. */
export interface Scenario {
  readonly name: string;
  readonly prepare: (dir: string) => Promise<Prepared>;
}

export interface Prepared {
  readonly agents: readonly AgentSpec[];
  readonly load: Omit<LoadSpec, 'random'> & { readonly linesPerSecond: number };
  readonly outputs: readonly Output[];
  /** The longest time of work before a kill, in milliseconds; default 800. */
  readonly workMs?: number;
  /** How long the last lines may take, in milliseconds; default 30,000. */
  readonly patienceMs?: number;
  /** Ends the peers. */
  readonly end?: () => Promise<void>;
}

/** Where every line must be once. */
export interface Output {
  readonly name: string;
  readonly list: () => Promise<ListedFile[]>;
  readonly reader: Reader;
  /** Files that others have put there, and that must stay as they are. */
  readonly foreign: readonly Foreign[];
  /** Events may come again, and then bear the same key: what a line is beside its event. */
  readonly split?: (text: string) => Named;
  /** Names of files do not tell their order, as when the clock was set. */
  readonly unordered?: boolean;
}

/** An event by what names it. */
export interface Named {
  readonly key: string;
  readonly line: string;
}

export interface Foreign {
  readonly name: string;
  /** Why it is not as it was, or `undefined`. */
  readonly objection: () => Promise<string | undefined>;
}

/** A local folder for output, with files of others. */
export function folder(dir: string, reader: Reader, foreign: readonly string[], more: Partial<Output> = {}): Output {
  mkdirSync(dir, { recursive: true });
  return {
    name: dir,
    list: () => listFolder(dir),
    reader,
    foreign: foreign.map((name) => plant(dir, name)),
    ...more,
  };
}

function plant(dir: string, name: string): Foreign {
  const path = join(dir, name);
  mkdirSync(dirname(path), { recursive: true });
  const text = 'this belongs to somebody else\n';
  writeFileSync(path, text);
  const { mtimeMs } = statSync(path);
  const objection = async (): Promise<string | undefined> => {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return `${path} is gone`;
    if (readFileSync(path, 'utf8') !== text || statSync(path).mtimeMs !== mtimeMs) return `${path} was changed`;
    return undefined;
  };
  return { name, objection };
}
