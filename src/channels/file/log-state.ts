import type { Ranges } from '../../component/checkpoint.ts';

/*
 * The channel's part in the agent's checkpoint. It is what counts at a start: the positions of the sources and the lengths of the sinks' files that lie
 * beside it are of the same moment.
 */

/** What the agent's checkpoint says of a log. */
export interface LogState {
  /** The log that this is about; see segment.ts. */
  readonly log: string;
  /** For people. */
  readonly checkpointDir: string;
  readonly dataDirs: readonly string[];
  /** All rows before it are durable here, and their sources know. */
  readonly putMark: number;
  /** The committed rows: all below `low`, and the ranges above it. */
  readonly low: number;
  readonly above: Ranges;
  /** Rows that are queued. */
  readonly size: number;
  /** Every record of a row from `putMark` on lies in this segment behind `length`, or in a later one. */
  readonly segment: number;
  readonly length: number;
}

/** A part as it was found; `undefined` when it is none. */
export function parseLogState(saved: unknown): LogState | undefined {
  if (typeof saved !== 'object' || saved === null) return undefined;
  const { log, checkpointDir, dataDirs, putMark, low, above, size, segment, length } = saved as Partial<LogState>;
  const counts = [putMark, low, size, segment, length];
  if (typeof log !== 'string' || typeof checkpointDir !== 'string') return undefined;
  if (!Array.isArray(dataDirs) || !counts.every(isCount) || !Array.isArray(above)) return undefined;
  let last = low!;
  for (const row of above as readonly unknown[]) {
    if (!isCount(row) || row <= last) return undefined;
    last = row;
  }
  return above.length % 2 === 0 ? (saved as LogState) : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
