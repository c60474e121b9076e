/**
 * The headers of a batch, in columns: one object for each header name, not one for each event. A column holds either one value
 * for all rows (host, static, file), numbers (timestamp, byteoffset), or texts. A row without the header has `undefined`.
 */
export interface HeaderColumn {
  readonly name: string;
  /** The value of every row, when it is the same for all; else `undefined`. Such a column never splits a batch. */
  readonly constant: string | undefined;
  /** The value in a row. */
  value(row: number): string | undefined;
  /** The value as a whole number (milliseconds, offsets), or NaN when it is missing or none. No string is made where avoidable. */
  number(row: number): number;
  /** The rows `from` up to `to` (exclusive), sharing memory. */
  slice(from: number, to: number): HeaderColumn;
  /** The given rows only. */
  select(rows: Uint32Array): HeaderColumn;
}

/** A whole decimal number as Java's Long.parseLong reads it (ASCII digits, optional sign), else NaN. */
export function parseWhole(text: string | undefined): number {
  if (text === undefined || !/^[+-]?\d{1,19}$/.test(text)) return Number.NaN;
  return Number(text);
}

/** One value for all rows. */
export class ConstantColumn implements HeaderColumn {
  readonly name: string;
  readonly constant: string;
  readonly #number: number;

  constructor(name: string, value: string) {
    this.name = name;
    this.constant = value;
    this.#number = parseWhole(value);
  }

  value(): string {
    return this.constant;
  }

  number(): number {
    return this.#number;
  }

  slice(): HeaderColumn {
    return this;
  }

  select(): HeaderColumn {
    return this;
  }
}

/** Whole numbers, one a row; turned into text only when somebody asks. NaN stands for "no such header in this row". */
export class NumberColumn implements HeaderColumn {
  readonly name: string;
  readonly constant = undefined;
  readonly #values: Float64Array;

  constructor(name: string, values: Float64Array) {
    this.name = name;
    this.#values = values;
  }

  value(row: number): string | undefined {
    const value = this.#values[row]!;
    return Number.isNaN(value) ? undefined : value.toFixed(0);
  }

  number(row: number): number {
    return this.#values[row]!;
  }

  slice(from: number, to: number): HeaderColumn {
    return new NumberColumn(this.name, this.#values.subarray(from, to));
  }

  select(rows: Uint32Array): HeaderColumn {
    const picked = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) picked[i] = this.#values[rows[i]!]!;
    return new NumberColumn(this.name, picked);
  }
}

/** Texts, one a row. */
export class TextColumn implements HeaderColumn {
  readonly name: string;
  readonly constant = undefined;
  readonly #values: readonly (string | undefined)[];
  readonly #offset: number;

  constructor(name: string, values: readonly (string | undefined)[], offset = 0) {
    this.name = name;
    this.#values = values;
    this.#offset = offset;
  }

  value(row: number): string | undefined {
    return this.#values[this.#offset + row];
  }

  number(row: number): number {
    return parseWhole(this.value(row));
  }

  slice(from: number, _to: number): HeaderColumn {
    return new TextColumn(this.name, this.#values, this.#offset + from);
  }

  select(rows: Uint32Array): HeaderColumn {
    const picked: (string | undefined)[] = new Array(rows.length);
    for (let i = 0; i < rows.length; i++) picked[i] = this.value(rows[i]!);
    return new TextColumn(this.name, picked);
  }
}
