import { type HeaderColumn, parseWhole } from '../event/header-columns.ts';

/** A time takes this many bytes: its length, then its characters. The longest of RFC 3339 has 35. */
export const TIME_SLOT = 40;

/** Times as a log tells them, one a row; a string is made of one only when somebody asks. */
export class TimeColumn implements HeaderColumn {
  readonly name: string;
  readonly constant = undefined;
  readonly #slots: Buffer;

  constructor(name: string, slots: Buffer) {
    this.name = name;
    this.#slots = slots;
  }

  value(row: number): string | undefined {
    const at = row * TIME_SLOT;
    const length = this.#slots[at]!;
    return length === 0 ? undefined : this.#slots.toString('latin1', at + 1, at + 1 + length);
  }

  number(row: number): number {
    return parseWhole(this.value(row));
  }

  slice(from: number, to: number): HeaderColumn {
    return new TimeColumn(this.name, this.#slots.subarray(from * TIME_SLOT, to * TIME_SLOT));
  }

  select(rows: Uint32Array): HeaderColumn {
    const slots = Buffer.allocUnsafeSlow(rows.length * TIME_SLOT);
    for (let i = 0; i < rows.length; i++) {
      this.#slots.copy(slots, i * TIME_SLOT, rows[i]! * TIME_SLOT, (rows[i]! + 1) * TIME_SLOT);
    }
    return new TimeColumn(this.name, slots);
  }
}
