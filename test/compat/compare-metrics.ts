type Metrics = Record<string, Record<string, string>>;

/** Counters that depend on how often an idle component looks, or on when it was started. */
const CHANCE = new Set([
  'StartTime',
  'StopTime',
  'EventTakeAttemptCount',
  'BatchEmptyCount',
  'BatchUnderflowCount',
  'BatchCompleteCount',
]);

/**
 * What differs between two JSON counter documents: the components, their keys, and every value that does not depend on
 * chance. Names in `free` may have any value of the same kind.
 */
export function sameMetrics(actual: string, expected: string, free: ReadonlySet<string> = CHANCE): string[] {
  let got: Metrics;
  try {
    got = JSON.parse(actual) as Metrics;
  } catch {
    return [`no JSON: ${actual.slice(0, 200)}`];
  }
  const wanted = JSON.parse(expected) as Metrics;
  const problems: string[] = [];
  for (const name of new Set([...Object.keys(wanted), ...Object.keys(got)])) {
    if (!wanted[name]) problems.push(`not expected: ${name}`);
    else if (!got[name]) problems.push(`missing: ${name}`);
    else {
      for (const key of new Set([...Object.keys(wanted[name]), ...Object.keys(got[name])])) {
        const [mine, flumes] = [got[name][key], wanted[name][key]];
        if (flumes === undefined) problems.push(`${name}: key ${key} is not expected`);
        else if (mine === undefined) problems.push(`${name}: key ${key} is missing`);
        else if (typeof mine !== typeof flumes) problems.push(`${name}.${key}: ${typeof mine}, not ${typeof flumes}`);
        else if (free.has(key)) {
          if (!/^\d+$/.test(mine)) problems.push(`${name}.${key}: ${mine} is no number`);
        } else if (mine !== flumes) problems.push(`${name}.${key}: ${mine}, not ${flumes}`);
      }
    }
  }
  return problems;
}
