import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describeError, fromSystemError, SluiceError } from '../errors.ts';

/*
 * The files of the agent's checkpoint: where every source stands, up to where every open file is durable, what is being renamed, all read in one go. Two files
 * in the state directory are written in turn, each as a whole:
 *
 *     sluice-checkpoint <version> <sequence> <bytes of the body> <CRC-32 of all three and the body, 8 hexadecimal digits>\n
 *     {"agent":…,"epoch":…,"parts":{"source.r1":…,"sink.k1":…}}
 *
 * The one with the higher sequence is the present one. A crash in the middle of a write leaves the other one whole, and nothing that had to wait for the new one
 * has happened then. What lies behind the body is left over from a longer one.
 */

const VERSION = 1;
const NAMES = ['checkpoint.0', 'checkpoint.1'] as const;

export interface CheckpointContent {
  /** The name of the agent that wrote it. */
  readonly agent: string;
  /** When that life of the agent began, in milliseconds since 1970; at least one more than the life's before. */
  readonly epoch: number;
  readonly parts: Readonly<Record<string, unknown>>;
}

/** What a checkpoint file holds. */
export type ReadCheckpoint =
  | { readonly path: string; readonly state: 'missing' }
  | { readonly path: string; readonly state: 'damaged'; readonly reason: string }
  | { readonly path: string; readonly state: 'sound'; readonly sequence: number; readonly content: CheckpointContent };

/** The path of the file that the checkpoint of this number goes to. */
export function checkpointPath(dir: string, sequence: number): string {
  return join(dir, NAMES[sequence % NAMES.length]!);
}

/** @param parts JSON of each part, by its name */
export function renderCheckpoint(
  agent: string,
  epoch: number,
  sequence: number,
  parts: Iterable<readonly [name: string, json: string]>,
): Buffer {
  const rendered = Array.from(parts, ([name, json]) => `${JSON.stringify(name)}:${json}`);
  const body = Buffer.from(
    `{"agent":${JSON.stringify(agent)},"epoch":${epoch},"parts":{\n${rendered.join(',\n')}\n}}\n`,
  );
  const head = `${VERSION} ${sequence} ${body.length}`;
  return Buffer.concat([Buffer.from(`sluice-checkpoint ${head} ${checksum(head, body)}\n`), body]);
}

/** Reads both files of a state directory, for the agent and for whoever wants to look. */
export function readCheckpoints(dir: string): Promise<ReadCheckpoint[]> {
  return Promise.all(NAMES.map((name) => readCheckpoint(join(dir, name))));
}

async function readCheckpoint(path: string): Promise<ReadCheckpoint> {
  const damaged = (reason: string): ReadCheckpoint => ({ path, state: 'damaged', reason });
  let bytes: Buffer;
  try {
    const handle = await open(path, 'r');
    try {
      bytes = await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { path, state: 'missing' };
    if (code === 'EACCES' || code === 'EPERM')
      throw new SluiceError('STATE_UNUSABLE', path, fromSystemError(error, `reading ${path}`));
    return damaged(`it cannot be read (${describeError(fromSystemError(error, path))})`);
  }
  const match = /^sluice-checkpoint (\d{1,9}) (\d{1,15}) (\d{1,12}) ([0-9a-f]{8})\n/.exec(
    bytes.toString('latin1', 0, 80),
  );
  if (match === null) return damaged('it is damaged (its first line is none of a checkpoint)');
  const [line, version, sequence, length, sum] = match;
  const body = bytes.subarray(line.length, line.length + Number(length));
  const head = `${version} ${sequence} ${length}`;
  if (body.length < Number(length)) return damaged(`it is cut off (${body.length} of ${length} bytes)`);
  if (checksum(head, body) !== sum) return damaged('it is damaged (its checksum is wrong)');
  if (Number(version) > VERSION) {
    return damaged(`a later version of Sluice wrote it (format ${version}, this one knows ${VERSION})`);
  }
  const content = parse(body.toString());
  if (content === undefined) return damaged('it is damaged (its content is not that of a checkpoint)');
  return { path, state: 'sound', sequence: Number(sequence), content };
}

function parse(text: string): CheckpointContent | undefined {
  try {
    const { agent, epoch, parts } = JSON.parse(text) as Partial<Record<keyof CheckpointContent, unknown>>;
    if (typeof agent !== 'string' || typeof epoch !== 'number' || !Number.isSafeInteger(epoch)) return undefined;
    if (typeof parts !== 'object' || parts === null || Array.isArray(parts)) return undefined;
    return { agent, epoch, parts: parts as CheckpointContent['parts'] };
  } catch {
    return undefined;
  }
}

function checksum(head: string, body: Buffer): string {
  return crc32(body, crc32(`${head}\n`))
    .toString(16)
    .padStart(8, '0');
}
