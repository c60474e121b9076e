import { constants } from 'node:fs';
import { crc32 } from 'node:zlib';
import { type LinePiece, type LineRules, LineSplitter } from '../event/line-splitter.ts';
import type { Beginning } from './beginning.ts';
import type { Births } from './births.ts';
import type { CompressedContent } from './compressed-content.ts';
import { findData, readAt, unpin } from './file-bytes.ts';
import type { FileGroup, FileId } from './file-groups.ts';
import { fileId } from './file-groups.ts';
import type { FileShape } from './file-shape.ts';
import { extendHead, type Mark, NO_MARK, TRAIL_BYTES, Trail } from './fingerprint.ts';
import { type Handle, openFile } from './handle.ts';
import { Ledger } from './ledger.ts';
import { holeAt } from './nul-rows.ts';
import { renderFile } from './saved-files.ts';

/** How much is read at once where there is as much. */
const SLAB = 1 << 20;
/** The same where NULs stand behind the last line: space that a writer has taken and not filled yet. */
const SMALL_SLAB = 64 << 10;
const CR = 0x0d;

/** What `open` has found: it, nothing or another file under its name, or other content than was read. */
export type Opened = 'open' | 'missing' | 'other';

/** One file, known by its inode and its content: where reading stands, what is under way, and its handle while it is open. */
export class TailedFile {
  readonly id: FileId;
  readonly ledger: Ledger;
  group: FileGroup;
  path: string;
  /** Where it lay when it was opened, if its path is a symbolic link, or lies behind one. */
  realPath: string | undefined;
  /** Where it lies when that is not `path`: it was renamed to a name that is not ours. */
  awayPath: string | undefined;
  /** What lies there is another file, under the inode of this one: it was deleted. */
  isReplaced = false;
  /** Its path leads to it no more: it was renamed away or deleted, and is read on only through its handle. */
  isGone = false;
  /** No path at all leads to it. */
  isDeleted = false;
  /** It lies on this machine for certain. */
  isLocal = false;
  /** The number of the last look through all folders that found it. */
  lastLook = 0;
  /** It waits in the queue. */
  isQueued = false;
  /** It has its turn now. */
  isBusy = false;
  /** The size that reading has come to, and when the file had been changed then; NaN: not known. */
  seenSize: number;
  seenModified = Number.NaN;
  /** When it was last found to have grown, by the monotonic clock. */
  lastGrown = 0;
  /** A complaint was logged, and is not to be repeated. */
  hasFailed = false;
  hasLongLine = false;
  /** Where lines become events in another way than one by one. */
  shape: FileShape | undefined;
  /** What it holds if it is compressed, or may be: then all offsets are those of its content. */
  content: CompressedContent | undefined;
  /** What was just to be read on does not go on from what was read: it was written anew. */
  isRewritten = false;
  readonly #rulesFor: (file: TailedFile) => LineRules;
  readonly #births: Births;
  readonly #onChange: () => void;
  #splitter: LineSplitter | undefined;
  #offset: number;
  #handle: Handle | undefined;
  #opening: Promise<Opened> | undefined;
  /** The mark of its beginning. */
  head: Mark;
  #born: bigint;
  /** What was read last, and what was handed on last; `undefined` when it is not in memory. */
  #trail: Trail | undefined;
  #handedOn: Trail | undefined;
  /** NULs up to here are not the end of what is written: there is more behind them. */
  #dataUntil = 0;
  #hasNulTail = false;
  #text: string | undefined;
  /** Reading goes on where it was not a moment ago: the byte before may be a CR that ended a line. */
  #hasJumped = true;

  /** @param onChange called when there is something new for the checkpoint */
  constructor(
    id: FileId,
    path: string,
    group: FileGroup,
    beginning: Beginning,
    rulesFor: (file: TailedFile) => LineRules,
    births: Births,
    onChange: () => void = () => {},
  ) {
    const { position, head = NO_MARK, ledger = new Ledger(position), born = 0n } = beginning;
    this.id = id;
    this.path = path;
    this.group = group;
    this.ledger = ledger;
    this.seenSize = position;
    this.#offset = position;
    this.head = head;
    this.#born = born;
    this.#births = births;
    this.#rulesFor = rulesFor;
    this.#onChange = onChange;
  }

  get isOpen(): boolean {
    return this.#handle !== undefined;
  }
  get handle(): Handle | undefined {
    return this.#handle;
  }

  /** The offset behind the last byte that was read. */
  get offset(): number {
    return this.#splitter?.offset ?? this.#offset;
  }

  /** A file that is smaller than this was cut: so much of it was read, in this life or in an earlier one. */
  get leastSize(): number {
    return Math.max(this.offset, this.ledger.earlierEnd);
  }

  /** Whether an unfinished line was read. */
  get hasRest(): boolean {
    return this.#splitter !== undefined && this.#splitter.lineStart < this.#splitter.offset;
  }

  /** Reading has come to this size, as the file was when it had been changed then. */
  seen(size: number, modified: number): void {
    // NaN is no news to itself.
    if (size === this.seenSize && Object.is(modified, this.seenModified)) return;
    this.seenSize = size;
    this.seenModified = modified;
    this.touch();
  }

