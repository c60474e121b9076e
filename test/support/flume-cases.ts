import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SampleEvent } from './batches.ts';

/** The events that went into a recorded case of Flume and the one file that came out. */
export interface RecordedFile {
  readonly events: readonly SampleEvent[];
  readonly bytes: Buffer;
  /** How many events Flume flushed at once. */
  readonly batchSize: number;
  /** Where the random sync marker stands first. */
  readonly syncAt: number | undefined;
}

/** @param name such as `hdfs/datastream` */
export function recordedFile(name: string): RecordedFile {
  const dir = fileURLToPath(new URL(`../fixtures/flume/${name}/`, import.meta.url));
  const events: SampleEvent[] = JSON.parse(readFileSync(`${dir}input/events.json`, 'utf8'));
  const file = readdirSync(`${dir}expected/files/out`).find((entry) => !entry.startsWith('.'));
  const conf = readFileSync(`${dir}flume.conf`, 'latin1');
  const files: { path: string; sync_at?: number }[] = JSON.parse(readFileSync(`${dir}expected/files.json`, 'utf8'));
  return {
    events,
    bytes: readFileSync(`${dir}expected/files/out/${file}`),
    batchSize: Number(/hdfs\.batchSize = (\d+)/.exec(conf)?.[1] ?? 100),
    syncAt: files.find((entry) => entry.sync_at !== undefined)?.sync_at,
  };
}

/** `bytes` with the random sync marker that stands at `at` replaced by zeros, wherever it stands. */
export function withoutSync(bytes: Buffer, at: number): Buffer {
  const sync = Buffer.from(bytes.subarray(at, at + 16));
  const out = Buffer.from(bytes);
  for (let i = out.indexOf(sync); i >= 0; i = out.indexOf(sync, i)) out.fill(0, i, i + 16);
  return out;
}
