import type { FileStatus, FileSystem, OutputFile } from '../../src/component/file-system.ts';
import { SluiceError } from '../../src/errors.ts';

/** What a call shall do beside its duty: nothing, fail before it, or do it and yet fail. May be awaited, to hold the call up. */
export type Fault = 'none' | 'before' | 'after';
export type Calls = 'create' | 'write' | 'flush' | 'close' | 'rename' | 'truncate' | 'remove' | 'stat';

interface Content {
  readonly id: string;
  bytes: Buffer;
  durable: number;
}

/** A file system in memory, with faults where a test wants them, that insists on the contract. */
export class MemoryFileSystem implements FileSystem {
  readonly url = 'memory:///';
  readonly files = new Map<string, Content>();
  readonly folders = new Set<string>(['/']);
  readonly calls: string[] = [];
  #made = 0;
  /** Decides each call. */
  fault: (call: Calls, path: string) => Fault | Promise<Fault> = () => 'none';
  /** What a failing call rejects with. */
  error: (call: Calls, path: string) => Error = (call, path) => new SluiceError('FILE_SYSTEM', `${call} ${path}`);

  async doing<T>(call: Calls, path: string, deed: () => T): Promise<T> {
    this.calls.push(`${call} ${path}`);
    const fault = await this.fault(call, path);
    if (fault === 'before') throw this.error(call, path);
    const result = deed();
    if (fault === 'after') throw this.error(call, path);
    return result;
  }

  create(path: string): Promise<OutputFile> {
    return this.doing('create', path, () => {
      if (this.files.has(path)) throw new SluiceError('FILE_EXISTS', path);
      const content: Content = { id: String(++this.#made), bytes: Buffer.alloc(0), durable: 0 };
      this.files.set(path, content);
      return new MemoryOutputFile(this, path, content);
    });
  }

  async append(path: string): Promise<OutputFile> {
    return new MemoryOutputFile(this, path, this.#content(path));
  }

  truncate(path: string, length: number): Promise<void> {
    return this.doing('truncate', path, () => {
      const content = this.#content(path);
      if (content.bytes.length < length) throw new SluiceError('FILE_SYSTEM', `${path} is shorter than ${length}`);
      content.bytes = content.bytes.subarray(0, length);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.doing('rename', from, () => {
      if (this.files.has(to)) throw new SluiceError('FILE_EXISTS', to);
      this.files.set(to, this.#content(from));
      this.files.delete(from);
    });
  }

  remove(path: string): Promise<boolean> {
    return this.doing('remove', path, () => this.files.delete(path));
  }

  stat(path: string): Promise<FileStatus | undefined> {
    return this.doing('stat', path, () => {
      const name = path.slice(path.lastIndexOf('/') + 1);
      const content = this.files.get(path);
      if (content !== undefined)
        return { name, directory: false, length: content.bytes.length, modified: 0, id: content.id };
      if (this.folders.has(path)) return { name, directory: true, length: 0, modified: 0 };
      return undefined;
    });
  }

  async list(): Promise<readonly FileStatus[]> {
    return [];
  }

  async mkdirs(path: string): Promise<void> {
    this.folders.add(path);
  }

  async read(path: string, offset: number, length: number): Promise<Buffer> {
    return this.#content(path).bytes.subarray(offset, offset + length);
  }

  async close(): Promise<void> {}

  /** The names of all files, sorted. */
  names(): string[] {
    return [...this.files.keys()].sort();
  }

  /** A file of somebody else. */
  put(path: string, text: string): void {
    const bytes = Buffer.from(text);
    this.files.set(path, { id: String(++this.#made), bytes, durable: bytes.length });
  }

  /**
   * What is there after a crash: of bytes that were not flushed, a part.
   * @param kept which part, 0 to 1
   */
  afterCrash(kept: number): MemoryFileSystem {
    const copy = new MemoryFileSystem();
    copy.#made = this.#made;
    for (const folder of this.folders) copy.folders.add(folder);
    for (const [path, { id, bytes, durable }] of this.files) {
      const safe = Math.min(durable, bytes.length);
      const length = safe + Math.round((bytes.length - safe) * kept);
      copy.files.set(path, { id, bytes: bytes.subarray(0, length), durable: length });
    }
    return copy;
  }

  text(path: string): string {
    return this.#content(path).bytes.toString();
  }

  #content(path: string): Content {
    const content = this.files.get(path);
    if (content === undefined) throw new SluiceError('FILE_NOT_FOUND', path);
    return content;
  }
}

class MemoryOutputFile implements OutputFile {
  readonly path: string;
  readonly #fs: MemoryFileSystem;
  readonly #content: Content;
  #length: number;
  #broken = false;
  #over = false;
  #flushing = false;
  /** Calls are done in the order in which they came, writes also while a flush is under way. */
  #writes: Promise<unknown> = Promise.resolve();

  constructor(fs: MemoryFileSystem, path: string, content: Content) {
    this.#fs = fs;
    this.path = path;
    this.#content = content;
    this.#length = content.bytes.length;
  }

  get length(): number {
    return this.#length;
  }

  write(chunks: readonly Buffer[]): Promise<void> {
    this.#usable();
    for (const chunk of chunks) this.#length += chunk.length;
    return this.#guard(
      this.#behindWrites(() =>
        this.#fs.doing('write', this.path, () => {
          // What was given up writes no more.
          if (this.#over) return;
          this.#content.bytes = Buffer.concat([this.#content.bytes, ...chunks]);
        }),
      ),
    );
  }

  async flush(): Promise<number> {
    this.#usable();
    if (this.#flushing) throw new Error('flushes overlap');
    this.#flushing = true;
    const length = this.#length;
    const before = this.#writes;
    await this.#guard(
      before.then(() =>
        this.#fs.doing('flush', this.path, () => {
          this.#content.durable = length;
        }),
      ),
    );
    this.#flushing = false;
    return length;
  }

  async close(): Promise<void> {
    this.#usable();
    if (this.#flushing) throw new Error('closed while a flush is under way');
    await this.#guard(
      this.#behindWrites(() =>
        this.#fs.doing('close', this.path, () => {
          this.#content.durable = this.#length;
        }),
      ),
    );
    this.#over = true;
  }

  async abandon(): Promise<void> {
    this.#over = true;
  }

  #behindWrites<T>(deed: () => Promise<T>): Promise<T> {
    const done = this.#writes.then(deed);
    done.catch(() => {});
    this.#writes = done;
    return done;
  }

  async #guard<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      this.#broken = true;
      throw error;
    }
  }

  #usable(): void {
    if (this.#broken) throw new Error(`${this.path} was used after an error`);
    if (this.#over) throw new Error(`${this.path} was used after its end`);
  }
}
