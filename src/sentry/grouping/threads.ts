import type { Fields } from '../payload.ts';

/** The thread that the event is about: the only one that crashed, else the only current one, else the only one. */
export function threadInQuestion(threads: readonly Fields[]): Fields | undefined {
  for (const mark of ['crashed', 'current']) {
    const marked = threads.filter((thread) => thread[mark] === true);
    if (marked.length > 0) return marked.length === 1 ? marked[0] : undefined;
  }
  return threads.length === 1 ? threads[0] : undefined;
}
