import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { readContainer } from '../support/avro-container.ts';
import { readSequenceFile } from '../support/sequence-file.ts';
import type { OutputFile } from './verdict.ts';

/**
 * The lines of a file.
 * @param lenient it may still be written: what cannot be read yet is left out
 */
export type Reader = (bytes: Buffer, lenient: boolean) => string[];

/** How files are read, each by other code than wrote them. */
export const READERS = {
  text: (bytes: Buffer, lenient: boolean) => splitText(bytes, lenient),
  gzip: (bytes: Buffer, lenient: boolean) => {
    if (bytes.length === 0) return [];
    return splitText(gunzipSync(bytes, lenient ? { finishFlush: constants.Z_SYNC_FLUSH } : {}), lenient);
  },
  zstd: (bytes: Buffer, lenient: boolean) => {
    const { stdout, stderr, status } = spawnSync('zstd', ['-dc'], { input: bytes, maxBuffer: 1 << 30 });
    if (status !== 0 && !lenient) throw new Error(`zstd -dc: ${stderr}`);
    return splitText(stdout, lenient);
  },
  sequence: (bytes: Buffer) => readSequenceFile(bytes).records.map(({ body }) => body.toString()),
  avro: (bytes: Buffer) =>
    readContainer(bytes)
      .blocks.flat()
      .map((record) => (record as { body: Buffer }).body.toString()),
} satisfies Record<string, Reader>;

function splitText(bytes: Buffer, lenient: boolean): string[] {
  const lines = bytes.toString().split('\n');
  const rest = lines.pop();
  // Shown as a line that nobody wrote.
  if (!lenient && rest !== '' && rest !== undefined) lines.push(rest);
  return lines;
}

/** A file of an output, to be read when it is needed. */
export interface ListedFile {
  readonly name: string;
  readonly size: number;
  read(): Promise<Buffer>;
}

/** Lists the files below a folder of this machine. */
export async function listFolder(dir: string): Promise<ListedFile[]> {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      return { name: relative(dir, path), size, read: async () => readFileSync(path) };
    });
}

/** Reads every file that is there; with `lenient`, also what is in use, as far as it can be read. */
export async function readBack(
  list: readonly ListedFile[],
  reader: Reader,
  isForeign: (name: string) => boolean,
  lenient: boolean,
): Promise<OutputFile[]> {
  const files: OutputFile[] = [];
  for (const { name, read } of list) {
    if (isForeign(name)) continue;
    try {
      files.push({ name, lines: reader(await read(), lenient) });
    } catch (error) {
      if (!lenient) throw new Error(`${name} cannot be read`, { cause: error });
    }
  }
  return files;
}
