import type { LinePiece, LineRows } from '../event/line-splitter.ts';

/** So many NULs at the beginning of a line were not written by anybody: they are what a file system fills a hole with. */
const LEAST = 16;

/**
 * Leaves out the holes before lines: a file that was cut while its writer kept its offset begins with one, and one that was open when the power
 * failed has one in the middle. Fewer NULs belong to the line, as with Flume.
 */
export function withoutHoles(piece: LinePiece, rows: LineRows): LineRows {
  const { bytes } = piece;
  const { starts, ends } = rows;
  // 15 us for a megabyte; a look at the first byte of each line of 20 bytes takes 130.
  if (!bytes.includes(0)) return rows;
  const left: number[] = [];
  const leftEnds: number[] = [];
  for (let row = 0; row < starts.length; row++) {
    const hole = holeAt(bytes, starts[row], ends[row]);
    if (hole > 0 && starts[row] + hole === ends[row]) continue;
    left.push(starts[row] + hole);
    leftEnds.push(ends[row]);
  }
  if (left.length === starts.length && left.every((start, row) => start === starts[row])) return rows;
  return { starts: Uint32Array.from(left), ends: Uint32Array.from(leftEnds), delimiter: -1 };
}

/** How many NULs begin these bytes; 0 when they are no hole. */
export function holeAt(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] === 0) at++;
  return at - start < LEAST ? 0 : at - start;
}
