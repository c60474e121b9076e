import { type PropertiesNode, Properties as PropertiesParser, type PropertyNode } from 'properties-file/parser';
import { SluiceError } from '../errors.ts';
import type { Location, Problem } from '../options/problem.ts';
import { trim } from '../options/trim.ts';

/** One property of a file, with the places of its key and of its value. Both texts are trimmed, as Flume does. */
export interface Property {
  readonly key: string;
  readonly value: string;
  readonly at: Location;
  readonly valueAt: Location;
}

export interface ParsedProperties {
  /** In the order of the file; of a key that stands there twice only the last, as Java does. */
  readonly properties: readonly Property[];
  readonly problems: readonly Problem[];
}

/** A configuration file larger than this is none. */
export const MAX_FILE_BYTES = 16 << 20;
/** No key of Flume comes near; it bounds what messages and look-ups cost. */
const MAX_KEY_CHARS = 1024;
const MAX_VALUE_CHARS = 1 << 18;
const MAX_PROPERTIES = 50_000;

/**
 * Reads a file of properties as Java's `Properties.load(InputStream)` does: ISO-8859-1, `\uXXXX`, continuation lines.
 * A malformed `\u` is a problem with its place, and everything else of the file is still read.
 *
 * @param file the name for places
 * @throws SluiceError CONFIG_UNREADABLE for what cannot be a file of properties: binary, larger than 16 MiB, more than 50,000 keys
 */
export function parseProperties(bytes: Buffer, file: string): ParsedProperties {
  if (bytes.length > MAX_FILE_BYTES) {
    throw new SluiceError('CONFIG_UNREADABLE', `${file} has ${bytes.length} bytes; at most ${MAX_FILE_BYTES} are read`);
  }
  refuseBinary(bytes, file);
  const problems: Problem[] = [];
  let text = bytes.toString('latin1');
  if (text.startsWith('\u00ef\u00bb\u00bf')) {
    // Java would take the mark for a part of the first key.
    text = text.slice(3);
    problems.push({
      severity: 'warning',
      component: 'configuration',
      message: 'the file begins with a byte order mark, which is skipped',
      hint: 'save it without, Flume stumbles over it',
      at: { file, line: 1, column: 1 },
    });
  }
  const nodes = parseNodes(text, file, problems);
  return { properties: collect(nodes, file, problems), problems };
}

function refuseBinary(bytes: Buffer, file: string): void {
  const nul = bytes.indexOf(0);
  if (nul < 0) return;
  const utf16 = bytes.length >= 2 && (bytes.readUInt16BE(0) === 0xfeff || bytes.readUInt16BE(0) === 0xfffe);
  throw new SluiceError(
    'CONFIG_UNREADABLE',
    utf16
      ? `${file} is UTF-16; save it as ISO-8859-1 or ASCII, other characters as \\uXXXX`
      : `${file} is not a text file: there is a NUL byte at offset ${nul}`,
  );
}

/** A `\u` with less than four hexadecimal digits behind it, behind an even number of backslashes. Digits may lie across a continuation. */
const BAD_UNICODE = /(?<!\\)((?:\\\\)*)\\u(?!(?:[0-9a-fA-F](?:\\(?:\r\n|\r|\n)[ \t\f]*)?){4})/g;

function parseNodes(text: string, file: string, problems: Problem[]): readonly PropertiesNode[] {
  try {
    return new PropertiesParser(text).nodes;
  } catch {
    // The parser names the bad text alone: find the places, and read the rest with those taken literally.
    const nodes = new PropertiesParser(text.replace(BAD_UNICODE, '$1\\\\u')).nodes;
    const lines = text.split(/\r\n|\r|\n/);
    for (const node of nodes) {
      if (node.type !== 'property') continue;
      for (let line = node.startingLineNumber; line <= node.endingLineNumber; line++) {
        const raw = `${lines[line - 1] ?? ''}\n${lines[line] ?? ''}`;
        const end = lines[line - 1]?.length ?? 0;
        for (const match of raw.matchAll(BAD_UNICODE)) {
          const start = match.index + match[1]!.length;
          if (start >= end) break;
          problems.push({
            severity: 'error',
            component: `property ${short(node.key)}`,
            message: `malformed escape "${raw.slice(start, Math.min(start + 6, end))}"`,
            hint: 'four hexadecimal digits follow \\u; a backslash itself is written \\\\',
            at: { file, line, column: start + 1 },
          });
        }
      }
    }
    return nodes;
  }
}

