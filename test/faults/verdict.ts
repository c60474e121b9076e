import { parseLine } from './load.ts';

/** A file that was read back. */
export interface OutputFile {
  /** Below the folder of the output. */
  readonly name: string;
  readonly lines: readonly string[];
}

/** What came out, held against what went in. */
export interface Verdict {
  /** Lines that are there, each counted once. */
  lines: number;
  missing: string[];
  doubled: string[];
  /** How many lines there are too many. */
  doubles: number;
  /** Lines that stand behind a later one of their file. */
  disordered: string[];
  /** Lines that nobody has written so. */
  broken: string[];
  lost: number;
}

/** Enough to see what happened. */
const MAX_SHOWN = 20;

const byNumber = new Intl.Collator('en', { numeric: true });

/** Files in the order in which they were written: names differ by numbers that grow. */
export function inOrder<T extends { readonly name: string }>(files: readonly T[]): T[] {
  return files.toSorted((a, b) => byNumber.compare(a.name, b.name));
}

/**
 * Compares the files of one output with what was written.
 * @param written how many lines each generation has
 * @param options unordered: lines are in order within each file only
 */
export function judge(
  written: ReadonlyMap<string, number>,
  files: readonly OutputFile[],
  options: { readonly unordered?: boolean } = {},
): Verdict {
  const verdict: Verdict = { lines: 0, missing: [], doubled: [], doubles: 0, disordered: [], broken: [], lost: 0 };
  const again = new Runs(verdict.doubled);
  const generations = new Map(Array.from(written, ([key, lines]) => [key, new Places(lines)]));
  for (const file of inOrder(files)) {
    if (options.unordered === true) for (const places of generations.values()) places.last = -1;
    for (const [row, text] of file.lines.entries()) {
      const place = `${file.name}:${row + 1}`;
      const line = parseLine(text);
      const places = line && generations.get(line.generation);
      if (line === undefined || places === undefined || line.number >= places.seen.length) {
        show(verdict.broken, `${place}: ${JSON.stringify(text.slice(0, 100))}`);
        continue;
      }
      const before = places.seen[line.number];
      if (before !== undefined) {
        verdict.doubles++;
        again.add(line.generation, line.number, before, place);
        continue;
      }
      places.seen[line.number] = place;
      verdict.lines++;
      if (line.number < places.last) {
        show(verdict.disordered, `${line.generation} ${line.number} at ${place} behind ${places.last}`);
      }
      places.last = Math.max(places.last, line.number);
    }
  }
  again.end();
  for (const [key, { seen }] of generations) addMissing(verdict, key, seen);
  return verdict;
}

/** Where the lines of a generation were found. */
class Places {
  readonly seen: (string | undefined)[];
  last = -1;

  constructor(lines: number) {
    this.seen = new Array<string | undefined>(lines).fill(undefined);
  }
}

/** Puts lines that are doubled one behind the other together. */
class Runs {
  readonly #list: string[];
  #generation = '';
  #from = 0;
  #to = 0;
  #places = '';

  constructor(list: string[]) {
    this.#list = list;
  }

  add(generation: string, number: number, first: string, second: string): void {
    if (generation !== this.#generation || number !== this.#to + 1) {
      this.end();
      this.#generation = generation;
      this.#from = number;
      this.#places = `at ${first} and at ${second}`;
    }
    this.#to = number;
  }

  end(): void {
    if (this.#generation === '') return;
    const to = this.#to > this.#from ? ` to ${this.#to}` : '';
    show(this.#list, `${this.#generation} ${this.#from}${to} ${this.#places}`);
  }
}

function addMissing(verdict: Verdict, key: string, seen: readonly (string | undefined)[]): void {
  for (let from = 0; from < seen.length; from++) {
    if (seen[from] !== undefined) continue;
    let to = from + 1;
    while (to < seen.length && seen[to] === undefined) to++;
    verdict.lost += to - from;
    show(verdict.missing, `${key} ${from}${to - from > 1 ? ` to ${to - 1}` : ''} of ${seen.length}`);
    from = to;
  }
}

function show(list: string[], text: string): void {
  if (list.length < MAX_SHOWN) list.push(text);
  else if (list.length === MAX_SHOWN) list.push('…');
}

/** What is wrong, in words; nothing when all is well. */
export function complaints(name: string, verdict: Verdict): string[] {
  const found: string[] = [];
  const say = (what: string, list: readonly string[]): void => {
    if (list.length > 0) found.push(`${name}: ${what}\n    ${list.join('\n    ')}`);
  };
  say(`${verdict.lost} lines are missing`, verdict.missing);
  say(`${verdict.doubles} lines are there again`, verdict.doubled);
  say('lines out of order', verdict.disordered);
  say('lines that nobody wrote', verdict.broken);
  return found;
}
