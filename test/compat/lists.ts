import { readFileSync } from 'node:fs';
import type { Case } from './case.ts';
import type { Aspect } from './verdict.ts';

/** A case, or all of a group (`GROUP/*`), that does not pass yet. */
export type NotYet = {
  cases: string[];
  reason: string;
  /** The component it waits for, as `source netcat`: once the registry has it the entry is stale. */
  waitsFor?: string;
};

/** A difference from Flume on purpose: what Sluice does instead. Expectations of its own stand in `test/compat/expected/GROUP/NAME/`. */
export type Difference = {
  cases: string[];
  /** Why, as in the README's table of differences. */
  reason: string;
  /** Sluice's exit status. */
  exit?: number;
  /** Whether Sluice is still alive before the stop. */
  alive?: boolean;
  /** Regular expressions that its log must match; by case where the entry has several. */
  log?: string[];
  logs?: Record<string, string[]>;
  /** More events than recorded are fine. */
  atLeast?: boolean;
  /** What is not compared. */
  ignore?: Aspect[];
};

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as T;
}

export const NOT_YET = read<NotYet[]>('not-yet.json');
export const DIFFERS = read<Difference[]>('differs.json');

/** Whether a list's pattern means the case. */
export function means(pattern: string, id: string): boolean {
  return pattern.endsWith('*') ? id.startsWith(pattern.slice(0, -1)) : pattern === id;
}

/** The entry of the cases that do not pass yet, if the case is among them. */
export function notYet(testCase: Case): NotYet | undefined {
  return NOT_YET.find((entry) => entry.cases.some((pattern) => means(pattern, testCase.id)));
}

/** The differences on purpose of a case, joined. */
export function differenceOf(testCase: Case): Difference | undefined {
  const entries = DIFFERS.filter((entry) => entry.cases.some((pattern) => means(pattern, testCase.id)));
  if (entries.length === 0) return undefined;
  const logs = entries.flatMap((entry) => [...(entry.log ?? []), ...(entry.logs?.[testCase.id] ?? [])]);
  return {
    ...Object.assign({}, ...entries),
    log: logs.length > 0 ? logs : undefined,
    ignore: entries.flatMap((entry) => entry.ignore ?? []),
  };
}
