import { closeSync, existsSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Random } from './random.ts';

/*
 * What an application would write: files that grow and are rotated by renaming. A line tells which it is and whether it is whole:
 *
 *     <stream>.<generation> <number> <filling> <CRC-32 of all before, 8 hexadecimal digits>
 *
 * A generation is one file (one inode), under whatever name; its lines are numbered from 0.
 */

export interface LoadSpec {
  readonly dir: string;
  /** Each is a file `STREAM.log`. */
  readonly streams: readonly string[];
  readonly random: Random;
  /** Of all streams together. */
  readonly linesPerSecond?: number;
  /** Milliseconds from one rotation of a stream to its next, about; 0: none. */
  readonly rotateMs?: number;
  /** `dated`: a name of its own for each; `chain`: `.1` is the youngest, all others move up. Default: drawn for each stream. */
  readonly naming?: 'dated' | 'chain';
  /** Whether files may be rotated now. */
  readonly mayRotate?: () => boolean;
  /** The longest filling of the odd line; default 6000. */
  readonly longest?: number;
}

const TICK_MS = 10;
const LINE = /^([a-z]+\.\d+) (\d+) .* ([0-9a-f]{8})$/s;
const FILLING =
  '{"level":"warn","message":"ошибка in the handler — retried","trace":"0123456789abcdef0123456789abcdef"}, ';

/** A line of the load, read back. */
export interface ParsedLine {
  readonly generation: string;
  readonly number: number;
}

/** What a line is; `undefined` for one that the load has not written so. */
export function parseLine(line: string): ParsedLine | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  if (checksum(line.slice(0, -9)) !== match[3]) return undefined;
  return { generation: match[1]!, number: Number(match[2]) };
}

/** A line, without its end. */
export function renderLine(generation: string, number: number, filling: string): string {
  const start = `${generation} ${number} ${filling}`;
  return `${start} ${checksum(start)}`;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

/** One stream: its file of now, and what of it is not written yet. */
class Stream {
  readonly name: string;
  readonly naming: 'dated' | 'chain';
  generation = 0;
  lines = 0;
  rotateAt = 0;
  /** The rest of a line whose beginning is written. */
  rest = Buffer.alloc(0);
  handle: number;

  constructor(name: string, naming: 'dated' | 'chain', handle: number) {
    this.name = name;
    this.naming = naming;
    this.handle = handle;
  }

  get key(): string {
    return `${this.name}.${this.generation}`;
  }
}

/** Writes lines to files at a bounded pace, in this process, until it is stopped. */
export class Load {
  readonly #spec: LoadSpec;
  readonly #streams: Stream[];
  /** How many whole lines each generation has. */
  readonly written = new Map<string, number>();
  rotations = 0;
  #timer: NodeJS.Timeout | undefined;
  #last = 0;
  #owed = 0;

  constructor(spec: LoadSpec) {
    this.#spec = spec;
    this.#streams = spec.streams.map(
      (name) => new Stream(name, spec.naming ?? spec.random.pick(['dated', 'chain']), this.#open(name)),
    );
    for (const stream of this.#streams) this.#planRotation(stream, performance.now());
  }

  get lines(): number {
    let lines = 0;
    for (const count of this.written.values()) lines += count;
    return lines;
  }

  start(): void {
    this.#last = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Completes the lines that are begun, and writes no more. Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
    for (const stream of this.#streams.splice(0)) {
      this.#flush(stream);
      closeSync(stream.handle);
    }
  }

  /** Writes so many lines to one stream now. */
  write(name: string, lines: number): void {
    const stream = this.#streams.find((candidate) => candidate.name === name)!;
    this.#flush(stream);
    this.#append(stream, lines, false);
  }

  #open(name: string): number {
    return openSync(join(this.#spec.dir, `${name}.log`), 'a', 0o644);
  }

  #tick(): void {
    const { random, linesPerSecond = 3000 } = this.#spec;
    const now = performance.now();
    // After a long wait of this process it does not make up for all of it.
    this.#owed += (Math.min(now - this.#last, 100) / 1000) * linesPerSecond;
    this.#last = now;
    for (const stream of this.#streams) {
      const share = this.#owed / this.#streams.length;
      // In bursts: now nothing, now three times as much.
      const lines = random.chance(0.3) ? Math.min(Math.floor(share * random.between(1, 3)), 500) : 0;
      this.#owed -= lines;
      if (lines > 0) this.#append(stream, lines, random.chance(0.3));
      if (now >= stream.rotateAt) this.#rotate(stream, now);
    }
  }

  #append(stream: Stream, lines: number, inPieces: boolean): void {
    const { random, longest = 6000 } = this.#spec;
    const texts: string[] = [];
    for (let i = 0; i < lines; i++) {
      const length = random.chance(0.01) ? random.between(0, longest) : random.between(0, 150);
      const filling = FILLING.repeat(Math.ceil(length / FILLING.length)).slice(0, length);
      texts.push(`${renderLine(stream.key, stream.lines++, filling)}\n`);
    }
    const bytes = Buffer.concat([stream.rest, Buffer.from(texts.join(''))]);
    this.written.set(stream.key, stream.lines);
    const cut = inPieces ? bytes.length - random.between(0, Math.min(40, bytes.length)) : bytes.length;
    write(stream.handle, bytes.subarray(0, cut));
    stream.rest = bytes.subarray(cut);
  }

  #flush(stream: Stream): void {
    write(stream.handle, stream.rest);
    stream.rest = Buffer.alloc(0);
  }

  #planRotation(stream: Stream, now: number): void {
    const { rotateMs = 0, random } = this.#spec;
    stream.rotateAt = rotateMs === 0 ? Number.POSITIVE_INFINITY : now + rotateMs * (0.5 + random.next());
  }

  #rotate(stream: Stream, now: number): void {
    const { random, mayRotate } = this.#spec;
    if (stream.lines === 0 || mayRotate?.() === false) return;
    this.rotations++;
    const path = join(this.#spec.dir, `${stream.name}.log`);
    if (stream.naming === 'dated') {
      renameSync(path, `${path}.${String(stream.generation).padStart(6, '0')}`);
    } else {
      for (let number = stream.generation; number >= 1; number--) {
        if (existsSync(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`);
      }
      renameSync(path, `${path}.1`);
    }
    // Whoever writes notices only a while later.
    if (random.chance(0.5)) this.#append(stream, random.between(1, 20), false);
    this.#flush(stream);
    closeSync(stream.handle);
    stream.generation++;
    stream.lines = 0;
    stream.handle = this.#open(stream.name);
    this.#planRotation(stream, now);
  }
}

function write(handle: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
}
