import { hash, timingSafeEqual } from 'node:crypto';
import { projectNumber } from './endpoints.ts';

interface Known {
  readonly project: string;
  /** Of the key: of one length for all, so that they can be compared in constant time. */
  readonly digest: Buffer;
}

/** The projects that are served and their keys; without any, every project and every key is. */
export class Projects {
  readonly #known: readonly Known[];

  /** @param entries `42:KEY`, checked by `wrongProjects` */
  constructor(entries: readonly string[]) {
    this.#known = entries.map((entry) => {
      const [project = '', key = ''] = entry.split(':');
      return { project: projectNumber(project) ?? '', digest: digestOf(key) };
    });
  }

  /** Whether every key is taken. */
  get open(): boolean {
    return this.#known.length === 0;
  }

  /** The numbers of the projects, each once. */
  get numbers(): string[] {
    return [...new Set(this.#known.map(({ project }) => project))];
  }

  /** Whether there is any key of it. */
  knows(project: string): boolean {
    return this.#known.some((known) => known.project === project);
  }

  /** Whether the key is one of the project; takes the same time whatever is wrong. */
  accepts(project: string, key: string): boolean {
    if (this.open) return true;
    const digest = digestOf(key);
    let found = false;
    for (const known of this.#known) {
      const same = timingSafeEqual(known.digest, digest);
      if (same && known.project === project) found = true;
    }
    return found;
  }

  /** The project that a key belongs to; `undefined` when it is of none, or of several. */
  projectOf(key: string): string | undefined {
    const digest = digestOf(key);
    const found = this.#known.filter((known) => timingSafeEqual(known.digest, digest));
    return found.length === 1 ? found[0]!.project : undefined;
  }
}

/** What is wrong with the entries, without naming a key; `undefined` when they are fine. */
export function wrongProjects(entries: readonly string[]): string | undefined {
  for (const [i, entry] of entries.entries()) {
    if (/^https?:/.test(entry)) return `entry ${i + 1} is a DSN: of https://KEY@HOST/42 write 42:KEY`;
    const [, project, key] = /^([^:]*):(\w{1,128})$/.exec(entry) ?? [];
    if (key === undefined) return `entry ${i + 1} is not of the form 42:KEY, the key of letters and digits`;
    if (projectNumber(project ?? '') === undefined) return `entry ${i + 1} does not begin with the number of a project`;
  }
  return undefined;
}

function digestOf(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}
