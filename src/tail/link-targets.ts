import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';

/** More folders than this are not watched for the sake of links into them: their files are only asked now and then. */
const MAX_FOLDERS = 1000;

/** Where symbolic links lead: the kernel reports a write under the name in the folder where the file lies. */
export class LinkTargets {
  readonly #targets = new Map<string, string>();
  readonly #links = new Map<string, Set<string>>();

  /** The links to a file. */
  linksTo(path: string): Iterable<string> {
    return this.#links.get(path) ?? [];
  }

  /** Finds out where a link leads now. A link that leads nowhere is forgotten. */
  async add(link: string): Promise<void> {
    const target = await realpath(link).catch(() => undefined);
    if (target === this.#targets.get(link)) return;
    this.#remove(link);
    if (target === undefined) return;
    this.#targets.set(link, target);
    const links = this.#links.get(target);
    if (links === undefined) this.#links.set(target, new Set([link]));
    else links.add(link);
  }

  /** These are all the links that there are. */
  async replace(links: readonly string[]): Promise<void> {
    const all = new Set(links);
    for (const link of [...this.#targets.keys()]) if (!all.has(link)) this.#remove(link);
    for (const link of all) await this.add(link);
  }

  /** The folders to be watched. */
  folders(): Set<string> {
    const folders = new Set<string>();
    for (const target of this.#links.keys()) {
      if (folders.size === MAX_FOLDERS) break;
      folders.add(dirname(target));
    }
    return folders;
  }

  #remove(link: string): void {
    const target = this.#targets.get(link);
    if (target === undefined) return;
    this.#targets.delete(link);
    const links = this.#links.get(target);
    links?.delete(link);
    if (links?.size === 0) this.#links.delete(target);
  }
}
