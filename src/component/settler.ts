/**
 * Takes note that single rows of a delivery are durable, before the delivery as a whole is. A sink that writes files calls it in the very tick in which the
 * recorded length of the file grows: a checkpoint may be taken at any moment in between two ticks, and must find both or neither.
 */
export interface Settler {
  /** Rows `from` up to `to` of the batch are durable. Doing it twice does no harm. */
  settle(from: number, to: number): void;
  /** These rows of the batch are durable; ascending. */
  settleRows(rows: Uint32Array): void;
}

/** For rows that are not settled one by one. */
export const noSettler: Settler = { settle: () => {}, settleRows: () => {} };