function collect(nodes: readonly PropertiesNode[], file: string, problems: Problem[]): readonly Property[] {
  const found = new Map<string, Property>();
  for (const node of nodes) {
    if (node.type !== 'property') continue;
    const at = placeIn(node, node.leadingWhitespace.length, file);
    const key = trim(node.key);
    const tooLong = lengthProblem(key, node.value);
    if (tooLong !== undefined) {
      const component = `property ${short(key)}`;
      problems.push({ severity: 'error', component, message: tooLong, hint: 'is a line end missing?', at });
      continue;
    }
    const property = { key, value: trim(node.value), at, valueAt: placeIn(node, valueOffset(node), file) };
    const earlier = found.get(key);
    if (earlier !== undefined) {
      problems.push({
        severity: 'warning',
        component: `property ${key}`,
        message: `is set again; the value of line ${earlier.at.line} is not used`,
        at,
      });
      found.delete(key);
    }
    found.set(key, property);
    if (found.size > MAX_PROPERTIES) {
      throw new SluiceError('CONFIG_UNREADABLE', `${file} has more than ${MAX_PROPERTIES} properties`);
    }
    warnOfUtf8(property, problems);
  }
  return [...found.values()];
}

function lengthProblem(key: string, value: string): string | undefined {
  if (key.length > MAX_KEY_CHARS) return `the key has ${key.length} characters; at most ${MAX_KEY_CHARS} are read`;
  if (value.length > MAX_VALUE_CHARS) {
    return `the value has ${value.length} characters; at most ${MAX_VALUE_CHARS} are read`;
  }
  return undefined;
}

/** Flume reads the bytes of UTF-8 as so many Latin letters; whoever wrote them did not mean that. */
function warnOfUtf8(property: Property, problems: Problem[]): void {
  if (!/[\u0080-\u00ff]/.test(property.value)) return;
  const bytes = Buffer.from(property.value, 'latin1');
  const text = bytes.toString('utf8');
  if (text.includes('\ufffd') || /[^\0-\u00ff]/.test(property.value)) return;
  const first = [...text].find((character) => character > '\u007f') ?? '';
  const codes = Array.from({ length: first.length }, (_, i) => first.charCodeAt(i).toString(16).padStart(4, '0'));
  problems.push({
    severity: 'warning',
    component: `property ${property.key}`,
    message: 'the value holds UTF-8, which is read as ISO-8859-1, as Flume does',
    hint: `write ${first} as ${codes.map((hex) => `\\u${hex}`).join('')}`,
    at: property.valueAt,
  });
}

function valueOffset(node: PropertyNode): number {
  return (
    node.leadingWhitespace.length +
    node.escapedKey.length +
    node.separatorLeading.length +
    (node.separatorChar === undefined ? 0 : 1) +
    node.separatorTrailing.length
  );
}

/** The place of a character of the logical line, which may have been continued over several lines. */
function placeIn(node: PropertyNode, offset: number, file: string): Location {
  let left = offset;
  const last = node.rawLines.length - 1;
  for (let i = 0; i < last; i++) {
    const raw = node.rawLines[i]!;
    const indent = i === 0 ? 0 : /^[ \t\f]*/.exec(raw)![0].length;
    const length = raw.length - 1 - indent;
    if (left < length) return { file, line: node.startingLineNumber + i, column: indent + left + 1 };
    left -= length;
  }
  const indent = last === 0 ? 0 : /^[ \t\f]*/.exec(node.rawLines[last]!)![0].length;
  return { file, line: node.startingLineNumber + last, column: indent + left + 1 };
}

function short(key: string): string {
  return key.length <= 80 ? key : `${key.slice(0, 80)}…`;
}
