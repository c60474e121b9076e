import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

const FIXTURES = join(import.meta.dirname, '../../fixtures');

export interface ExpectedEnvelope {
  readonly status: number | string;
  readonly event_id?: string | null;
  readonly items?: readonly (readonly [type: string, bytes: number])[];
  readonly why?: string;
}

/** The sample envelopes by name, with what is to come of them. */
export function sampleEnvelopes(): { name: string; bytes: Buffer; expected: ExpectedEnvelope }[] {
  const all = readJson('sentry/EXPECTED-envelopes.json') as Record<string, ExpectedEnvelope>;
  return Object.entries(all).map(([name, expected]) => ({ name, bytes: readSample(`${name}.envelope`), expected }));
}

export function readSample(name: string): Buffer {
  return readFileSync(join(FIXTURES, 'sentry', name));
}

export interface ExpectedWire {
  readonly decoded_bytes: number;
  readonly decoded_sha256: string;
  readonly envelope_event_id?: string;
  readonly header_keys?: readonly string[];
  readonly items: readonly {
    readonly type: string;
    readonly bytes: number;
    /** Of an event for /store/ it is that of the whole. */
    readonly sha256?: string;
    readonly event_id?: string;
    readonly item_count?: number;
  }[];
}

/** A request as a real SDK sent it. */
export interface WireRequest {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly chunks: number;
  readonly body: Buffer;
  readonly expected: ExpectedWire;
}

/** Every recorded request. */
export function wireRequests(): WireRequest[] {
  const all = readJson('sentry-wire/EXPECTED.json') as Record<string, ExpectedWire>;
  return Object.entries(all).map(([name, expected]) => ({
    ...(readJson(`sentry-wire/${name}.http.json`) as Omit<WireRequest, 'name' | 'body' | 'expected'>),
    name,
    body: readFileSync(join(FIXTURES, 'sentry-wire', `${name}.body`)),
    expected,
  }));
}

/** The body without its encoding. */
export function decoded({ headers, body }: WireRequest): Buffer {
  const encoding = headers.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1];
  if (encoding === 'gzip') return gunzipSync(body);
  if (encoding === 'br') return brotliDecompressSync(body);
  return encoding === 'deflate' ? inflateSync(body) : body;
}

/** How many files of recorded bodies there are, so that none is forgotten. */
export function wireBodies(): number {
  return readdirSync(join(FIXTURES, 'sentry-wire'), { recursive: true }).filter((name) =>
    String(name).endsWith('.body'),
  ).length;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(FIXTURES, path), 'utf8'));
}
