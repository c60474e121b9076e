import { readFile, stat } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { fromSystemError, SluiceError } from '../errors.ts';
import { explainEvent } from './explained.ts';
import { readEvents } from './read-events.ts';
import { renderExplained } from './render.ts';

/** A file is read at once. */
const LARGEST_FILE = 256 << 20;

/** More are counted. */
const MOST_PROBLEMS = 20;

export interface ExplainStreams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/**
 * Says of each event of a file why it belongs to its issue, on `stdout`; what cannot be read is said on `stderr`.
 * @param what `file`: a path, or `-` for `stdin`
 * @returns `unread`: whether something could not be read
 * @throws SluiceError when there is no such file, or none that can be read
 */
export async function explainFile(
  { file, json }: { readonly file: string; readonly json: boolean },
  { stdin, stdout, stderr }: ExplainStreams,
): Promise<{ readonly unread: boolean }> {
  // Who reads no more (`| head`) has seen enough.
  stdout.on('error', () => {});
  const name = file === '-' ? 'the standard input' : file;
  const bytes = file === '-' ? await readAll(stdin) : await readOne(file);
  let problems = 0;
  let events = 0;
  const named = (place: string): string => (place === '' ? name : `${name}, ${place}`);
  readEvents(bytes, {
    event: ({ payload, place, eventId }) => {
      const explained = explainEvent(payload, place, eventId);
      if (json) stdout.write(`${JSON.stringify(explained)}\n`);
      else stdout.write(`${events === 0 ? '' : '\n'}${named(place)}\n${renderExplained(explained)}\n`);
      events++;
    },
    problem: (place, text) => {
      problems++;
      if (problems <= MOST_PROBLEMS) stderr.write(`sluice: ${named(place)}: ${text}\n`);
    },
    note: (place, text) => {
      stderr.write(`${named(place)}: ${text}\n`);
    },
  });
  if (problems > MOST_PROBLEMS) stderr.write(`sluice: ${name}: ${problems - MOST_PROBLEMS} more could not be read.\n`);
  if (events > 0 || problems > 0) return { unread: problems > 0 };
  stderr.write(`sluice: ${name}: there is no event in it that is grouped.\n`);
  return { unread: true };
}

async function readOne(file: string): Promise<Buffer> {
  try {
    const stats = await stat(file);
    if (stats.isDirectory()) throw new SluiceError('USAGE', `${file} is a directory; name a file`);
    if (stats.size > LARGEST_FILE) throw tooLarge(file);
    return await readFile(file);
  } catch (error) {
    throw fromSystemError(error, file);
  }
}

async function readAll(stream: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of stream) {
    pieces.push(piece as Buffer);
    length += (piece as Buffer).length;
    if (length > LARGEST_FILE) throw tooLarge('the standard input');
  }
  return Buffer.concat(pieces, length);
}

function tooLarge(what: string): SluiceError {
  return new SluiceError(
    'TOO_LARGE',
    `${what} has more than ${LARGEST_FILE >> 20} MiB; give a part of it (head, split)`,
  );
}
