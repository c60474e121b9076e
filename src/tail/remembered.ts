import { renderFile, type SavedFile } from './saved-files.ts';

/** More are not kept: each takes part in every checkpoint. */
const MOST = 200;

/** Files that are nowhere to be found any more, should they come back: the one that went longest ago is forgotten first. */
export class Remembered {
  readonly #files = new Map<string, { readonly saved: SavedFile; readonly text: string }>();

  /** What the checkpoint holds of them. */
  get texts(): string[] {
    return Array.from(this.#files.values(), ({ text }) => text);
  }

  add(key: string, saved: SavedFile): void {
    this.#files.delete(key);
    this.#files.set(key, { saved, text: renderFile({ ...saved, isGone: true }) });
    for (const oldest of this.#files.keys()) {
      if (this.#files.size <= MOST) break;
      this.#files.delete(oldest);
    }
  }

  /** What is known of a file that has come back. */
  take(key: string): SavedFile | undefined {
    const saved = this.#files.get(key)?.saved;
    this.#files.delete(key);
    return saved;
  }
}
