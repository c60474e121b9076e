import { describeError } from '../errors.ts';
import type { Database } from './database.ts';
import type { Lake, LakeFile } from './lake.ts';
import type { InputReport } from './report.ts';
import { COUNT_TAKEN, CREATE_TABLES, DAMAGED_TAKEN, KEEP_ROWS, TAKE_ROWS } from './sql/tables.ts';

/** Files are read so many at a time, and no more of them than make so many bytes; progress is told after each lot. */
const FILES_AT_ONCE = 64;
const BYTES_AT_ONCE = 64 << 20;
/** So many names are told of files with damage. */
const NAMED = 20;

export interface Progress {
  readonly files: number;
  readonly ofFiles: number;
  readonly bytes: number;
  readonly ofBytes: number;
}

/** What reading a lake came to, but for what only the loaded rows can tell. */
export type Loaded = Omit<InputReport, 'rowsByType' | 'repeats'>;

/** Reads the rows of a lake into the tables. A file that cannot be read, or holds damaged lines, is told of and ends nothing. */
export async function loadLake(
  database: Database,
  lake: Lake,
  projects: readonly string[],
  onProgress: (progress: Progress) => void,
): Promise<Loaded> {
  await database.run(CREATE_TABLES);
  const ofBytes = lake.files.reduce((sum, file) => sum + file.bytes, 0);
  const damagedFiles: { path: string; rows: number }[] = [];
  const unreadable: { path: string; reason: string }[] = [];
  let rows = 0;
  let damagedRows = 0;
  let files = 0;
  let bytes = 0;

  const read = (lot: readonly LakeFile[]): Promise<void> => {
    return database.run(TAKE_ROWS, {
      files: lot.map((file) => literally(file.path)),
      compression: lot[0]!.compression,
    });
  };
  const keep = async (): Promise<void> => {
    rows += Number((await database.one(COUNT_TAKEN))['good']);
    for (const { path, damaged } of await database.all(DAMAGED_TAKEN)) {
      damagedRows += Number(damaged);
      if (damagedFiles.length < NAMED) damagedFiles.push({ path: String(path), rows: Number(damaged) });
    }
    for (const sql of KEEP_ROWS) await database.run(sql, { projects });
  };
  const oneByOne = async (lot: readonly LakeFile[]): Promise<void> => {
    for (const file of lot) {
      const failure = await read([file]).then(() => undefined, describeError);
      if (failure === undefined) await keep();
      else if (unreadable.length < NAMED) unreadable.push({ path: file.path, reason: firstLine(failure) });
    }
  };

  for (const lot of lots(lake.files)) {
    const good = await read(lot).then(
      () => true,
      () => false,
    );
    if (good) await keep();
    else await oneByOne(lot);
    files += lot.length;
    bytes += lot.reduce((sum, file) => sum + file.bytes, 0);
    onProgress({ files, ofFiles: lake.files.length, bytes, ofBytes });
  }
  const { inUse, empty, foreign } = lake;
  return { files, bytes, rows, damagedRows, damagedFiles, unreadable, inUse, empty, foreign: foreign.length };
}

/** Neighbours of one compression. */
function* lots(files: readonly LakeFile[]): Generator<LakeFile[]> {
  for (const kind of ['uncompressed', 'gzip', 'zstd'] as const) {
    let lot: LakeFile[] = [];
    let bytes = 0;
    for (const file of files) {
      if (file.compression !== kind) continue;
      if (lot.length > 0 && (lot.length === FILES_AT_ONCE || bytes + file.bytes > BYTES_AT_ONCE)) {
        yield lot;
        lot = [];
        bytes = 0;
      }
      lot.push(file);
      bytes += file.bytes;
    }
    if (lot.length > 0) yield lot;
  }
}

/** A path for DuckDB, which takes `*`, `?` and `[` in it for a pattern. */
function literally(path: string): string {
  return path.replace(/[*?[\]]/g, '[$&]');
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!;
}
