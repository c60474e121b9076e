import {
  closeSync,
  copyFileSync,
  existsSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** One file as a writer sees it, from its first byte to its last. */
interface Incarnation {
  readonly fd: number;
  /** Its lines, in order; the last one may not have its end yet. */
  lines: string[];
  partial: string;
  /** The unfinished line came with the one before it, in one write. */
  isPartialMet: boolean;
}

/** Where rotated files are: under a name that the reader wants, under another one, or where they were, and a symbolic link leads elsewhere. */
export type Place = 'inside' | 'outside' | 'link';

/** A folder with a writer and a rotator, which do as they please; it knows which lines must come out. */
export class Folder {
  readonly path: string;
  readonly active: string;
  readonly #place: Place;
  /** The lines of each incarnation of a file. */
  readonly incarnations: Incarnation[] = [];
  #current: Incarnation | undefined;
  /** Renamed away, and still written to. */
  #lingering: Incarnation | undefined;
  #rotated: string[] = [];
  #number = 0;
  #copies = 0;
  #targets = 0;
  /** Further names of files. */
  #links: string[] = [];
  #linked = 0;

  constructor(path: string, place: Place) {
    this.path = path;
    this.active = join(path, 'app.log');
    this.#place = place;
  }

  get hasActive(): boolean {
    return this.#current !== undefined;
  }

  /** Every line that has its end. */
  get lines(): string[] {
    return this.incarnations.flatMap(({ lines }) => lines);
  }

  create(): void {
    if (this.#current !== undefined) return;
    if (this.#place === 'link') this.#lead();
    this.#current = { fd: openSync(this.active, 'a'), lines: [], partial: '', isPartialMet: false };
    this.incarnations.push(this.#current);
  }

  /** Appends lines of these lengths, the last one perhaps without its end. */
  write(lengths: readonly number[], isPartial: boolean): void {
    this.create();
    this.#append(this.#current!, lengths, isPartial);
  }

  writeOld(lengths: readonly number[]): void {
    if (this.#lingering !== undefined) this.#append(this.#lingering, lengths, false);
  }

  /** Renames the active file, in a chain; the writer may keep its descriptor. */
  rotate(keepsOld: boolean): void {
    const file = this.#current;
    if (file === undefined) return;
    this.closeOld();
    if (this.#place === 'link') {
      this.#targets++;
      this.#lead();
    } else this.#rename();
    this.#current = undefined;
    this.#lingering = file;
    if (!keepsOld) this.closeOld();
  }

  #rename(): void {
    const names = this.#rotated;
    for (let i = names.length - 1; i >= 0; i--) {
      const next = this.#nameOf(i + 2);
      renameSync(names[i]!, next);
      names[i] = next;
    }
    renameSync(this.active, this.#nameOf(1));
    names.unshift(this.#nameOf(1));
  }

  /** Leads the link to the target of now, which may not be there yet. */
  #lead(): void {
    mkdirSync(join(this.path, 'targets'), { recursive: true });
    const link = join(this.path, 'link.tmp');
    rmSync(link, { force: true });
    symlinkSync(this.#target, link);
    renameSync(link, this.active);
  }

  get #target(): string {
    return join(this.path, 'targets', `${this.#targets}`);
  }

  /** The writer gives up the file that was renamed away. */
  closeOld(): void {
    const file = this.#lingering;
    this.#lingering = undefined;
    if (file === undefined) return;
    this.#finish(file);
    closeSync(file.fd);
  }

  /** Copies the file away and empties it; all must have been read. */
  copyTruncate(lengths: readonly number[]): void {
    const file = this.#current;
    if (file === undefined) return;
    copyFileSync(this.active, join(this.path, `copy-${this.#copies++}`));
    ftruncateSync(file.fd, 0);
    this.#current = { fd: file.fd, lines: [], partial: '', isPartialMet: false };
    this.incarnations.push(this.#current);
    this.#append(this.#current, lengths, false);
  }

  /** Deletes the active file under all its names; all must have been read. A partial last line becomes an event. */
  remove(): void {
    const file = this.#current;
    if (file === undefined) return;
    this.#current = undefined;
    if (file.partial !== '') file.lines.push(file.partial);
    file.partial = '';
    this.unlink();
    if (this.#place === 'link') unlinkSync(this.#target);
    unlinkSync(this.active);
    closeSync(file.fd);
  }

  /** Puts another file in the place of the active one, as an editor does; all must have been read. */
  replace(lengths: readonly number[]): void {
    const file = this.#current;
    if (file === undefined) return;
    closeSync(file.fd);
    const temporary = join(this.path, 'temporary');
    this.#current = { fd: openSync(temporary, 'a'), lines: [], partial: '', isPartialMet: false };
    this.incarnations.push(this.#current);
    this.#append(this.#current, lengths, false);
    renameSync(temporary, this.#place === 'link' ? this.#target : this.active);
  }

  /** Gives the active file one more name that the reader wants. */
  link(): void {
    if (this.#current === undefined || this.#place === 'link') return;
    const path = join(this.path, `name-${this.#linked++}`);
    linkSync(this.active, path);
    this.#links.push(path);
  }

  /** Takes all further names away. */
  unlink(): void {
    for (const path of this.#links) unlinkSync(path);
    this.#links = [];
  }

  /** Renames the folder, or back. */
  hide(isHidden: boolean): void {
    const hidden = `${this.path}.hidden`;
    if (isHidden) renameSync(this.path, hidden);
    else renameSync(hidden, this.path);
  }

  /** Deletes the folder with all that is in it and makes it again; all must have been read. */
  renew(): void {
    this.end();
    this.#current = undefined;
    this.#rotated = [];
    this.#links = [];
    rmSync(this.path, { recursive: true });
    mkdirSync(this.path);
  }

  /** Deletes the oldest of the rotated files; all must have been read. */
  removeOldest(): void {
    if (this.#rotated.length < 2) return;
    const path = this.#rotated.pop()!;
    if (existsSync(path)) unlinkSync(path);
  }

  get hasPartial(): boolean {
    return (this.#current?.partial ?? '') !== '';
  }

  /** Whether whoever has read the last line of the active file has met the unfinished one behind it, too. */
  get isPartialMet(): boolean {
    return this.#current?.isPartialMet === true;
  }

  /** Whether the active file has a line that can be waited for. */
  get hasLines(): boolean {
    return (this.#current?.lines.length ?? 0) > 0;
  }

  /** Gives the unfinished line of the active file its end. */
  finishLine(): void {
    if (this.#current !== undefined) this.#finish(this.#current);
  }

  /** Nothing more is written. */
  end(): void {
    this.closeOld();
    if (this.#current === undefined) return;
    this.#finish(this.#current);
    closeSync(this.#current.fd);
  }

  #nameOf(number: number): string {
    return join(this.path, this.#place === 'inside' ? `app.log.${number}` : `old.${number}`);
  }

  #finish(file: Incarnation): void {
    if (file.partial === '') return;
    writeSync(file.fd, '\n');
    file.lines.push(file.partial);
    file.partial = '';
  }

  #append(file: Incarnation, lengths: readonly number[], isPartial: boolean): void {
    let text = '';
    for (const [i, length] of lengths.entries()) {
      const piece = `${this.#number++}:${'x'.repeat(length)}`;
      text += piece;
      if (isPartial && i === lengths.length - 1) {
        file.partial += piece;
        break;
      }
      text += '\n';
      file.lines.push(file.partial + piece);
      file.partial = '';
    }
    file.isPartialMet = isPartial && lengths.length > 1;
    if (text !== '') writeSync(file.fd, text);
  }
}
