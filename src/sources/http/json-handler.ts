import { EventBatch } from '../../event/event-batch.ts';
import { ConstantColumn, type HeaderColumn, TextColumn } from '../../event/header-columns.ts';
import { Refusal } from '../../rpc/http/refusal.ts';
import { type BodyCharset, charsetOf, decode, encode, wellFormed } from './charset.ts';
import type { Handler } from './handler.ts';
import { JsonEscapeError, JsonNullError, JsonSyntaxError, LenientJson } from './lenient-json.ts';

const CHARSETS: readonly BodyCharset[] = ['UTF-8', 'UTF-16', 'UTF-32'];

const OPEN_BRACKET = 0x5b;

/** A request of many events, each with headers of its own, would make a table of rows times names; more cells than this are refused. */
const MAX_CELLS = 4_000_000;

/**
 * Flume's JSONHandler: an array of `{"headers": {"name": "value"}, "body": "text"}`. The charset of the Content-Type
 * decides how the text is read and how bodies are encoded; without one only JSON is read as UTF-8.
 */
export const jsonHandler: Handler = (request) => {
  const { named, assumed } = charsetOf(request.headers['content-type']);
  const charset = CHARSETS.find((known) => known === (named ?? 'UTF-8'));
  if (charset === undefined) throw new Refusal(500, 'JSON handler supports UTF-8, UTF-16 and UTF-32 only.');
  try {
    return readEvents(decode(request.body, named === undefined ? assumed : charset), charset);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new Refusal(400, `Request has invalid JSON Syntax: ${error.message}`);
    if (error instanceof JsonNullError || error instanceof JsonEscapeError)
      throw new Refusal(500, `Deserializer: ${error.message}`);
    throw error;
  }
};

function readEvents(text: string, charset: BodyCharset): EventBatch {
  const json = new LenientJson(text);
  json.prefix();
  if (json.peek() < 0 || json.takeNull()) throw new JsonNullError('the list of events is null');
  const bodies: string[] = [];
  const columns = new Map<string, (string | undefined)[]>();
  json.array(() => {
    if (json.takeNull()) throw new JsonNullError('an event is null');
    const row = bodies.length;
    let body = '';
    let headers: Map<string, string | undefined> | undefined;
    json.object((field) => {
      if (field === 'body') body = json.string() ?? '';
      else if (field === 'headers') headers = readHeaders(json);
      else json.skip();
    });
    bodies.push(body);
    if (headers === undefined) return;
    for (const [name, value] of headers) {
      // A header without a value is none; Flume keeps a null that kills the sinks.
      if (value === undefined) continue;
      let column = columns.get(name);
      if (column === undefined) {
        column = [];
        columns.set(name, column);
      }
      column[row] = value;
    }
    if (columns.size * bodies.length > MAX_CELLS)
      throw new Refusal(413, `more than ${MAX_CELLS} header cells (events times different header names)`);
  });
  json.end();
  return toBatch(bodies, columns, charset);
}

/** Headers as an object, or, as Gson reads maps too, as an array of `[name, value]`. */
function readHeaders(json: LenientJson): Map<string, string | undefined> | undefined {
  if (json.takeNull()) return undefined;
  const headers = new Map<string, string | undefined>();
  const set = (name: string): void => {
    if (headers.get(name) !== undefined) throw json.wrong(`the header "${name}" twice`);
    const value = json.string();
    headers.set(wellFormed(name), value === undefined ? undefined : wellFormed(value));
  };
  if (json.peek() !== OPEN_BRACKET) {
    json.object(set);
    return headers;
  }
  const leftOut = json.wrong('[name, value] expected');
  json.array(() => {
    if (!json.take('[')) throw json.wrong('[name, value] expected');
    const name = json.string();
    if (name === undefined || !(json.take(',') || json.take(';'))) throw json.wrong('[name, value] expected');
    set(name);
    if (!json.take(']')) throw json.wrong('] expected');
  }, leftOut);
  return headers;
}

function toBatch(
  bodies: readonly string[],
  columns: ReadonlyMap<string, readonly (string | undefined)[]>,
  charset: BodyCharset,
): EventBatch {
  const starts = new Uint32Array(bodies.length);
  const ends = new Uint32Array(bodies.length);
  const encoded = bodies.map((text) => encode(text, charset));
  let at = 0;
  for (let row = 0; row < encoded.length; row++) {
    starts[row] = at;
    at += encoded[row].length;
    ends[row] = at;
  }
  const headers: HeaderColumn[] = [];
  for (const [name, values] of columns) headers.push(toColumn(name, values, bodies.length));
  return new EventBatch({ body: Buffer.concat(encoded, at), starts, ends, headers });
}

function toColumn(name: string, values: readonly (string | undefined)[], rows: number): HeaderColumn {
  const first = values[0];
  if (first !== undefined && values.length === rows && values.every((value) => value === first))
    return new ConstantColumn(name, first);
  return new TextColumn(name, values);
}
