/*
 * The parts of a checkpoint as verification needs them: read with tolerance, since a part may be of a later version or of a component that this one does
 * not know. `undefined` where a part is none of the kind.
 */

/** A file that a source tails. */
export interface SavedInput {
  readonly path: string;
  /** `device:inode`. */
  readonly id?: string;
  /** All lines before it are delivered. */
  readonly position: number;
  /** Bytes behind the position that are durable on some ways already. */
  readonly ahead: number;
  /** The size up to which it was read, if that is known. */
  readonly size?: number;
}

/** A file that a sink has not finished. */
export interface SavedOutput {
  /** The URL of its file system. */
  readonly fs: string;
  readonly path: string;
  readonly target: string;
  readonly id?: string;
  readonly state: string;
  readonly length: number;
  readonly rows: number;
}

/** What a file channel says of itself. */
export interface SavedChannel {
  readonly checkpointDir: string;
  readonly dataDirs: readonly string[];
  readonly queued: number;
}

export function savedInputs(saved: unknown): SavedInput[] | undefined {
  return filesIn(saved)?.flatMap(({ path, id, pos, size, settled }) => {
    if (typeof path !== 'string' || !isCount(pos)) return [];
    return [
      { path, id: text(id), position: pos, size: isCount(size) ? size : undefined, ahead: settledBytes(settled) },
    ];
  });
}

export function savedOutputs(saved: unknown): SavedOutput[] | undefined {
  return filesIn(saved)?.flatMap(({ fs, path, target, id, state, length, rows }) => {
    if (typeof path !== 'string' || typeof state !== 'string' || !isCount(length)) return [];
    const output = { fs: text(fs) ?? 'file:///', path, target: text(target) ?? path, id: text(id) };
    return [{ ...output, state, length, rows: isCount(rows) ? rows : 0 }];
  });
}

export function savedChannel(saved: unknown): SavedChannel | undefined {
  if (!isRecord(saved)) return undefined;
  const { checkpointDir, dataDirs, size } = saved;
  if (typeof checkpointDir !== 'string' || !Array.isArray(dataDirs)) return undefined;
  return {
    checkpointDir,
    dataDirs: (dataDirs as unknown[]).filter((dir) => typeof dir === 'string'),
    queued: isCount(size) ? size : 0,
  };
}

/** How many events a channel's part says are queued. */
export function queuedIn(saved: unknown): number | undefined {
  return savedChannel(saved)?.queued;
}

/** The most that is settled on one way; ranges stand as steps: from, to, from, to, … */
function settledBytes(settled: unknown): number {
  let most = 0;
  for (const steps of isRecord(settled) ? Object.values(settled) : []) {
    if (!Array.isArray(steps)) continue;
    let sum = 0;
    for (let i = 1; i < steps.length; i += 2) sum += isCount(steps[i]) ? (steps[i] as number) : 0;
    most = Math.max(most, sum);
  }
  return most;
}

function filesIn(saved: unknown): Record<string, unknown>[] | undefined {
  if (!isRecord(saved) || !Array.isArray(saved['files'])) return undefined;
  return (saved['files'] as unknown[]).filter(isRecord);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
