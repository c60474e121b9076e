import { levelOf } from '../event/fields.ts';
import { parseTime } from '../time.ts';
import { type LogLine, type OpenRow, Pairs } from './log-row.ts';

/*
 * Relay's text log. `2026-11-23T00:00:03.665442Z ERROR target::path: message error=… error.sources=[a, b]`, where spans may stand before the target
 * (`request{method=POST uri=/}: `), and before 2023 `2023-01-31T05:44:42Z [target] DEBUG: message` with lines of `  caused by: …`.
 */

const HEAD =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (?: ?(TRACE|DEBUG|INFO|WARN|ERROR) |\[([^\]\n]{1,500})\] ([A-Z]{4,5}): ?)/;
const TARGET = /^([\w.-]+(?:::[\w.<>#{}-]+)*):(?: |$)/;
const SPANS_START = /^[\w.:-]{1,200}\{/;
const SPANS_END = '}: ';
const SPAN_FIELD = /(?:^| )([A-Za-z_][\w.]*)=/g;
/**
 * The fields that Relay writes behind a message. Values stand without quotes and hold blanks, and messages hold `name=` as well: so no others are
 * taken for fields.
 */
const FIELD =
  / (tags\.[\w.-]+|error|error\.sources|latency|status|attempts?|http_error|error_code|project_key|project_id|event_id|organization_id|org_id|relay_id|namespace|duration|backoff|retries)=/g;
const PANIC = /^thread '[^'\n]*' panicked at (?:'(.*)', \S+|[^\n]*?:\d+:\d+:(?:\n| )([\s\S]*))$/;
const CAUSE = /^\s+caused by: (.*)$/;
const FRAME = /^\s+(?:\d+: |at \S|stack backtrace:)|^stack backtrace:/;

export function readRelayText(text: string): LogLine | undefined {
  const head = HEAD.exec(text);
  if (head === null) return undefined;
  const time = parseTime(head[1]!);
  if (Number.isNaN(time)) return undefined;
  const row: OpenRow = { level: levelOf(head[2] ?? head[4]!) };
  const pairs = new Pairs(row);
  const lineEnd = text.indexOf('\n');
  let line = lineEnd < 0 ? text.slice(head[0].length) : text.slice(head[0].length, lineEnd);
  if (head[3] !== undefined) row.logger = head[3];
  else {
    line = line.slice(readSpans(line, pairs));
    const target = TARGET.exec(line);
    if (target === null) return undefined;
    row.logger = target[1]!;
    line = line.slice(target[0].length);
  }
  const message = readFields(line, pairs).trim();
  row.message = lineEnd < 0 ? message : readMore(text.slice(lineEnd + 1), message, row, pairs);
  readPanic(row);
  pairs.close();
  return { time, row };
}

/** Spans before the target: the innermost one's name, and the fields of all. @returns how long they are */
function readSpans(line: string, pairs: Pairs): number {
  if (!SPANS_START.test(line)) return 0;
  const end = line.indexOf(SPANS_END);
  if (end < 0) return 0;
  const spans = line.slice(0, end).split('}:').reverse();
  for (const [i, span] of spans.entries()) {
    const brace = span.indexOf('{');
    if (i === 0) pairs.tag('span', brace < 0 ? span : span.slice(0, brace));
    if (brace >= 0)
      for (const [name, value] of cut(span.slice(brace + 1), SPAN_FIELD)) addSpanField(pairs, name, value);
  }
  return end + SPANS_END.length;
}

const PROJECT_PATH = /^\/api\/([1-9]\d{0,19})\//;

/** A field of a span; the path of a request tells the project. */
export function addSpanField(pairs: Pairs, name: string, value: unknown): void {
  if (name === 'uri' && typeof value === 'string') {
    const project = PROJECT_PATH.exec(value)?.[1];
    if (project !== undefined) pairs.add('project_id', project);
  }
  pairs.addValue(`span.${name}`, value);
}

/** Takes the fields off the end of a line. @returns what stands before them */
function readFields(line: string, pairs: Pairs): string {
  FIELD.lastIndex = 0;
  const first = FIELD.exec(line);
  if (first === null) return line;
  for (const [name, value] of cut(line.slice(first.index), FIELD))
    pairs.add(name.startsWith('tags.') ? name.slice(5) : name, value);
  return line.slice(0, first.index);
}

/** Names and values of a text that begins with a name, by the places where names stand. */
function* cut(text: string, name: RegExp): Generator<[string, string]> {
  let before: RegExpExecArray | undefined;
  name.lastIndex = 0;
  for (const match of text.matchAll(name)) {
    if (before !== undefined) yield [before[1]!, text.slice(before.index + before[0].length, match.index)];
    before = match;
  }
  if (before !== undefined) yield [before[1]!, text.slice(before.index + before[0].length).trimEnd()];
}

/** The lines that continue it: causes, a back trace, or more of the message. @returns the whole message */
function readMore(rest: string, message: string, row: OpenRow, pairs: Pairs): string {
  const causes: string[] = [];
  const said = [message];
  const lines = rest.split('\n');
  for (const [i, line] of lines.entries()) {
    const cause = CAUSE.exec(line);
    if (cause !== null) causes.push(cause[1]!);
    else if (FRAME.test(line)) {
      row.stacktrace = lines.slice(i).join('\n').trimEnd();
      break;
    } else said.push(line);
  }
  // Under the name that they have today.
  if (causes.length > 0) pairs.add('error.sources', `[${causes.join(', ')}]`);
  return said.join('\n').trimEnd();
}

/** What a thread of Rust says that panics: the text is behind the place. */
export function readPanic(row: OpenRow): void {
  const panic = PANIC.exec(row.message ?? '');
  if (panic === null) return;
  row.type = 'panic';
  const value = panic[1] ?? panic[2];
  if (value !== undefined && value !== '') row.value = value;
}
