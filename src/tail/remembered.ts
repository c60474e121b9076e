import type { Original } from './originals.ts';
import { fromPosition, parsePart, renderFile, renderPart, type SavedFile } from './saved-files.ts';
import { TailedFile } from './tailed-file.ts';

/** Of so many files that are nowhere to be found any more it is known how far they were read, should they come back, or a copy of them. */
const MAX_REMEMBERED = 200;

/** Files that are not there any more, by what they were, the one that went longest ago first. */
export class Remembered {
  readonly #files = new Map<string, TailedFile | { readonly saved: SavedFile; readonly text: string }>();

  add(key: string, one: TailedFile | SavedFile): void {
    if (one instanceof TailedFile) {
      one.isGone = true;
      one.touch();
    }
    this.#files.delete(key);
    const isOpen = one instanceof TailedFile;
    this.#files.set(key, isOpen ? one : { saved: one, text: renderFile({ ...one, isGone: true }) });
    for (const oldest of this.#files.keys()) {
      if (this.#files.size <= MAX_REMEMBERED) break;
      this.#files.delete(oldest);
    }
  }

  /** What is known of one that is there again; it is not remembered any longer. */
  recall(key: string): SavedFile | undefined {
    const one = this.#files.get(key);
    this.#files.delete(key);
    return one instanceof TailedFile ? asSaved(one) : one?.saved;
  }

  /** What the checkpoint holds of them. */
  get texts(): string[] {
    return Array.from(this.#files.values(), ({ text }) => text);
  }

  /** These files and the ones that are there: what a compressed one may be a copy of. */
  *originals(present: Iterable<TailedFile>): Generator<Original> {
    for (const file of present) if (!file.content?.isKnown) yield asOriginal(file, file.isDeleted);
    for (const one of this.#files.values()) {
      if (one instanceof TailedFile) yield asOriginal(one, true);
      else yield { head: one.saved.head, known: () => one.saved, isGone: true, isBusy: false };
    }
  }
}

function asSaved(file: TailedFile): SavedFile {
  const { id, path, text } = file;
  return parsePart(JSON.parse(renderPart([text])))?.[0] ?? fromPosition({ inode: id.inode, pos: 0, file: path });
}

function asOriginal(file: TailedFile, isGone: boolean): Original {
  const { isQueued, ledger, head, shape } = file;
  const isHeld = shape?.isHolding === true || (isGone && file.hasRest);
  const isBusy = isQueued || file.isBusy || isHeld || !ledger.isSettled;
  return { head, known: () => asSaved(file), isGone, isBusy };
}
