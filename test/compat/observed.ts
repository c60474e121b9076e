import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type AvroEvent, readAvroEvents } from './avro-container.ts';
import type { Values } from './placeholders.ts';
import type { Recording } from './recorder.ts';

/** An answer to a client, in the shape of `responses.jsonl`. */
export type Response = Record<string, unknown>;

/** What one run of a case did. */
export type Observed = {
  /** Folder that was `${DIR}`. */
  dir: string;
  values: Values;
  responses: Response[];
  /** Names per `ls` step, in order, and the file they are compared with. */
  listings: { as: string; names: string[] }[];
  /** Texts kept by `keep` and `get`, by the file they are compared with. */
  kept: Map<string, string>;
  recordings: Recording[];
  /** Whether only the first bytes of the recordings count. */
  head: number | undefined;
  log: string;
  aliveBeforeStop: boolean;
  exit: number;
  /** Steps that waited in vain. */
  problems: string[];
};

/** Every regular file below a folder, as paths relative to `root`, sorted; an empty folder in it stands there with a slash. */
export function listFiles(root: string, below: string): string[] {
  const folder = join(root, below);
  if (!existsSync(folder)) return [];
  const paths: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${below}/${entry.name}`;
    if (entry.isDirectory()) {
      const inside = listFiles(root, path);
      paths.push(...(inside.length > 0 ? inside : [`${path}/`]));
    } else paths.push(path);
  }
  return paths.sort();
}

/** The events that a file_roll sink with the serializer avro_event wrote into a folder, in the order of its files. */
export function readFolderEvents(folder: string): AvroEvent[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile())
    .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs || a.localeCompare(b, 'en', { numeric: true }));
  return files.flatMap((file) => readAvroEvents(readFileSync(file)));
}

/** The events that the sink with this name of a case wrote. */
export function sinkEvents(dir: string, sink: string): AvroEvent[] {
  return readFolderEvents(join(dir, 'out', sink));
}