  /** There is something new for the checkpoint. */
  touch(): void {
    this.#text = undefined;
    this.#onChange();
  }

  /** What the checkpoint holds of it. */
  get text(): string {
    this.#text ??= renderFile({
      key: this.id.key,
      inode: this.id.inode,
      path: this.path,
      realPath: this.realPath,
      pos: this.ledger.position,
      size: Number.isNaN(this.seenModified) ? undefined : this.seenSize,
      modified: Number.isNaN(this.seenModified) ? 0 : this.seenModified,
      born: this.#born,
      head: this.head,
      before: this.ledger.mark,
      settled: this.ledger.settled,
      content: this.content?.length,
      generation: this.ledger.generation,
      cuts: this.shape === undefined ? [] : this.ledger.cuts,
      isGone: this.isGone,
    });
    return this.#text;
  }

  /** Opens it. After `other` it is open and begins anew. @throws the error of the system when it cannot be read */
  open(): Promise<Opened> {
    if (this.#handle !== undefined) return Promise.resolve('open');
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #open(): Promise<Opened> {
    let handle: Handle;
    try {
      // Not waiting for a writer, should there be a FIFO by now.
      handle = await openFile(this.awayPath ?? this.path, constants.O_RDONLY | constants.O_NONBLOCK, this.isLocal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'missing';
      throw error;
    }
    try {
      const stats = await handle.stat({ bigint: true });
      if (!stats.isFile() || fileId(stats).key !== this.id.key) {
        await handle.close();
        return 'missing';
      }
      this.#births.learn(stats);
      const isReborn = this.#births.differs(this.#born, stats);
      this.#born = stats.birthtimeNs;
      const isSame = !isReborn && (await this.#isSame(handle, Number(stats.size)));
      if (!isSame && this.awayPath !== undefined) {
        this.isReplaced = true;
        await handle.close();
        return 'missing';
      }
      this.#handle = handle;
      if (isSame) return 'open';
      this.restart();
      return 'other';
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Whether its content is still what was read, as far as is known; what is not known yet is learned. */
  async isSame(): Promise<boolean> {
    const { size } = await this.look();
    return this.#handle !== undefined && this.#isSame(this.#handle, size);
  }

  async #isSame(handle: Handle, size: number): Promise<boolean> {
    const { offset } = this;
    if (this.content?.isKnown) return this.content.isSame(handle, this);
    if (size < this.leastSize) return false;
    if (offset === 0) return crc32(await readAt(handle, 0, this.head.length)) === this.head.crc;
    const head = this.head.length > 0 ? this.head.length : Math.min(offset, TRAIL_BYTES * 4);
    const start = await readAt(handle, 0, head);
    if (this.head.length === 0) this.head = { at: start.length, length: start.length, crc: crc32(start) };
    else if (crc32(start) !== this.head.crc) return false;
    const mark = this.ledger.lastMark;
    if (mark.length > 0 && mark.at <= offset) {
      const bytes = await readAt(handle, mark.at - mark.length, mark.length);
      if (bytes.length < mark.length || crc32(bytes) !== mark.crc) return false;
    }
    if (this.#trail !== undefined) {
      const { at, bytes } = this.#trail;
      return bytes.equals(await readAt(handle, at - bytes.length, bytes.length));
    }
    const from = Math.max(0, offset - TRAIL_BYTES);
    this.#trail = new Trail(offset, await readAt(handle, from, offset - from));
    this.#handedOn = this.#trail;
    this.ledger.learn(this.#trail.mark);
    return true;
  }

  /** Whether that is what `stat` has told of this file. */
  is(stats: { readonly dev: bigint; readonly ino: bigint }): boolean {
    return fileId(stats).key === this.id.key;
  }

  /** Its size now, and when it was changed; it must be open. */
  async look(): Promise<{ size: number; modified: number; links: number }> {
    if (this.#handle === undefined) throw new Error(`${this.path} is not open`);
    const { size, mtimeMs, nlink } = await this.#handle.stat({ bigint: true });
    return { size: Number(size), modified: Number(mtimeMs), links: Number(nlink) };
  }

  /** Closes it. An unfinished line is read again when it grows. */
  async close(): Promise<void> {
    const { handle } = this;
    this.#handle = undefined;
    this.rewind(this.#splitter?.lineStart ?? this.#offset);
    this.#splitter = undefined;
    this.#trail = undefined;
    this.#handedOn = undefined;
    this.content?.close();
    await handle?.close();
  }

  /** Goes on reading at this offset, which is the beginning of a line. */
  rewind(offset: number): void {
    this.#offset = offset;
    this.#hasJumped = true;
    this.#splitter?.reset(offset);
    this.content?.rewind(offset);
    this.#trail = this.#handedOn?.at === offset ? this.#handedOn : undefined;
  }

  /** It was cut or written anew, and begins anew. */
  restart(): void {
    this.#handedOn = undefined;
    this.rewind(0);
    this.isRewritten = false;
    this.seenSize = 0;
    this.seenModified = Number.NaN;
    this.head = NO_MARK;
    this.#dataUntil = 0;
    this.#hasNulTail = false;
    this.ledger.reset(0);
    this.shape?.restart();
    this.content?.restart();
    this.touch();
  }

  get splitter(): LineSplitter {
    this.#splitter ??= new LineSplitter(this.#rulesFor(this), this.#offset);
    return this.#splitter;
  }

  /** The piece before this was handed on. */
  handedOn(trail: Trail): void {
    this.#handedOn = trail;
  }

  /** What stands before the end of a piece that comes behind all that was handed on. Its memory must not be freed yet. */
  behind(piece: LinePiece): Trail {
    if (this.#trail?.at === piece.end) return this.#trail;
    if (piece.end - piece.offset !== piece.bytes.length) return new Trail(piece.end);
    const before = this.#handedOn?.at === piece.offset ? this.#handedOn : new Trail(piece.offset);
    return before.behind(piece.bytes);
  }

  /**
   * Reads on, up to `limit` (a size seen before); no bytes give `undefined`, an unfinished line no pieces. NULs at the end are left for
   * later: they are not written yet.
   */
  async read(limit: number): Promise<LinePiece[] | undefined> {
    const { handle, splitter } = this;
    const { offset } = splitter;
    const left = limit - offset;
    if (handle === undefined || left <= 0 || this.isRewritten) return undefined;
    if (this.#hasJumped) await this.#lookBehind(handle, splitter);
    const { buffer, from } = splitter.prepare(Math.min(left, this.#hasNulTail ? SMALL_SLAB : SLAB));
    let to = from;
    try {
      // The bytes before are read once more with the new ones: a file that was cut and has grown past the offset is noticed.
      const before = this.#trail ?? new Trail(offset);
      const again = Buffer.allocUnsafe(before.bytes.length);
      const parts = again.length > 0 ? [again, buffer.subarray(from)] : [buffer.subarray(from)];
      const { bytesRead } = await handle.readv(parts, offset - again.length);
      if (bytesRead >= again.length && again.equals(before.bytes)) to = from + bytesRead - again.length;
      else this.isRewritten = bytesRead >= again.length;
      if (to > from && buffer[to - 1] === 0) to = this.#withoutNuls(buffer, from, to, offset);
      else if (to > from) this.#hasNulTail = false;
      if (to > from) {
        const bytes = buffer.subarray(from, to);
        this.#trail = before.behind(bytes);
        this.head = extendHead(this.head, offset, bytes);
      }
    } finally {
      // Also after a failure: the unfinished line has moved into the buffer, and moves back.
      if (to === from) splitter.push(buffer, from);
    }
    if (to === from) return undefined;
    const hole = from === 0 ? holeAt(buffer, from, to) : 0;
    if (hole === 0 || this.hasRest) return splitter.push(buffer, to).map((piece) => unpin(piece, buffer.length));
    // Left out before lines are measured, else the first one is too long.
    splitter.reset(offset + hole);
    const rest = splitter.prepare(to - hole);
    buffer.copy(rest.buffer, rest.from, hole, to);
    return splitter.push(rest.buffer, rest.from + to - hole);
  }

  /** @returns the end of what was read without the NULs at its end */
  #withoutNuls(buffer: Buffer, from: number, to: number, offset: number): number {
    const least = Math.max(from, Math.min(to, from + this.#dataUntil - offset));
    let end = to;
    while (end > least && buffer[end - 1] === 0) end--;
    this.#hasNulTail = end < to;
    return end;
  }

  /** Whether NULs stand where reading stopped. */
  get hasNulTail(): boolean {
    return this.#hasNulTail;
  }

  /**
   * Looks whether something was written behind the NULs where reading stopped: then they are a hole that nobody fills any more. At the beginning of a line it is left out,
   * within a line it is read with it. Resolves with whether there is something.
   */
  async passHole(size: number): Promise<boolean> {
    const { handle, offset } = this;
    if (handle === undefined) return false;
    const from = Math.max(offset, this.#dataUntil, Number.isNaN(this.seenModified) ? 0 : this.seenSize);
    const data = await findData(handle, from, size);
    // A writer that came by in the meantime has filled them in order.
    if (data === undefined || (await findData(handle, offset, Math.min(offset + SMALL_SLAB, data))) !== undefined) {
      return data !== undefined;
    }
    if (this.hasRest || this.shape?.isHolding) {
      this.#dataUntil = data;
    } else {
      this.ledger.skip(data, NO_MARK);
      this.rewind(data);
      this.touch();
    }
    return true;
  }

  /** Where a CR ends a line too, an LF behind it is a part of that line end, also when reading stopped in between. */
  async #lookBehind(handle: Handle, splitter: LineSplitter): Promise<void> {
    const { offset } = splitter;
    if (offset > 0 && this.#rulesFor(this).bareCr) {
      const before = await readAt(handle, offset - 1, 1);
      if (before[0] === CR) splitter.reset(offset, true);
    }
    this.#hasJumped = false;
  }
}
