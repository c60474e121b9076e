import type { ColumnName, SentryRow } from '../columns.ts';
import { hexId } from '../event/fields.ts';
import { firstLine, LIMITS, trim } from '../event/trim.ts';
import { anyText } from '../payload.ts';

/** A row while it is filled. */
export type OpenRow = { -readonly [name in ColumnName]?: string | undefined };

/** A line that was read. */
export interface LogLine {
  /** Microseconds since 1970, or NaN. */
  readonly time: number;
  readonly row: OpenRow;
}

/** So many pairs of a line become tags. */
const MOST_TAGS = 1000;

const PROJECT_ID = /^[1-9]\d{0,19}$/;
const NUMBER = /^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Pairs that are columns, and how they are read; what is not like it stays a tag. */
const COLUMN_PAIRS: ReadonlyMap<
  string,
  { readonly column: ColumnName; readonly read?: (value: string) => string | undefined }
> = new Map([
  ['event_id', { column: 'event_id', read: hexId }],
  ['project_id', { column: 'project_id', read: (value: string) => (PROJECT_ID.test(value) ? value : undefined) }],
  ['user_id', { column: 'user_id' }],
  ['view', { column: 'transaction' }],
  ['taskname', { column: 'transaction' }],
  [
    'request_duration_seconds',
    { column: 'duration', read: (value: string) => (NUMBER.test(value) ? value : undefined) },
  ],
]);

/** The names and values that a line gives: some are columns, the rest are tags. The first of a name counts. */
export class Pairs {
  readonly #row: OpenRow;
  readonly #tags = new Map<string, string>();

  constructor(row: OpenRow) {
    this.#row = row;
  }

  add(name: string, value: string): void {
    // Sentry's access log writes what it does not know so, in quotes.
    const isNothing = value === 'None' || value === '';
    if (!this.#isColumn(name, value, isNothing)) this.tag(name, value);
  }

  #isColumn(name: string, value: string, isNothing: boolean): boolean {
    const known = COLUMN_PAIRS.get(name);
    if (known === undefined) return false;
    if (isNothing) return true;
    const text = known.read === undefined ? value : known.read(value);
    if (text === undefined) return false;
    this.#row[known.column] ??= text;
    return this.#row[known.column] === text;
  }

  /** A value of JSON: lists and objects become its text; null is none. */
  addValue(name: string, value: unknown): void {
    // As Python writes them, and as tags of events are.
    const text = value === true ? 'True' : value === false ? 'False' : anyText(value);
    if (text !== undefined) this.add(name, text);
  }

  tag(name: string, value: string): void {
    // Lone surrogates are no JSON to most readers.
    const key = name.toWellFormed();
    if (this.#tags.size < MOST_TAGS && !this.#tags.has(key)) this.#tags.set(key, value);
  }

  /** Writes the tags into the row. */
  close(): void {
    if (this.#tags.size === 0) return;
    let json = '';
    // By hand: of an object `__proto__` and names that are numbers would not come as they are.
    for (const [name, value] of this.#tags) {
      json += `${json === '' ? '{' : ','}${JSON.stringify(name)}:${JSON.stringify(value.toWellFormed())}`;
    }
    this.#row.tags = `${json}}`;
  }
}

/** Type and first line of the text, else the first line of the message. */
export function titleOf({ type, value, message }: SentryRow): string | undefined {
  if (type === undefined) return message === undefined ? undefined : trim(firstLine(message), LIMITS.title);
  return trim(value === undefined ? type : `${type}: ${firstLine(value)}`, LIMITS.title);
}
