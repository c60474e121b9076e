import type { Delivery } from '../../../src/component/channel.ts';
import type { ReceiptLeg } from '../../../src/event/receipt.ts';
import { rowsOf } from '../../support/batches.ts';
import { TestCheckpoint } from '../../support/checkpoint.ts';

/** What the sources and the sinks know at a moment: lines by their numbers. */
export interface Known {
  /** Lines that are settled in their legs: their sources do not send them again. */
  readonly settled: ReadonlySet<number>;
  /** Lines that are durable at the sink. */
  readonly committed: ReadonlySet<number>;
}

interface Line {
  readonly replays: boolean;
  /** It never comes again: its source sends it again under another number, or it did not reach the disk. */
  gone: boolean;
}

/** What a channel must give after a crash: lines are numbers, in the order of the puts. */
export class Model {
  readonly lines: Line[] = [];
  #settled = new Set<number>();
  #committed = new Set<number>();
  #puts: { readonly from: number; readonly leg: ReceiptLeg }[] = [];

  /** Makes up lines that are put. */
  put(count: number, replays: boolean): number[] {
    const from = this.lines.length;
    for (let i = 0; i < count; i++) this.lines.push({ replays, gone: false });
    return Array.from({ length: count }, (_, i) => from + i);
  }

  follow(from: number, leg: ReceiptLeg): void {
    this.#puts.push({ from, leg });
  }

  commit(lines: readonly number[]): void {
    for (const line of lines) this.#committed.add(line);
  }

  isCommitted(line: number): boolean {
    return this.#committed.has(line);
  }

  get known(): Known {
    const settled = new Set(this.#settled);
    for (const { from, leg } of this.#puts) {
      for (let row = 0; row < leg.rows; row++) settled.add(from + row);
      const open = leg.unsettledSourceRanges;
      for (let i = 0; i < open.length; i += 2) {
        for (let row = open[i]!; row < open[i + 1]!; row++) settled.delete(from + row);
      }
    }
    return { settled, committed: new Set(this.#committed) };
  }

  /**
   * What a channel gives that was killed when sources and sinks knew `now`, and is started with the checkpoint that was taken when they knew `then`. `may`: lines that
   * were being written.
   */
  after(then: Known, now: Known): { must: number[]; may: number[] } {
    const must: number[] = [];
    const may: number[] = [];
    for (const [line, { replays, gone }] of this.lines.entries()) {
      if (gone || then.committed.has(line)) continue;
      if (then.settled.has(line)) must.push(line);
      else if (replays) continue;
      else if (now.settled.has(line)) must.push(line);
      else may.push(line);
    }
    return { must, may };
  }

  /** Goes on after a crash with what was seen then. */
  restart(then: Known, now: Known, seen: readonly number[]): void {
    const isSeen = new Set(seen);
    this.#puts = [];
    this.#committed = new Set(then.committed);
    this.#settled = new Set(then.settled);
    for (const [line, state] of this.lines.entries()) {
      if (then.settled.has(line)) continue;
      if (state.replays || !(isSeen.has(line) || now.settled.has(line))) state.gone = true;
      else this.#settled.add(line);
    }
  }
}

/** A checkpoint that keeps all that were taken, and what was known then. */
export class History extends TestCheckpoint {
  readonly taken: { readonly saved: unknown; readonly known: Known }[];
  readonly #model: Model;

  constructor(model: Model, taken: History['taken']) {
    super(taken.at(-1)?.saved);
    this.#model = model;
    this.taken = [...taken];
  }

  override take(): unknown {
    const saved = super.take();
    this.taken.push({ saved, known: this.#model.known });
    return saved;
  }
}

export function linesOf({ batch }: Delivery): number[] {
  return rowsOf(batch).map(({ body }) => Number(body));
}
