import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A row as `sentry_rows` writes it in JSON. */
export type LakeRow = Readonly<Record<string, unknown>>;

/** The rows of all finished JSON files below a folder; files in use (`_…`) are left out, as Hive and Spark do. */
export function readLake(lake: string): LakeRow[] {
  return lakeFiles(lake).flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LakeRow),
  );
}

/** The finished files below a folder, in order. */
export function lakeFiles(lake: string): string[] {
  return readdirSync(lake, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^[_.]/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
