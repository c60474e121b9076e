/** What the placeholders of one run stand for: `DIR`, `PORT…`, `HOSTNAME`, and the limits of the agent's clock. */
export type Values = {
  names: Record<string, string>;
  /** The agent's clock when it was started and when it had ended, in milliseconds. */
  clock: { from: number; to: number };
};

/** Replaces `${NAME}` by its value; unknown names stay. */
export function fill(text: string, names: Record<string, string>): string {
  return text.replace(/\$\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole);
}

/** The reverse for comparing: the values that differ from run to run become their placeholders. */
export function unfill(text: string, names: Record<string, string>): string {
  let result = text;
  // Longer values first, so that a port inside another text does not break a path.
  for (const [name, value] of Object.entries(names).sort((a, b) => b[1].length - a[1].length)) {
    if (value === '') continue;
    result = /^\d+$/.test(value)
      ? result.replace(new RegExp(`(?<!\\d)${value}(?!\\d)`, 'g'), `\${${name}}`)
      : result.replaceAll(value, `\${${name}}`);
  }
  return result;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether `actual` is what `expected` says, where `expected` may hold placeholders. */
export function matches(actual: string, expected: string, values: Values): boolean {
  if (actual === expected) return true;
  switch (/^\$\{(\w+)\}$/.exec(expected)?.[1]) {
    case 'NOW':
      return /^\d+$/.test(actual) && Number(actual) >= values.clock.from && Number(actual) <= values.clock.to;
    case 'UUID':
      return UUID.test(actual);
    case 'CLIENT_PORT':
      return /^\d{1,5}$/.test(actual);
  }
  return actual === fill(expected, values.names);
}

/**
 * File names without the clock in them: in each folder the first number taken from the clock becomes `T`, those that
 * count on from it `T+1`, `T+2`; a number that is further away was taken anew and becomes `T2`. Fourteen digits that
 * begin as a year (`ROLLTIME`) become `R1`, `R2` in order.
 */
export function withoutClock(paths: readonly string[]): Map<string, string> {
  const result = new Map<string, string>();
  const groups = new Map<string, { path: string; before: string; stamp: number; after: string }[]>();
  const times = [...new Set(paths.map((path) => /(?<=\/[^/]*)20\d{12}(?!\d)/.exec(path)?.[0]).filter((t) => t))].sort();
  for (const path of paths) {
    const slash = path.lastIndexOf('/') + 1;
    const match = /^(\D*(?:\d{1,12}\D+)*?)(1[78]\d{11})(?!\d)(.*)$/s.exec(path.slice(slash));
    if (match) {
      const before = path.slice(0, slash) + match[1];
      const key = before.replace(/\/[_.]+(?=[^/]*$)/, '/');
      const entry = { path, before, stamp: Number(match[2]), after: match[3] };
      groups.set(key, [...(groups.get(key) ?? []), entry]);
      continue;
    }
    const time = /20\d{12}(?!\d)/.exec(path.slice(slash))?.[0];
    result.set(
      path,
      time ? path.slice(0, slash) + path.slice(slash).replace(time, `R${times.indexOf(time) + 1}`) : path,
    );
  }
  for (const entries of groups.values()) {
    entries.sort((a, b) => a.stamp - b.stamp);
    let base = entries[0].stamp;
    let anew = 1;
    for (const { path, before, stamp, after } of entries) {
      if (stamp - base > 50) {
        base = stamp;
        anew++;
      }
      const name = anew === 1 ? 'T' : `T${anew}`;
      result.set(path, `${before}${name}${stamp === base ? '' : `+${stamp - base}`}${after}`);
    }
  }
  return result;
}

/** The number from the clock that stands in a file name, if any. */
export function clockIn(path: string): number | undefined {
  const match = /(?<!\d)1[78]\d{11}(?!\d)/.exec(path.slice(path.lastIndexOf('/') + 1));
  return match ? Number(match[0]) : undefined;
}

/** The same for an expected name: a real time in it becomes `R1`, `R2` in order. */
export function expectedNames(paths: readonly string[]): string[] {
  const times = [...new Set(paths.map((path) => /20\d{12}(?!\d)/.exec(path.slice(path.lastIndexOf('/')))?.[0]))].sort();
  return paths.map((path) => {
    const slash = path.lastIndexOf('/') + 1;
    const time = /20\d{12}(?!\d)/.exec(path.slice(slash))?.[0];
    return time ? path.slice(0, slash) + path.slice(slash).replace(time, `R${times.indexOf(time) + 1}`) : path;
  });
}
