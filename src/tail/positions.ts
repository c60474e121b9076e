import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '../component/context.ts';
import { describeError, fromSystemError } from '../errors.ts';

/** How far a file has been delivered. */
export interface Position {
  readonly inode: string;
  readonly pos: number;
  readonly file: string;
}

const ENTRY = /\{"inode":(\d+),"pos":(\d+),"file":("(?:[^"\\]|\\.)*")\}/g;

/**
 * The position file, in Flume's format: `[{"inode":1,"pos":2,"file":"/path"}]`. It is replaced as a whole, so it is never seen half
 * written.
 */
export class PositionFile {
  readonly path: string;
  readonly #log: Logger;
  readonly #damaged: () => void;
  #written: string | undefined;
  #failing = false;

  /** @param damaged told when the file is damaged */
  constructor(path: string, log: Logger, damaged: () => void = () => {}) {
    this.path = path;
    this.#log = log;
    this.#damaged = damaged;
  }

  /**
   * Reads it; no file gives `undefined`. Of a damaged one (Flume's can break off) whatever entries are whole are taken.
   * @throws SluiceError when it is there and cannot be read: to begin from 0 would send everything again
   */
  async load(): Promise<Position[] | undefined> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw fromSystemError(error, `reading the position file ${this.path}`);
    }
    const parsed = parsePositions(text);
    if (parsed !== undefined) return parsed;
    const saved: Position[] = [];
    for (const [entry] of text.matchAll(ENTRY)) saved.push(...(parsePositions(`[${entry}]`) ?? []));
    this.#damaged();
    this.#log.error(
      `Failed loading positionFile: ${this.path}: it is damaged; ${saved.length} whole entries are used, other files are read from their beginning`,
    );
    return saved;
  }

  /** The text to be written; `undefined` when it is what was written last. */
  news(positions: readonly Position[]): string | undefined {
    const text = render(positions);
    return text === this.#written ? undefined : text;
  }

  /** Writes it. A failure is logged when it begins and ends; positions stay as they were on disk. */
  async save(text: string): Promise<void> {
    try {
      await mkdir(dirname(this.path), { recursive: true });
      const handle = await open(`${this.path}.tmp`, 'w');
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(`${this.path}.tmp`, this.path);
      this.#succeeded(text);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The same at once: while the agent is ending, when nobody waits any more. */
  saveNow(text: string): void {
    try {
      mkdirSync(dirname(this.path), { recursive: true });
      const fd = openSync(`${this.path}.tmp`, 'w');
      try {
        writeFileSync(fd, text);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(`${this.path}.tmp`, this.path);
      this.#succeeded(text);
    } catch (error) {
      this.#failed(error);
    }
  }

  #succeeded(text: string): void {
    this.#written = text;
    if (this.#failing) this.#log.info(`the position file ${this.path} is written again`);
    this.#failing = false;
  }

  #failed(error: unknown): void {
    if (!this.#failing) this.#log.error(`cannot write the position file ${this.path}: ${describeError(error)}`);
    this.#failing = true;
  }
}

function render(positions: readonly Position[]): string {
  return `[${positions
    .map(({ inode, pos, file }) => `{"inode":${inode},"pos":${pos},"file":${JSON.stringify(file)}}`)
    .join(',')}]`;
}

/** `undefined` when the text is no array of positions. Numbers are taken as they are written, an inode may be too large for a double. */
function parsePositions(text: string): Position[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/("inode"\s*:\s*)(\d+)/g, '$1"$2"'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const positions: Position[] = [];
  for (const entry of value as unknown[]) {
    if (typeof entry !== 'object' || entry === null) return undefined;
    const { inode, pos, file } = entry as Record<string, unknown>;
    if (typeof inode !== 'string' || typeof file !== 'string') return undefined;
    if (typeof pos !== 'number' || !Number.isSafeInteger(pos) || pos < 0) return undefined;
    positions.push({ inode, pos, file });
  }
  return positions;
}
