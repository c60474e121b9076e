import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib';
import { compressorOf } from './compressed.ts';
import { ZstdFrames } from './zstd-frames.ts';

/** How much is read of a compressed file at once. */
const INPUT = 64 << 10;
/** How much is decompressed at once. */
const OUTPUT = 256 << 10;
/** The same where something is wrong: what was decompressed together with it is lost. */
const SMALL_INPUT = 64;

export type Compression = 'gzip' | 'zstd';

/** What a file's first bytes say. */
export function compressionOf(first: Buffer): Compression | undefined {
  const name = compressorOf(first);
  return name === 'gzip' || name === 'zstd' ? name : undefined;
}

/** The bytes of a file from `offset` on, as many as there are now; none at its end. */
export type ReadAt = (buffer: Buffer, offset: number) => Promise<number>;

/** A compressed file is damaged. */
export class CorruptError extends Error {
  /** Where, within some bytes, in the file as it lies there. */
  readonly offset: number;

  constructor(offset: number, cause: unknown) {
    super(`it is damaged near byte ${offset}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.offset = offset;
  }
}

/**
 * The content of a gzip or zstd file, in pieces of bounded memory whatever the file becomes, from its beginning on. Files of several members or frames are
 * one content. A file may grow while it is read.
 */
export class Decompression {
  readonly #kind: Compression;
  readonly #readAt: ReadAt;
  #stream: Gunzip | ZstdDecompress | undefined;
  #frames: ZstdFrames | undefined;
  #input: Buffer = Buffer.alloc(0);
  #inputOffset = 0;
  /** Where the write that failed began, and the small steps do. */
  #failedAt = Number.POSITIVE_INFINITY;
  #lastWrite = 0;
  #isWriting = false;
  #hasEnded = false;
  #error: unknown;
  #wake: () => void = () => {};
  /** Decompressed bytes that were not asked for yet. */
  #rest: Buffer = Buffer.alloc(0);
  #position = 0;

  constructor(kind: Compression, readAt: ReadAt) {
    this.#kind = kind;
    this.#readAt = readAt;
    this.#begin();
  }

  /** How many bytes of the content were read. */
  get position(): number {
    return this.#position;
  }

  /** How many bytes of the file were used. */
  get inputOffset(): number {
    return this.#inputOffset;
  }

  /**
   * Fills a buffer. @returns how many bytes; less than it takes when there is no more for now
   * @throws CorruptError when nothing can be read on; what was read before is kept (of gzip it may be wrong, too, from the damage on: its checksum
   * comes at the end)
   */
  async read(into: Buffer): Promise<number> {
    let filled = 0;
    while (filled < into.length) {
      if (this.#rest.length === 0) {
        let next: Buffer | undefined;
        try {
          next = await this.#next();
        } catch (error) {
          // It is thrown again by the next read.
          if (filled > 0 && error instanceof CorruptError) break;
          throw error;
        }
        if (next === undefined) break;
        this.#rest = next;
      }
      const size = this.#rest.copy(into, filled);
      this.#rest = this.#rest.subarray(size);
      filled += size;
      this.#position += size;
    }
    return filled;
  }

  /** Reads up to an offset of the content. @returns false when there is not so much yet */
  async skipTo(offset: number): Promise<boolean> {
    const scrap = Buffer.allocUnsafe(INPUT);
    while (this.#position < offset) {
      const size = await this.read(scrap.subarray(0, Math.min(scrap.length, offset - this.#position)));
      if (size === 0) return false;
    }
    return true;
  }

  /**
   * All there is was read: whether that is the whole content, or the file ends in the middle. Nothing can be read after that.
   * @throws CorruptError
   */
  async end(): Promise<'complete' | 'cut'> {
    const stream = this.#stream;
    if (this.#frames !== undefined) return this.#frames.isAtBorder ? 'complete' : 'cut';
    if (stream === undefined) return 'complete';
    if (!this.#hasEnded && this.#error === undefined) {
      stream.end();
      while (!this.#hasEnded && this.#error === undefined) {
        // Its end comes only to those who read.
        stream.read();
        await this.#changed();
      }
    }
    if (this.#error === undefined) return 'complete';
    if ((this.#error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR') return 'cut';
    throw new CorruptError(this.#inputOffset, this.#error);
  }

  close(): void {
    this.#stream?.destroy();
    this.#stream = undefined;
  }

  #begin(): void {
    const stream =
      this.#kind === 'gzip' ? createGunzip({ chunkSize: OUTPUT }) : createZstdDecompress({ chunkSize: OUTPUT });
    this.#frames = this.#kind === 'zstd' ? new ZstdFrames() : undefined;
    this.#error = undefined;
    this.#inputOffset = 0;
    this.#input = Buffer.alloc(0);
    this.#isWriting = false;
    stream.on('readable', () => this.#wake());
    stream.on('end', () => {
      this.#hasEnded = true;
      this.#wake();
    });
    stream.on('error', (error) => {
      if (this.#stream === stream) this.#error = error;
      this.#wake();
    });
    this.#stream = stream;
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** The next decompressed bytes; `undefined`: none for now. */
  async #next(): Promise<Buffer | undefined> {
    for (;;) {
      const stream = this.#stream;
      if (stream === undefined) return undefined;
      if (this.#error !== undefined) await this.#failed();
      else {
        const chunk = stream.read() as Buffer | null;
        if (chunk !== null) return chunk;
        if (this.#isWriting) await this.#changed();
        else if (!(await this.#write(stream))) return undefined;
      }
    }
  }

  /** Once more from the beginning, in small steps, so that all that comes before the damage is had. */
  async #failed(): Promise<void> {
    const error = this.#error;
    if (this.#failedAt !== Number.POSITIVE_INFINITY) throw new CorruptError(this.#lastWrite, error);
    this.#failedAt = this.#lastWrite;
    const position = this.#position;
    this.#stream?.destroy();
    this.#position = 0;
    this.#rest = Buffer.alloc(0);
    this.#begin();
    await this.skipTo(position);
  }

  async #write(stream: Gunzip | ZstdDecompress): Promise<boolean> {
    if (this.#input.length === 0) {
      const room = this.#failedAt - this.#inputOffset;
      const buffer = Buffer.allocUnsafe(room > 0 ? Math.min(INPUT, room) : SMALL_INPUT);
      const size = await this.#readAt(buffer, this.#inputOffset);
      if (size === 0) return false;
      this.#input = buffer.subarray(0, size);
    }
    const size = this.#frames?.take(this.#input) ?? this.#input.length;
    const input = this.#input.subarray(0, size);
    this.#input = this.#input.subarray(size);
    this.#lastWrite = this.#inputOffset;
    this.#inputOffset += size;
    this.#isWriting = true;
    stream.write(input, () => {
      if (this.#stream !== stream) return;
      this.#isWriting = false;
      this.#wake();
    });
    return true;
  }
}
