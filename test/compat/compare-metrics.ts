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
  // The agent's own counters are Sluice's.
  const mine = Object.keys(got).filter((name) => !name.startsWith('AGENT.'));
  for (const name of new Set([...Object.keys(wanted), ...mine])) {
    if (!wanted[name]) problems.push(`not expected: ${name}`);
    else if (!got[name]) problems.push(`missing: ${name}`);
    else {
      for (const key of new Set([...Object.keys(wanted[name]), ...Object.keys(got[name])])) {
        const [ours, flumes] = [got[name][key], wanted[name][key]];
        if (flumes === undefined) problems.push(`${name}: key ${key} is not expected`);
        else if (ours === undefined) problems.push(`${name}: key ${key} is missing`);
        else if (typeof ours !== typeof flumes) problems.push(`${name}.${key}: ${typeof ours}, not ${typeof flumes}`);
        else if (free.has(key)) {
          if (!/^\d+$/.test(ours)) problems.push(`${name}.${key}: ${ours} is no number`);
        } else if (ours !== flumes) problems.push(`${name}.${key}: ${ours}, not ${flumes}`);
      }
    }
  }
  return problems;
}
