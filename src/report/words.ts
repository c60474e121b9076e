import type { InputReport } from './report.ts';

/** Figures as people read them; shared by the terminal and the page. */

const NONE = '–';

export function numberWords(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** 12.3K from ten thousand on. */
export function shortNumber(value: number): string {
  return value < 10_000
    ? numberWords(value)
    : value.toLocaleString('en-US', { notation: 'compact', maximumFractionDigits: 1 });
}

export function counted(value: number, what: string): string {
  return `${numberWords(value)} ${what}${value === 1 ? '' : 's'}`;
}

/** A share as per cent: more digits at both ends, where they matter. */
export function percent(share: number | null): string {
  if (share === null) return NONE;
  const value = share * 100;
  if (value === 0 || value === 100) return `${value} %`;
  const digits = value < 0.1 || value > 99.9 ? 3 : value < 10 || value > 99 ? 2 : value < 99.95 ? 1 : 2;
  return `${value.toFixed(digits)} %`;
}

/** Seconds. */
export function duration(seconds: number | null): string {
  if (seconds === null) return NONE;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 120) return `${oneDigit(seconds)} s`;
  if (seconds < 3600) return `${oneDigit(seconds / 60)} min`;
  if (seconds < 172_800) return `${oneDigit(seconds / 3600)} h`;
  return `${oneDigit(seconds / 86_400)} days`;
}

function oneDigit(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '');
}

export function bytesWords(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}

/** An ISO time to the minute, or a dash. */
export function minuteWords(iso: string | null): string {
  return iso === null ? NONE : iso.slice(0, 16).replace('T', ' ');
}

/** The beginning of a bucket. */
export function timeWords(iso: string, bucket: string): string {
  return iso.slice(0, bucket === 'second' ? 19 : bucket === 'day' ? 10 : 16).replace('T', ' ');
}

/** `8.3×`; what nothing else has is told so. */
export function liftWords(lift: number | null): string {
  return lift === null ? 'only here' : `${lift >= 10 ? Math.round(lift) : lift.toFixed(1)}×`;
}

/** What to say of a lake without rows: perhaps they are of another format, or not whole yet. */
export function noRows(input: Pick<InputReport, 'damagedRows' | 'foreign' | 'inUse'>): string {
  const { damagedRows, foreign, inUse } = input;
  if (damagedRows === 0 && foreign === 0) {
    if (inUse === 0) return 'There are no rows in it.';
    const files = inUse === 1 ? '1 file is' : `${numberWords(inUse)} files are`;
    return `There are no rows in it yet: ${files} being written, and read once closed (hdfs.rollInterval, hdfs.idleTimeout).`;
  }
  return 'There are no rows of JSON in it. Of the formats of sentry_rows json is read, which is the default; delimited is not.';
}

const BARS = '▁▂▃▄▅▆▇█';

/** One character a value; nothing at all is a blank. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(...values, 1);
  return values
    .map((value) => (value === 0 ? ' ' : BARS[Math.max(0, Math.ceil((value / most) * BARS.length) - 1)]))
    .join('');
}

/** Values put together into at most `parts` sums. */
export function squeezed(values: readonly number[], parts: number): number[] {
  if (values.length <= parts) return [...values];
  const sums = Array.from({ length: parts }, () => 0);
  for (const [index, value] of values.entries()) sums[Math.floor((index * parts) / values.length)]! += value;
  return sums;
}
