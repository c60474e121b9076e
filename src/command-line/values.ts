/** What yargs has read: a value, or a list where an option stands more than once. */
export interface ParsedOptions {
  readonly [option: string]: unknown;
}

export function list(value: unknown): string[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

export function last(value: unknown): string | undefined {
  return list(value).at(-1);
}

/** @throws Error unless it is a number of seconds, at least `least` */
export function seconds(value: unknown, option: string, least: number): number {
  const number = Number(Array.isArray(value) ? value.at(-1) : value);
  if (!Number.isFinite(number) || number < least || number > 86_400 * 24) {
    throw new Error(`${option} must be a number of seconds, at least ${least}`);
  }
  return number;
}
