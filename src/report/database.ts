import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { describeError, SluiceError } from '../errors.ts';

/** DuckDB spills to disk above this; with Node and what it reads into the process takes some 550 MB (4 million rows). */
const MEMORY_LIMIT = '256MB';
const THREADS = '2';

type DuckDb = typeof import('@duckdb/node-api');
export type LoadDuckDb = () => Promise<DuckDb>;

export type Row = Readonly<Record<string, Value>>;
export type Value = string | number | boolean | null | readonly Value[];

/** An optional package: only this command wants it, and it is 70 MB. */
export const loadDuckDb: LoadDuckDb = () => import('@duckdb/node-api');

/**
 * A database in memory that spills into a folder of its own. SQL that it runs is written here in the source; what comes from outside goes in as a value.
 */
export class Database {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #folder: string;
  readonly #duckDb: DuckDb;

  private constructor(duckDb: DuckDb, instance: DuckDBInstance, connection: DuckDBConnection, folder: string) {
    this.#duckDb = duckDb;
    this.#instance = instance;
    this.#connection = connection;
    this.#folder = folder;
  }

  /**
   * @param wanted what the optional package is to be installed as: `@duckdb/node-api@1.5.5`
   * @throws SluiceError PACKAGE_MISSING
   */
  static async open(load: LoadDuckDb, wanted: string): Promise<Database> {
    const duckDb = await load().catch((error: unknown) => {
      throw new SluiceError('PACKAGE_MISSING', `sluice report needs DuckDB: npm install ${wanted}`, error);
    });
    const folder = await mkdtemp(join(tmpdir(), 'sluice-report-'));
    try {
      const instance = await duckDb.DuckDBInstance.create(':memory:', {
        threads: THREADS,
        memory_limit: MEMORY_LIMIT,
        temp_directory: folder,
        preserve_insertion_order: 'false',
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
      });
      return new Database(duckDb, instance, await instance.connect(), folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Runs statements; arrays of text are lists. */
  async run(sql: string, values: Readonly<Record<string, Given>> = {}): Promise<void> {
    const bound = this.#bound(values);
    await this.#connection.run(sql, bound?.values, bound?.types);
  }

  /** The rows of a query. Whole numbers come as numbers, lists as arrays. */
  async all(sql: string, values: Readonly<Record<string, Given>> = {}): Promise<Row[]> {
    const bound = this.#bound(values);
    const reader = await this.#connection.runAndReadAll(sql, bound?.values, bound?.types);
    return reader.getRowObjectsJS().map((row) => {
      return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]));
    });
  }

  async one(sql: string, values: Readonly<Record<string, Given>> = {}): Promise<Row> {
    return (await this.all(sql, values))[0] ?? {};
  }

  async close(): Promise<void> {
    this.#connection.closeSync();
    this.#instance.closeSync();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #bound(values: Readonly<Record<string, Given>>): Bound | undefined {
    const { listValue, LIST, VARCHAR, BIGINT } = this.#duckDb;
    const bound: Record<string, DuckDBValue> = {};
    const types: Record<string, DuckDBType> = {};
    for (const [name, value] of Object.entries(values)) {
      if (typeof value === 'string') bound[name] = value;
      else if (typeof value === 'number') bound[name] = BigInt(Math.round(value));
      else bound[name] = value === null ? null : listValue(value);
      types[name] = typeof value === 'string' ? VARCHAR : Array.isArray(value) ? LIST(VARCHAR) : BIGINT;
    }
    return Object.keys(values).length === 0 ? undefined : { values: bound, types };
  }
}

interface Bound {
  readonly values: Record<string, DuckDBValue>;
  readonly types: Record<string, DuckDBType>;
}

/** A value for a query: text, a whole number, a list of texts, or no number. */
type Given = string | number | null | readonly string[];

function plain(value: unknown): Value {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  throw new SluiceError('INTERNAL', `a query gave a value of an unexpected kind: ${describeError(typeof value)}`);
}
