import type { CheckpointPart } from '../component/checkpoint.ts';
import type { Logger } from '../component/context.ts';

/** The names of a file: while it is written, and for good. The same: it is never renamed. */
export interface FileNames {
  readonly inUse: string;
  readonly final: string;
}

/**
 * How far a file has come:
 *
 *     creating   it is about to be made, or is there and empty. With bytes in it, it is another agent's
 *     open       it was made; its first bytes come after a checkpoint that says so. What lies behind its length is to be cut off
 *     ending     nothing more is written; it is whole, and gets its final name
 */
export type FileState = 'creating' | 'open' | 'ending';

/** A file as it stands in a checkpoint. */
interface SavedFile {
  /** The URL of the file system. */
  readonly fs: string;
  readonly path: string;
  readonly target: string;
  readonly id?: string;
  readonly state: FileState;
  readonly length: number;
  readonly rows: number;
}

/** A sink's file from before its creation to its end, as a checkpoint has to know it. */
export class RegisteredFile {
  readonly fileSystemUrl: string;
  /** Where it lies while it is in use. */
  readonly path: string;
  readonly #changed: (file: RegisteredFile) => void;
  readonly #forgotten: (file: RegisteredFile) => void;
  #target: string;
  #id: string | undefined;
  #state: FileState;
  #length: number;
  #rows: number;
  #head: string | undefined;

  constructor(saved: SavedFile, changed: (file: RegisteredFile) => void, forgotten: (file: RegisteredFile) => void) {
    this.fileSystemUrl = saved.fs;
    this.path = saved.path;
    this.#target = saved.target;
    this.#id = saved.id;
    this.#state = saved.state;
    this.#length = saved.length;
    this.#rows = saved.rows;
    this.#changed = changed;
    this.#forgotten = forgotten;
  }

  /** Where it will lie, or lies, in the end. */
  get target(): string {
    return this.#target;
  }

  /** By which the file system knows it, if it tells. */
  get id(): string | undefined {
    return this.#id;
  }

  get state(): FileState {
    return this.#state;
  }

  /** The length up to which it is durable, in bytes, and the rows in it. */
  get length(): number {
    return this.#length;
  }

  get rows(): number {
    return this.#rows;
  }

  /** It was made. */
  made(id?: string): void {
    this.#id = id;
    this.#state = 'open';
    this.#renew();
  }

  /** It is durable up to a length, with so many rows more. They must be settled before the present tick is over. */
  grew(length: number, rows: number): void {
    this.#length = length;
    this.#rows += rows;
    this.#changed(this);
  }

  /** It is whole, and will get this name. */
  ends(target: string): void {
    this.#target = target;
    this.#state = 'ending';
    this.#renew();
  }

  /** It has come to its end, or was never made. */
  forget(): void {
    this.#forgotten(this);
  }

  /** As it stands in the checkpoint. */
  render(): string {
    this.#head ??= JSON.stringify({
      fs: this.fileSystemUrl,
      path: this.path,
      target: this.#target,
      id: this.#id,
      state: this.#state,
    }).slice(0, -1);
    return `${this.#head},"length":${this.#length},"rows":${this.#rows}}`;
  }

  #renew(): void {
    this.#head = undefined;
    this.#changed(this);
  }
}

/** A sink's part of the checkpoint: its files that have not come to their end. */
export class FileRegister {
  readonly #checkpoint: CheckpointPart;
  readonly #log: Logger;
  /** With the text of each, as long as it is right. */
  readonly #files = new Map<RegisteredFile, string | undefined>();
  readonly #paths = new Set<string>();
  #text: string | undefined;
  #opened = false;

  constructor(checkpoint: CheckpointPart, log: Logger) {
    this.#checkpoint = checkpoint;
    this.#log = log;
  }

  /** Takes over what the sink's life before has left; from now on the checkpoint asks here. @returns those files, the first time */
  open(): readonly RegisteredFile[] {
    if (this.#opened) return [];
    this.#opened = true;
    const left = this.#read(this.#checkpoint.saved).map((saved) => this.#add(saved));
    this.#checkpoint.provide(() => this.#snapshot());
    return left;
  }

  /** A file that is about to be made. */
  add(fileSystemUrl: string, { inUse, final }: FileNames): RegisteredFile {
    const file = this.#add({
      fs: fileSystemUrl,
      path: inUse,
      target: final,
      state: 'creating',
      length: 0,
      rows: 0,
    });
    this.#checkpoint.changed();
    return file;
  }

  /** Whether a file is known by this name in use: no other may have it then. */
  holds(fileSystemUrl: string, path: string): boolean {
    return this.#paths.has(key(fileSystemUrl, path));
  }

  /** Resolves when everything told so far would outlive a crash. */
  commit(): Promise<void> {
    return this.#checkpoint.commit();
  }

  #add(saved: SavedFile): RegisteredFile {
    const file = new RegisteredFile(
      saved,
      (changed) => {
        if (!this.#files.has(changed)) return;
        this.#files.set(changed, undefined);
        this.#text = undefined;
        this.#checkpoint.changed();
      },
      (forgotten) => {
        if (!this.#files.delete(forgotten)) return;
        this.#paths.delete(key(forgotten.fileSystemUrl, forgotten.path));
        this.#text = undefined;
        this.#checkpoint.changed();
      },
    );
    this.#files.set(file, undefined);
    this.#paths.add(key(saved.fs, saved.path));
    this.#text = undefined;
    return file;
  }

  #snapshot(): string {
    if (this.#text !== undefined) return this.#text;
    const texts: string[] = [];
    for (const [file, known] of this.#files) {
      const text = known ?? file.render();
      if (known === undefined) this.#files.set(file, text);
      texts.push(text);
    }
    this.#text = `{"files":[${texts.join(',\n')}]}`;
    return this.#text;
  }

  #read(saved: unknown): SavedFile[] {
    if (saved === undefined || saved === null) return [];
    const files: unknown = (saved as { readonly files?: unknown }).files;
    if (!Array.isArray(files)) {
      this.#log.warn('what the checkpoint holds of this sink is of a sink of another kind; it is not used');
      return [];
    }
    return files.filter((file: unknown): file is SavedFile => {
      if (isSavedFile(file)) return true;
      this.#checkpoint.damaged();
      this.#log.error(
        `the checkpoint tells of a file what is not understood, so it is left as it is: ${JSON.stringify(file)?.slice(0, 1000)}`,
      );
      return false;
    });
  }
}

function key(fileSystemUrl: string, path: string): string {
  return `${fileSystemUrl}\n${path}`;
}

const STATES: readonly unknown[] = ['creating', 'open', 'ending'] satisfies FileState[];

function isSavedFile(value: unknown): value is SavedFile {
  if (typeof value !== 'object' || value === null) return false;
  const { fs, path, target, id, state, length, rows } = value as Partial<Record<keyof SavedFile, unknown>>;
  const areTexts = [fs, path, target].every((text) => typeof text === 'string');
  const areCounts = [length, rows].every((count) => Number.isSafeInteger(count) && (count as number) >= 0);
  return areTexts && areCounts && (id === undefined || typeof id === 'string') && STATES.includes(state);
}
