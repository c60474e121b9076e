import type { FileHandle } from 'node:fs/promises';
import type { OutputFile } from '../../component/file-system.ts';
import { fromSystemError, SluiceError } from '../../errors.ts';

/** Bytes that may wait for the disk before `write` makes its caller wait. */
const QUEUE_LIMIT = 4 * 1024 * 1024;
/** Buffers of one system call: what Linux takes (IOV_MAX). */
const CHUNKS_A_CALL = 1024;

/** Drops the first `bytes` bytes. */
function skip(chunks: readonly Buffer[], bytes: number): readonly Buffer[] {
  let index = 0;
  let left = bytes;
  while (index < chunks.length && left >= chunks[index].length) left -= chunks[index++].length;
  const rest = chunks.slice(index);
  if (left > 0) rest[0] = rest[0].subarray(left);
  return rest;
}

/**
 * A local file being written. One loop takes whatever is queued to the disk with `writev`, at positions of its own
 * counting: so a partial write is simply carried on. One `fdatasync` at a time serves every flush that waits for it.
 *
 * Measured with 1 MiB writes: 1.6 GB/s when each is flushed before the next, 0.7 (cold) to 5 GB/s without waiting
 * (ext4, a disk that syncs in 0.5 ms, 2 busy cores).
 */
export class LocalFile implements OutputFile {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #syncEntry: (() => Promise<void>) | undefined;
  #entrySynced: boolean;
  /** Given to `write`; in the file; on the disk; promised by a `flush`. Each is at most the one before it. */
  #length: number;
  #written: number;
  #synced: number;
  #promised: number;
  #queue: Buffer[] = [];
  #writing: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;
  #progress = Promise.withResolvers<void>();
  #failure: SluiceError | undefined;
  #closed = false;

  /** @param syncEntry makes the file's name durable; called once, by the first flush */
  constructor(path: string, handle: FileHandle, length: number, syncEntry?: () => Promise<void>) {
    this.path = path;
    this.#handle = handle;
    this.#length = length;
    this.#written = length;
    this.#promised = length;
    // What an earlier process wrote may not be on the disk yet: the first flush always syncs.
    this.#synced = -1;
    this.#syncEntry = syncEntry;
    this.#entrySynced = syncEntry === undefined;
  }

  get length(): number {
    return this.#length;
  }

  async write(chunks: readonly Buffer[]): Promise<void> {
    this.#check();
    for (const chunk of chunks) {
      if (chunk.length === 0) continue;
      this.#queue.push(chunk);
      this.#length += chunk.length;
    }
    if (this.#queue.length > 0) this.#writing ??= this.#writeQueue();
    while (this.#length - this.#written > QUEUE_LIMIT) await this.#nextProgress();
  }

  async flush(): Promise<number> {
    this.#check();
    const target = this.#length;
    while (this.#written < target) await this.#nextProgress();
    // A sync that began before our bytes were written does not cover them: then comes one more, for all who wait.
    while (this.#synced < target) {
      this.#check();
      this.#syncing ??= this.#sync();
      await this.#syncing;
    }
    this.#check();
    if (target > this.#promised) this.#promised = target;
    return target;
  }

  async close(): Promise<void> {
    if (this.#closed && this.#failure === undefined) return;
    await this.flush();
    this.#closed = true;
    await this.#handle.close().catch((error: unknown) => {
      throw fromSystemError(error, `closing ${this.path}`);
    });
  }

  async abandon(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#fail(new SluiceError('FILE_SYSTEM', `${this.path} was given up`));
    await this.#writing;
    await this.#syncing;
    // What no flush has promised comes again: it must not stand there twice. Somebody may have cut it shorter already.
    const status = await this.#handle.stat().catch(() => undefined);
    if (status === undefined || status.size > this.#promised)
      await this.#handle.truncate(this.#promised).catch(() => {});
    await this.#handle.datasync().catch(() => {});
    await this.#handle.close().catch(() => {});
  }

  async #writeQueue(): Promise<void> {
    try {
      while (this.#queue.length > 0 && this.#failure === undefined) {
        let chunks: readonly Buffer[] = this.#queue;
        if (chunks.length <= CHUNKS_A_CALL) this.#queue = [];
        else chunks = this.#queue.splice(0, CHUNKS_A_CALL);
        while (chunks.length > 0) {
          const { bytesWritten } = await this.#handle.writev(chunks, this.#written);
          this.#written += bytesWritten;
          chunks = skip(chunks, bytesWritten);
        }
        this.#wake();
      }
    } catch (error) {
      this.#fail(fromSystemError(error, `writing ${this.path} at ${this.#written}`));
    } finally {
      this.#writing = undefined;
    }
  }

  async #sync(): Promise<void> {
    const covered = this.#written;
    try {
      await this.#handle.datasync();
      if (!this.#entrySynced) await this.#syncEntry?.();
      this.#entrySynced = true;
      this.#synced = covered;
    } catch (error) {
      this.#fail(fromSystemError(error, `syncing ${this.path}`));
    } finally {
      this.#syncing = undefined;
    }
  }

  async #nextProgress(): Promise<void> {
    await this.#progress.promise;
    if (this.#failure !== undefined) throw this.#failure;
  }

  #wake(): void {
    const { resolve } = this.#progress;
    this.#progress = Promise.withResolvers<void>();
    resolve();
  }

  #fail(error: SluiceError): void {
    this.#failure ??= error;
    this.#queue = [];
    this.#wake();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw new SluiceError('INTERNAL', `${this.path} is closed`);
  }
}
