import { SluiceError } from '../../errors.ts';
import { ConstantColumn, type HeaderColumn } from '../../event/header-columns.ts';
import { ABSENT, SliceColumn } from '../slice-column.ts';
import { Cursor } from './cursor.ts';

/** The header blocks of a request: `starts[i]` is where the block of the rows from `rows[i]` on lies. */
export interface HeaderBlocks {
  readonly rows: number[];
  readonly starts: number[];
}

/** Values of all columns that a request may make: a bound for what a hostile one can allocate (8 bytes each). */
const MAX_VALUES = 8 << 20;
/** Different headers in one request: the same bound for their names. */
const MAX_COLUMNS = 4096;

/** Turns header blocks into columns: a constant where every row has the same value, else slices of `bytes`. */
export function decodeHeaders(bytes: Buffer, blocks: HeaderBlocks, rows: number): readonly HeaderColumn[] {
  if (rows === 0) return [];
  const columns = new Columns(bytes, rows);
  for (let i = 0; i < blocks.rows.length; i++) {
    const first = blocks.rows[i]!;
    columns.readBlock(blocks.starts[i]!, first, blocks.rows[i + 1] ?? rows);
  }
  return columns.list.map((column) => column.finish());
}

class Columns {
  readonly list: ColumnBuilder[] = [];
  readonly #bytes: Buffer;
  readonly #rows: number;
  readonly #cursor: Cursor;
  /** By the bytes of the name, as Latin-1. Asked only for a name out of turn. */
  readonly #byName = new Map<string, ColumnBuilder>();
  /** Rows that columns with a value for each row hold. */
  #values = 0;

  constructor(bytes: Buffer, rows: number) {
    this.#bytes = bytes;
    this.#rows = rows;
    this.#cursor = new Cursor(bytes);
  }

  /** Reads the block at `at`, which is that of rows `from` up to `to`. */
  readBlock(at: number, from: number, to: number): void {
    const cursor = this.#cursor;
    cursor.at = at;
    let turn = 0;
    for (let count = cursor.block(2); count !== 0; count = cursor.block(2)) {
      for (let i = 0; i < count; i++) {
        const nameLength = cursor.skipBytes();
        const nameEnd = cursor.at;
        const valueLength = cursor.skipBytes();
        const valueEnd = cursor.at;
        // Senders keep the order of their headers from event to event: the next column is nearly always the right one.
        let column = this.list[turn];
        if (column === undefined || !column.isNamed(this.#bytes, nameEnd - nameLength, nameEnd)) {
          column = this.#find(nameEnd - nameLength, nameEnd);
        }
        turn = column.index + 1;
        column.put(from, to, valueEnd - valueLength, valueEnd);
      }
    }
  }

  #find(from: number, to: number): ColumnBuilder {
    const key = this.#bytes.toString('latin1', from, to);
    let column = this.#byName.get(key);
    if (column === undefined) {
      if (this.list.length === MAX_COLUMNS) throw this.#tooMany();
      column = new ColumnBuilder(this.#bytes, this.list.length, from, to, this.#rows, () => this.#account());
      this.#byName.set(key, column);
      this.list.push(column);
    }
    return column;
  }

  /** Called before the values of a column are allocated. */
  #account(): void {
    this.#values += this.#rows;
    if (this.#values > MAX_VALUES && this.#values > this.#rows) throw this.#tooMany();
  }

  #tooMany(): SluiceError {
    return new SluiceError('TOO_LARGE', `a request of ${this.#rows} events with over ${this.list.length - 1} headers`);
  }
}

/** A column while it is read: one value until a row has another one or none. */
class ColumnBuilder {
  readonly index: number;
  readonly #bytes: Buffer;
  readonly #nameFrom: number;
  readonly #nameTo: number;
  readonly #rows: number;
  readonly #account: () => void;
  /** The value while there is only one: rows up to `#until`, without a gap. */
  #start = 0;
  #end = 0;
  #until = 0;
  #starts: Uint32Array | undefined;
  #ends: Uint32Array | undefined;

  constructor(bytes: Buffer, index: number, nameFrom: number, nameTo: number, rows: number, account: () => void) {
    this.#bytes = bytes;
    this.#account = account;
    this.index = index;
    this.#nameFrom = nameFrom;
    this.#nameTo = nameTo;
    this.#rows = rows;
  }

  isNamed(bytes: Buffer, from: number, to: number): boolean {
    return sameBytes(bytes, this.#nameFrom, this.#nameTo, from, to);
  }

  /** Gives rows `from` up to `to` a value; a later one of the same name wins. */
  put(from: number, to: number, start: number, end: number): void {
    if (this.#starts === undefined) {
      const first = this.#until === 0 && from === 0;
      if (first || (this.#until >= from && sameBytes(this.#bytes, this.#start, this.#end, start, end))) {
        if (first) {
          this.#start = start;
          this.#end = end;
        }
        this.#until = to;
        return;
      }
      this.#spread();
    }
    this.#fill(from, to, start, end);
  }

  #spread(): void {
    this.#account();
    this.#starts = new Uint32Array(this.#rows).fill(ABSENT);
    this.#ends = new Uint32Array(this.#rows);
    this.#fill(0, this.#until, this.#start, this.#end);
  }

  #fill(from: number, to: number, start: number, end: number): void {
    for (let row = from; row < to; row++) {
      this.#starts![row] = start;
      this.#ends![row] = end;
    }
  }

  finish(): HeaderColumn {
    const name = this.#bytes.toString('utf8', this.#nameFrom, this.#nameTo);
    if (this.#starts === undefined) {
      if (this.#until === this.#rows)
        return new ConstantColumn(name, this.#bytes.toString('utf8', this.#start, this.#end));
      this.#spread();
    }
    return new SliceColumn(name, this.#bytes, this.#starts!, this.#ends!);
  }
}

function sameBytes(bytes: Buffer, aFrom: number, aTo: number, bFrom: number, bTo: number): boolean {
  if (aTo - aFrom !== bTo - bFrom) return false;
  for (let a = aFrom, b = bFrom; a < aTo; a++, b++) if (bytes[a] !== bytes[b]) return false;
  return true;
}
