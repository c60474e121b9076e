import type { LinePiece, LineRows } from '../event/line-splitter.ts';
import type { Receipt } from '../event/receipt.ts';

interface Entry {
  readonly receipt: Receipt;
  readonly piece: { readonly offset: number; readonly end: number };
  readonly starts: Uint32Array;
}

/** The batches of a file that are under way, in its order, and up to where its lines are durable. */
export class Ledger {
  #position: number;
  #entries: Entry[] = [];

  constructor(position: number) {
    this.#position = position;
  }

  /** A batch was accepted. */
  add(receipt: Receipt, piece: LinePiece, rows: LineRows): void {
    this.#entries.push({ receipt, piece: { offset: piece.offset, end: piece.end }, starts: rows.starts });
  }

  /** Lines without an event (all skipped) up to here. */
  skip(end: number): void {
    const last = this.#entries.at(-1);
    // Behind batches under way the next one covers it.
    if (last === undefined) this.#position = end;
  }

  /** The offset behind the last line of which all before, and itself, are durable. */
  get position(): number {
    const entries = this.#entries;
    let done = 0;
    while (done < entries.length && entries[done].receipt.settled) this.#position = entries[done++].piece.end;
    if (done > 0) this.#entries = entries.slice(done);
    const first = this.#entries[0];
    if (first === undefined) return this.#position;
    const low = first.receipt.lowWater;
    if (low > 0 && low < first.starts.length) return first.piece.offset + first.starts[low];
    return this.#position;
  }

  /** Whether nothing is under way. */
  get isSettled(): boolean {
    return this.#entries.every((entry) => entry.receipt.settled);
  }

  /** The file begins anew: what is under way says nothing about it any more. */
  reset(position: number): void {
    this.#position = position;
    this.#entries = [];
  }
}
