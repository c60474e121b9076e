import { type FileHandle, open, stat } from 'node:fs/promises';
import { type LinePiece, type LineRules, LineSplitter } from '../event/line-splitter.ts';
import type { FileGroup, FileId } from './file-groups.ts';
import { fileId } from './file-groups.ts';
import { Ledger } from './ledger.ts';

/** How much is read at once where there is as much. */
const SLAB = 1 << 20;
const CR = 0x0d;

/** One file, known by its inode: where reading stands, what is under way, and its handle while it is open. */
export class TailedFile {
  readonly id: FileId;
  readonly group: FileGroup;
  readonly ledger: Ledger;
  path: string;
  /** Its path leads to it no more: it was renamed away or deleted, and is read on only through its handle. */
  isGone = false;
  /** It waits in the queue. */
  isQueued = false;
  /** The size that reading has come to. */
  seenSize: number;
  /** When it was last found to have grown, by the monotonic clock. */
  lastGrown = 0;
  /** A complaint was logged, and is not to be repeated. */
  hasFailed = false;
  hasLongLine = false;
  readonly #rules: LineRules;
  #splitter: LineSplitter | undefined;
  #offset: number;
  #handle: FileHandle | undefined;
  /** Reading goes on where it was not a moment ago: the byte before may be a CR that ended a line. */
  #hasJumped = true;

  constructor(id: FileId, path: string, group: FileGroup, position: number, rules: LineRules) {
    this.id = id;
    this.path = path;
    this.group = group;
    this.ledger = new Ledger(position);
    this.seenSize = position;
    this.#offset = position;
    this.#rules = rules;
  }

  get isOpen(): boolean {
    return this.#handle !== undefined;
  }

  /** The offset behind the last byte that was read. */
  get offset(): number {
    return this.#splitter?.offset ?? this.#offset;
  }

  /** Opens it. False when the path leads to another file by now, or to none. @throws the error of the system for anything else */
  async open(): Promise<boolean> {
    if (this.#handle !== undefined) return true;
    let handle: FileHandle;
    try {
      handle = await open(this.path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
    const stats = await handle.stat({ bigint: true });
    if (fileId(stats).key !== this.id.key) {
      await handle.close();
      return false;
    }
    this.#handle = handle;
    return true;
  }

  /** Whether its path still leads to it. */
  async isAtPath(): Promise<boolean> {
    const stats = await stat(this.path, { bigint: true }).catch(() => undefined);
    return stats !== undefined && fileId(stats).key === this.id.key;
  }

  /** Its size now; it must be open. */
  async size(): Promise<number> {
    if (this.#handle === undefined) throw new Error(`${this.path} is not open`);
    return (await this.#handle.stat()).size;
  }

  /** Closes it. An unfinished line is read again when it grows. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    this.rewind(this.#splitter?.lineStart ?? this.#offset);
    this.#splitter = undefined;
    await handle?.close();
  }

  /** Goes on reading at this offset, which is the beginning of a line. */
  rewind(offset: number): void {
    this.#offset = offset;
    this.#hasJumped = true;
    this.#splitter?.reset(offset);
  }

  /** It was cut and begins anew. */
  restart(): void {
    this.rewind(0);
    this.seenSize = 0;
    this.ledger.reset(0);
  }

  get splitter(): LineSplitter {
    this.#splitter ??= new LineSplitter(this.#rules, this.#offset);
    return this.#splitter;
  }

  /** Reads on, up to `limit` (a size seen before); no bytes give `undefined`, an unfinished line no pieces. */
  async read(limit: number): Promise<LinePiece[] | undefined> {
    const handle = this.#handle;
    const { splitter } = this;
    const left = limit - splitter.offset;
    if (handle === undefined || left <= 0) return undefined;
    if (this.#hasJumped) await this.#lookBehind(handle, splitter);
    const { buffer, from } = splitter.prepare(Math.min(left, SLAB));
    let to = from;
    try {
      const { bytesRead } = await handle.read(buffer, from, buffer.length - from, splitter.offset);
      to += bytesRead;
    } finally {
      // Also after a failure: the unfinished line has moved into the buffer, and moves back.
      if (to === from) splitter.push(buffer, from);
    }
    if (to === from) return undefined;
    return splitter.push(buffer, to).map((piece) => unpin(piece, buffer.length));
  }

  /** Where a CR ends a line too, an LF behind it is a part of that line end, also when reading stopped in between. */
  async #lookBehind(handle: FileHandle, splitter: LineSplitter): Promise<void> {
    const { offset } = splitter;
    if (this.#rules.bareCr && offset > 0) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, offset - 1);
      if (bytesRead > 0 && buffer[0] === CR) splitter.reset(offset, true);
    }
    this.#hasJumped = false;
  }
}

/** Batches keep what they were cut from; few lines beside a long unfinished one get a Buffer of their own. */
function unpin(piece: LinePiece, held: number): LinePiece {
  return piece.bytes.length * 4 < held ? { ...piece, bytes: Buffer.from(piece.bytes) } : piece;
}
