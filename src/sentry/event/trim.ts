/** So many characters each column holds at most, as Relay cuts them. */
export const LIMITS = {
  text: 8192,
  name: 200,
  label: 64,
  host: 256,
  title: 256,
  sdk: 128,
} as const;

const MARK = '...';

/** The text, at most so many characters of it; a cut ends in three dots and takes no character apart. */
export function trim(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = most - MARK.length;
  // Half of a surrogate pair is no character.
  const half = text.charCodeAt(end - 1);
  return text.slice(0, half >= 0xd800 && half <= 0xdbff ? end - 1 : end) + MARK;
}

/** The same for what may be missing. */
export function trimmed(text: string | undefined, most: number): string | undefined {
  return text === undefined ? undefined : trim(text, most);
}

/** What stands before the first line break; blank lines in front are skipped. */
export function firstLine(text: string): string {
  const start = text.search(/\S/);
  if (start < 0) return '';
  const end = text.slice(start).search(/[\r\n]/);
  return (end < 0 ? text.slice(start) : text.slice(start, start + end)).trimEnd();
}
