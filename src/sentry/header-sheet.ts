import type { EventBatch } from '../event/event-batch.ts';
import { ConstantColumn, type HeaderColumn, NumberColumn, TextColumn } from '../event/header-columns.ts';
import type { BodyFacts } from './body-facts.ts';
import { HEADER } from './headers.ts';

const TEXTS: readonly (readonly [name: string, of: keyof BodyFacts])[] = [
  [HEADER.itemType, 'itemType'],
  [HEADER.eventId, 'eventId'],
  [HEADER.projectId, 'projectId'],
  [HEADER.platform, 'platform'],
  [HEADER.level, 'level'],
  [HEADER.release, 'release'],
  [HEADER.environment, 'environment'],
  [HEADER.sdk, 'sdk'],
  [HEADER.hash, 'hash'],
  [HEADER.issueId, 'issueId'],
  [HEADER.format, 'format'],
];

/** The headers of a batch while its bodies are read: an array a header, not an object an event. */
export class HeaderSheet {
  readonly #rows: number;
  readonly #facts: (BodyFacts | undefined)[];
  readonly #status: (string | undefined)[];
  readonly #timestamps: Float64Array;
  readonly #received: Float64Array;

  constructor(rows: number) {
    this.#rows = rows;
    this.#facts = new Array(rows);
    this.#status = new Array(rows);
    this.#timestamps = new Float64Array(rows).fill(Number.NaN);
    this.#received = new Float64Array(rows).fill(Number.NaN);
  }

  /** What was read of a row; `undefined`: nothing could be. Times in ms since 1970, or NaN. */
  set(row: number, facts: BodyFacts | undefined, timestamp: number, received: number): void {
    this.#facts[row] = facts;
    this.#status[row] = facts === undefined ? 'unparsed' : 'ok';
    this.#timestamps[row] = timestamp;
    this.#received[row] = received;
  }

  /** The batch with these headers; what a row has already stays when `preserve`, and wherever there is nothing new. A time that is no number is none. */
  onto(batch: EventBatch, preserve: boolean): EventBatch {
    const columns = [...batch.headers];
    const put = (
      name: string,
      made: HeaderColumn | undefined,
      isThere: (column: HeaderColumn, row: number) => boolean,
    ) => {
      if (made === undefined) return;
      const at = columns.findIndex((column) => column.name === name);
      if (at < 0) columns.push(made);
      else columns[at] = merged(columns[at]!, made, this.#rows, preserve, isThere);
    };
    for (const [name, of] of TEXTS) {
      const values: (string | undefined)[] = new Array(this.#rows);
      for (let row = 0; row < this.#rows; row++) values[row] = this.#facts[row]?.[of] as string | undefined;
      put(name, textColumn(name, values), hasText);
    }
    put(HEADER.timestamp, numberColumn(HEADER.timestamp, this.#timestamps), hasNumber);
    put(HEADER.received, numberColumn(HEADER.received, this.#received), hasNumber);
    put(HEADER.status, textColumn(HEADER.status, this.#status), hasText);
    return batch.withHeaders(columns);
  }
}

const hasText = (column: HeaderColumn, row: number): boolean => column.value(row) !== undefined;
const hasNumber = (column: HeaderColumn, row: number): boolean => !Number.isNaN(column.number(row));

/** One value where all rows agree; no column where none has one. */
function textColumn(name: string, values: readonly (string | undefined)[]): HeaderColumn | undefined {
  const first = values[0];
  for (let row = 1; row < values.length; row++) if (values[row] !== first) return new TextColumn(name, values);
  return first === undefined ? undefined : new ConstantColumn(name, first);
}

function numberColumn(name: string, values: Float64Array): HeaderColumn | undefined {
  const first = values[0]!;
  let differs = false;
  for (let row = 1; row < values.length && !differs; row++) differs = !Object.is(values[row], first);
  if (differs) return new NumberColumn(name, values);
  return Number.isNaN(first) ? undefined : new ConstantColumn(name, first.toFixed(0));
}

function merged(
  old: HeaderColumn,
  made: HeaderColumn,
  rows: number,
  preserve: boolean,
  isThere: (column: HeaderColumn, row: number) => boolean,
): HeaderColumn {
  const [first, second] = preserve ? [old, made] : [made, old];
  if (first.constant !== undefined && isThere(first, 0)) return first;
  const values: (string | undefined)[] = new Array(rows);
  for (let row = 0; row < rows; row++) values[row] = (isThere(first, row) ? first : second).value(row);
  return textColumn(old.name, values) ?? old;
}
