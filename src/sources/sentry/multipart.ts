import { Refusal } from '../../rpc/http/refusal.ts';

/** A field or file of a form. */
export interface Part {
  readonly name: string;
  /** Of files alone. */
  readonly filename: string | undefined;
  readonly contentType: string | undefined;
  /** Sharing memory with the body. */
  readonly bytes: Buffer;
}

const MOST_PARTS = 200;
const LONGEST_HEADERS = 16 << 10;
const BLANK_LINE = Buffer.from('\r\n\r\n');

/** The boundary that a Content-Type names; `undefined` when it is no form in parts. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  const found = /^multipart\/form-data\s*;.*?boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/is.exec(contentType ?? '');
  return found?.[1] ?? found?.[2];
}

/**
 * Reads a form in parts.
 * @throws Refusal 400 for what is none
 */
export function readParts(body: Buffer, boundary: string): Part[] {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  const first = delimiter.subarray(2);
  const parts: Part[] = [];
  let at = body.indexOf(first);
  if (at < 0) throw invalid('no boundary');
  at += first.length;
  for (;;) {
    if (body.toString('latin1', at, at + 2) === '--') return parts;
    const start = body.indexOf('\n', at);
    if (start < 0) throw invalid('unexpected end');
    // No further: of a body of carriage returns each byte would look like the begin of a blank line.
    const headersEnd = body.subarray(0, start + LONGEST_HEADERS).indexOf(BLANK_LINE, start - 1);
    if (headersEnd < 0) throw invalid('a part without a head');
    const from = headersEnd + BLANK_LINE.length;
    // A part without content: the blank line's end begins the next boundary.
    const end = body.indexOf(delimiter, from - 2);
    if (end < 0) throw invalid('unexpected end');
    if (parts.length === MOST_PARTS) throw invalid(`more than ${MOST_PARTS} parts`);
    const part = partOf(body.toString('utf8', start, headersEnd), body.subarray(from, Math.max(from, end)));
    if (part !== undefined) parts.push(part);
    at = end + delimiter.length;
  }
}

function partOf(headers: string, bytes: Buffer): Part | undefined {
  const disposition = /^content-disposition:\s*form-data\s*;(.*)$/im.exec(headers)?.[1] ?? '';
  const name = parameter(disposition, 'name');
  if (name === undefined) return undefined;
  return {
    name,
    filename: parameter(disposition, 'filename'),
    contentType: /^content-type:(.*)$/im.exec(headers)?.[1]?.trim() || undefined,
    bytes,
  };
}

function parameter(disposition: string, name: string): string | undefined {
  const found = new RegExp(`(?:^|;)\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]*))`, 'i').exec(disposition);
  return (found?.[1]?.replace(/\\(["\\])/g, '$1') ?? found?.[2])?.slice(0, 1024);
}

function invalid(why: string): Refusal {
  return new Refusal(400, `invalid multipart data: ${why}`);
}
