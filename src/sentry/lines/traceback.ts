import type { OpenRow } from './log-row.ts';

/** What Python prints before the frames of an exception, or of a group of them. */
const HEAD = 'Traceback (most recent call last):';
const GROUP = '  + Exception Group ';
const EXCEPTION = /^([A-Za-z_][\w.]*)(?:: ?([\s\S]*))?$/;

/**
 * Reads the traceback in a text, chained ones too, into type, value and stacktrace of a row: type and value are those of the last exception, the one
 * that nobody handled; the stack trace is all that Python printed.
 * @returns where the traceback begins, or -1 when there is none
 */
export function readTraceback(text: string, row: OpenRow): number {
  const first = headAt(text, text.indexOf(HEAD));
  if (first < 0) return -1;
  row.stacktrace = text.slice(first).trimEnd();
  let last = first;
  for (let at = text.indexOf(HEAD, first + HEAD.length); at >= 0; at = text.indexOf(HEAD, at + HEAD.length)) {
    // One within a group is indented.
    if (isHead(text, at)) last = at;
  }
  const lines = text.slice(lineStart(text, last)).split('\n');
  const margin = lines[0]!.startsWith('  + ') ? '  | ' : '';
  const bare = (line: string): string => (line.startsWith(margin) ? line.slice(margin.length) : line);
  // Frames are indented; the exception is not.
  let at = 1;
  while (at < lines.length && /^(?:\s|$)/.test(bare(lines[at]!))) at++;
  const said = lines.slice(at).map(bare);
  const end = margin === '' ? said.length : said.findIndex((line) => line.startsWith('  +-'));
  const exception = EXCEPTION.exec(
    said
      .slice(0, end < 0 ? said.length : end)
      .join('\n')
      .trimEnd(),
  );
  if (exception === null) return first;
  const [, name, value] = exception;
  // As SDKs have it: the class without its module.
  row.type = name!.slice(name!.lastIndexOf('.') + 1);
  if (value !== undefined && value !== '') row.value = value;
  return first;
}

/** The first place from `at` on that is a head; -1 when there is none. */
function headAt(text: string, at: number): number {
  let found = at;
  while (found >= 0 && !isHead(text, found)) found = text.indexOf(HEAD, found + HEAD.length);
  return found < 0 ? -1 : lineStart(text, found);
}

/** Whether it begins its line, or does so behind the mark of a group. */
function isHead(text: string, at: number): boolean {
  return isLineStart(text, at) || (text.startsWith(GROUP, at - GROUP.length) && isLineStart(text, at - GROUP.length));
}

function isLineStart(text: string, at: number): boolean {
  return at === 0 || text[at - 1] === '\n';
}

function lineStart(text: string, at: number): number {
  return isLineStart(text, at) ? at : at - GROUP.length;
}
