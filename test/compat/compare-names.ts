import { expectedNames, withoutClock } from './placeholders.ts';

/** What differs between the names of files that are there and those expected, which hold `T`, `T+1` … for the clock. */
export function compareNames(actual: readonly string[], expected: readonly string[]): string[] {
  const got = [...withoutClock(actual).values()].sort();
  const wanted = expectedNames(expected).sort();
  const problems = wanted.filter((name) => !got.includes(name)).map((name) => `missing: ${name}`);
  for (const name of got) if (!wanted.includes(name)) problems.push(`not expected: ${name}`);
  if (problems.length === 0 && got.length !== wanted.length) problems.push(`${got.length} names, not ${wanted.length}`);
  return problems;
}

/** Whether the names are as expected. */
export function sameNames(actual: readonly string[], expected: readonly string[]): boolean {
  return compareNames(actual, expected).length === 0;
}
