import { crc32 } from 'node:zlib';
import type { LinePiece } from '../event/line-splitter.ts';
import { MAGIC_BYTES } from './compressed.ts';
import { type Compression, compressionOf, Decompression } from './decompression.ts';
import { readAt } from './file-bytes.ts';
import { HEAD_BYTES } from './fingerprint.ts';
import type { Handle } from './handle.ts';
import type { TailedFile } from './tailed-file.ts';

/** How much of the content is read at once. */
const SLAB = 1 << 20;

/** What a file may be: its first bytes tell. Of `compressed` ones it is known from an earlier life that they are. */
type Kind = 'unknown' | 'plain' | 'compressed' | Compression;

/** The content of a file that may be compressed: all offsets of such a file are those of what it stands for. */
export class CompressedContent {
  kind: Kind = 'unknown';
  /** It was found out whether this is a copy of another file. */
  isChecked: boolean;
  /** That it ends in the middle was said. */
  hasToldCut = false;
  /** How long the whole content is, once it was read to its end. */
  total: number | undefined;
  /** The size of the file and its time as they were last, and since when, by the monotonic clock. */
  size = -1;
  modified = Number.NaN;
  since = 0;
  /** When it is to have a turn without having changed, by the monotonic clock. */
  turnAt: number | undefined;
  #stream: Decompression | undefined;

  /** @param total of a file that is known to be compressed: its length, 0 when that is not known yet */
  constructor(total?: number) {
    this.isChecked = total !== undefined;
    if (total !== undefined) this.kind = 'compressed';
    if (total !== undefined && total > 0) this.total = total;
  }

  /** Whether it is compressed for certain. */
  get isKnown(): boolean {
    return this.kind === 'compressed' || this.kind === 'gzip' || this.kind === 'zstd';
  }

  /** What the checkpoint holds: see `SavedFile`. */
  get length(): number | undefined {
    return this.isKnown && this.isChecked ? (this.total ?? 0) : undefined;
  }

  /** Looks at the first bytes, if that was not done yet. @returns `undefined` while there are too few */
  async isCompressed(file: TailedFile, size: number): Promise<boolean | undefined> {
    if (this.kind === 'unknown' || this.kind === 'compressed') {
      const first = Buffer.alloc(MAGIC_BYTES);
      const count = await readRaw(file, first, 0);
      if (
        count < MAGIC_BYTES &&
        size <= MAGIC_BYTES &&
        this.kind === 'unknown' &&
        couldBecome(first.subarray(0, count))
      )
        return undefined;
      this.kind = compressionOf(first.subarray(0, count)) ?? 'plain';
      if (this.kind !== 'plain' && file.head.length === 0) await this.learnHead(file);
    }
    return this.kind !== 'plain';
  }

  /** The whole content anew, from its beginning. */
  begin(file: TailedFile): Decompression {
    if (this.kind !== 'gzip' && this.kind !== 'zstd') throw new Error(`${file.path} is not compressed`);
    return new Decompression(this.kind, (buffer, offset) => readRaw(file, buffer, offset));
  }

  /** Reads on. @returns `undefined` when there is no more for now. @throws CorruptError */
  async read(file: TailedFile): Promise<LinePiece[] | undefined> {
    const { splitter } = file;
    this.#stream ??= this.begin(file);
    if (!(await this.#stream.skipTo(splitter.offset))) return undefined;
    const { buffer, from } = splitter.prepare(SLAB);
    let to = from;
    try {
      to += await this.#stream.read(buffer.subarray(from));
    } finally {
      // Also after a failure: the unfinished line has moved into the buffer, and moves back.
      if (to === from) splitter.push(buffer, from);
    }
    return to === from ? undefined : splitter.push(buffer, to);
  }

  /** Whether what was read is all. @throws CorruptError */
  async end(): Promise<'complete' | 'cut'> {
    return (await this.#stream?.end()) ?? 'cut';
  }

  /** Whether it begins as it did, as far as is known. */
  async isSame(handle: Handle, { head }: TailedFile): Promise<boolean> {
    return crc32(await readAt(handle, 0, head.length)) === head.crc;
  }

  /** Takes the mark of the file's beginning, of as much as there is. */
  async learnHead(file: TailedFile): Promise<void> {
    const buffer = Buffer.allocUnsafe(HEAD_BYTES);
    const length = await readRaw(file, buffer, 0);
    file.head = { at: length, length, crc: crc32(buffer.subarray(0, length)) };
  }

  /** Lets go of what was decompressed; reading on begins from the start of the file. */
  close(): void {
    this.#stream?.close();
    this.#stream = undefined;
  }

  /** Reading goes on at another offset. */
  rewind(offset: number): void {
    if (this.#stream?.position !== offset) this.close();
  }

  /** It is another file by now. */
  restart(): void {
    this.close();
    this.kind = 'unknown';
    this.isChecked = false;
    this.total = undefined;
    this.size = -1;
  }
}

/** Reads bytes of the file as it lies there. @returns how many there are */
async function readRaw({ path, handle }: TailedFile, buffer: Buffer, offset: number): Promise<number> {
  if (handle === undefined) throw new Error(`${path} is not open`);
  return (await handle.readv([buffer], offset)).bytesRead;
}

/** Whether a file that begins so may yet turn out to be compressed. */
function couldBecome(first: Buffer): boolean {
  return [Buffer.of(0x1f, 0x8b, 8), Buffer.of(0x28, 0xb5, 0x2f, 0xfd)].some((magic) =>
    magic.subarray(0, first.length).equals(first),
  );
}
