import { waitFor } from '../support/wait-for.ts';
import { readBack } from './read-back.ts';
import type { Named, Output } from './scenario.ts';
import { complaints, inOrder, judge, type OutputFile } from './verdict.ts';

const PATIENCE_MS = 30_000;

/** Waits until each output has so many lines; what is wrong with them is seen later. Gives what is wrong already. */
export async function allDelivered(
  outputs: readonly Output[],
  lines: number,
  patienceMs = PATIENCE_MS,
): Promise<string[]> {
  const problems: string[] = [];
  for (const output of outputs) {
    const counter = new LineCounter(output);
    try {
      const what = `all lines in ${output.name}`;
      await waitFor(async () => (await counter.count()) >= lines, { timeoutMs: patienceMs, everyMs: 200, what });
    } catch (error) {
      problems.push(
        `${output.name}: after ${patienceMs / 1000} s ${counter.last} of ${lines} lines are there: ${error}`,
      );
    }
  }
  return problems;
}

/** Counts the different lines of an output that grows; files that did not grow are not read again. */
export class LineCounter {
  readonly #output: Output;
  readonly #known = new Map<string, { size: number; lines: readonly string[] }>();
  last = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  async count(): Promise<number> {
    const list = await this.#output.list();
    const present = new Map<string, readonly string[]>();
    for (const file of list) {
      let known = this.#known.get(file.name);
      if (known?.size !== file.size || file.size === 0) {
        const isForeign = (name: string): boolean => this.#output.foreign.some((one) => one.name === name);
        const [read] = await readBack([file], this.#output.reader, isForeign, true);
        known = {
          size: file.size,
          lines: read?.lines.map((line) => identity(this.#output.split?.(line).line ?? line)) ?? [],
        };
        this.#known.set(file.name, known);
      }
      present.set(file.name, known.lines);
    }
    // A file may have been cut back, and its lines come again: what was seen before does not count.
    this.last = new Set([...present.values()].flat()).size;
    return this.last;
  }
}

/** A short name of a line. */
function identity(line: string): string {
  return line.slice(0, line.indexOf(' ', line.indexOf(' ') + 1));
}

/** What an output has come to. */
export interface Inspection {
  readonly problems: readonly string[];
  readonly lost: number;
  readonly doubled: number;
}

/** Reads an output back, once its agent has ended in good order. */
export async function inspect(output: Output, written: ReadonlyMap<string, number>): Promise<Inspection> {
  const problems: string[] = [];
  const list = await output.list();
  const foreign = new Set(output.foreign.map(({ name }) => name));
  const inUse = list.filter(({ name }) => !foreign.has(name) && name.endsWith('.tmp'));
  if (inUse.length > 0) problems.push(`left in use: ${inUse.map(({ name }) => name).join(', ')}`);
  for (const { objection } of output.foreign) {
    const what = await objection();
    if (what !== undefined) problems.push(what);
  }
  try {
    const files = await readBack(list, output.reader, (name) => foreign.has(name), false);
    const { kept, dropped } = output.split === undefined ? { kept: files, dropped: 0 } : once(files, output.split);
    const verdict = judge(written, kept, output);
    problems.push(...complaints(output.name, verdict));
    return { problems, lost: verdict.lost, doubled: verdict.doubles + dropped };
  } catch (error) {
    const { message, cause } = error as Error;
    problems.push(`${output.name}: ${message}: ${String(cause)}`);
    return { problems, lost: 0, doubled: 0 };
  }
}

/** What a reader keeps that drops events whose key it has seen. */
function once(files: readonly OutputFile[], split: (text: string) => Named): { kept: OutputFile[]; dropped: number } {
  const seen = new Set<string>();
  let dropped = 0;
  const kept = inOrder(files).map(({ name, lines }) => {
    const fresh: string[] = [];
    for (const text of lines) {
      const { key, line } = split(text);
      if (seen.has(key)) dropped++;
      else fresh.push(line);
      seen.add(key);
    }
    return { name, lines: fresh };
  });
  return { kept, dropped };
}
