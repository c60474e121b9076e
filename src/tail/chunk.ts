import type { HeaderColumn } from '../event/header-columns.ts';
import type { LinePiece, LineRows } from '../event/line-splitter.ts';

/** Events made of a file's lines, in the order of their first lines, and where these stand in the file. */
export interface Chunk extends LineRows {
  /** Holds the bodies; `starts`, `ends` and `delimiter` are as in a batch. */
  readonly body: Buffer;
  /** What `places` count from: an offset in the file. */
  readonly offset: number;
  /** The offset where the next event begins. */
  readonly end: number;
  /** How far the first byte of each row's first line stands from `offset`; ascending. */
  readonly places: Uint32Array;
  /**
   * By row, and one more for `end`: the offset from which the file must be read so that this row and all behind it come out the same.
   * Before a row's place only where lines of different events lie among each other; without such rows there is none.
   */
  readonly resumes?: Float64Array;
  /** Columns of what the lines told beside the body. */
  readonly headers: readonly HeaderColumn[];
  /** Its last event ended because nothing came for some time: what is read again must be parted at `end` as well. */
  readonly endedByTime: boolean;
}

/** Makes events of the lines of one file. */
export interface Shaper {
  /** Takes the next lines. @returns what is complete; a chunk without rows tells that lines without events were passed */
  push(piece: LinePiece, rows: LineRows): Chunk[];
  /** Hands out what more lines could have belonged to. */
  flush(): Chunk[];
  /** Forgets what is held. Reading goes on elsewhere; `cuts` are offsets, ascending, where an event ended by time. */
  reset(cuts?: readonly number[]): void;
  /** Whether something is held. */
  readonly isHolding: boolean;
  /** The offset of the last line of the oldest event that is held, NaN without any: it moves when that event goes on. */
  readonly waitsAt: number;
}

/** No rows: lines up to `end` have no event. */
export function emptyChunk(end: number): Chunk {
  const none = new Uint32Array(0);
  return {
    body: Buffer.alloc(0),
    starts: none,
    ends: none,
    places: none,
    delimiter: -1,
    offset: end,
    end,
    headers: [],
    endedByTime: false,
  };
}
