import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { type BodyBudget, HeldBody } from './body.ts';
import { Refusal } from './refusal.ts';

/** A way in which a body is compressed. */
type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

const CODINGS: Readonly<Record<string, Coding | undefined>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
  zstd: 'zstd',
};

/** Words that SDKs send for no compression. */
const NONE: ReadonlySet<string> = new Set(['', 'identity', 'utf-8', 'utf8']);

/** Several are allowed by HTTP; nobody sends more than two. */
const MOST_CODINGS = 3;

/** What is not longer, packed and unpacked, is inflated at once: 4 KB take 16 µs of CPU in place of 59, and 1 MiB 1 ms. */
const SMALL_PACKED = 64 << 10;
const SMALL = 1 << 20;

const CHUNK_BYTES = 64 << 10;

/** RFC 9659: a sender may not ask for a larger window (8 MiB); what a frame asks for is held while it is read. */
const ZSTD_OPTIONS = { params: { [zlib.constants.ZSTD_d_windowLogMax]: 23 } };
/** Zstandard's frames may be strung together; Node stops behind the first. Each costs 24 µs, however small. */
const MOST_FRAMES = 1000;

export interface InflateLimits {
  /** The longest result, in bytes. */
  readonly most: number;
  readonly tooLong: string;
  readonly budget: BodyBudget;
}

/**
 * What a body holds below its `Content-Encoding`: gzip, deflate (also without zlib's header), br, zstd, or several of them. The body is released when
 * there is another in its place, and when it throws.
 * @throws Refusal 400 for damaged data, 413 for too much of it, 415 for an encoding that is not known, 503 when the budget has no room
 */
export async function inflate(body: HeldBody, encoding: string | undefined, limits: InflateLimits): Promise<HeldBody> {
  if (encoding === undefined || NONE.has(encoding)) return body;
  let held = body;
  try {
    for (const coding of codingsOf(encoding)) {
      const packed = held;
      held = inflateSmall(packed.bytes, coding, limits) ?? (await inflateLarge(packed.bytes, coding, limits));
      packed.release();
    }
  } catch (error) {
    held.release();
    throw error;
  }
  return held;
}

/**
 * The same for bytes that are no body of a request.
 * @param plain whether they are not compressed
 * @throws Refusal as above
 */
export async function inflateZlib(bytes: Buffer, limits: InflateLimits, plain: boolean): Promise<HeldBody> {
  if (plain) {
    limits.budget.take(bytes.length);
    return new HeldBody(bytes, limits.budget);
  }
  return inflateSmall(bytes, 'deflate', limits) ?? (await inflateLarge(bytes, 'deflate', limits));
}

/** The last one that was applied comes first. */
function codingsOf(encoding: string): Coding[] {
  const words = encoding.split(',').map((word) => word.trim().toLowerCase());
  const codings: Coding[] = [];
  for (const word of words) {
    if (NONE.has(word)) continue;
    const coding = Object.hasOwn(CODINGS, word) ? CODINGS[word] : undefined;
    if (coding === undefined || codings.length === MOST_CODINGS) {
      throw new Refusal(415, 'the Content-Encoding is not supported: gzip, deflate, br and zstd are');
    }
    codings.push(coding);
  }
  return codings.reverse();
}

/** `undefined`: it is not small. */
function inflateSmall(bytes: Buffer, coding: Coding, { most, tooLong, budget }: InflateLimits): HeldBody | undefined {
  if (bytes.length > SMALL_PACKED) return undefined;
  let result: Buffer;
  try {
    result = inflateAtOnce(bytes, coding, Math.min(most, SMALL));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw damaged(error);
    if (most <= SMALL) throw new Refusal(413, tooLong);
    return undefined;
  }
  budget.take(result.length);
  return new HeldBody(result, budget);
}

function inflateAtOnce(bytes: Buffer, coding: Coding, maxOutputLength: number): Buffer {
  switch (coding) {
    case 'gzip':
      return zlib.gunzipSync(bytes, { maxOutputLength });
    case 'deflate':
      return hasZlibHeader(bytes)
        ? zlib.inflateSync(bytes, { maxOutputLength })
        : zlib.inflateRawSync(bytes, { maxOutputLength });
    case 'br':
      return zlib.brotliDecompressSync(bytes, { maxOutputLength });
    case 'zstd':
      return inflateFrames(bytes, maxOutputLength);
  }
}

/** Every frame of Zstandard's, one behind the other. */
function inflateFrames(bytes: Buffer, most: number): Buffer {
  const frames: Buffer[] = [];
  let length = 0;
  for (let at = 0; at < bytes.length || frames.length === 0; ) {
    if (frames.length === MOST_FRAMES) throw tooManyFrames();
    const options = { ...ZSTD_OPTIONS, maxOutputLength: Math.max(1, most - length), info: true };
    // What `info` gives is not in the library's types.
    const frame = zlib.zstdDecompressSync(bytes.subarray(at), options) as unknown as Frame;
    length += frame.buffer.length;
    if (length > most) throw Object.assign(new Error('too long'), { code: 'ERR_BUFFER_TOO_LARGE' });
    frames.push(frame.buffer);
    at += frame.engine.bytesWritten;
  }
  return frames.length === 1 ? frames[0]! : Buffer.concat(frames, length);
}

interface Frame {
  readonly buffer: Buffer;
  /** How much of the input it was. */
  readonly engine: { readonly bytesWritten: number };
}

function tooManyFrames(): Error {
  return new Error(`more than ${MOST_FRAMES} frames`);
}

/** Holds no more than what has been inflated so far, and ends as soon as that is too much. */
async function inflateLarge(
  bytes: Buffer,
  coding: Coding,
  { most, tooLong, budget }: InflateLimits,
): Promise<HeldBody> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    let at = 0;
    for (let frames = 0; frames === 0 || (coding === 'zstd' && at < bytes.length); frames++) {
      if (frames === MOST_FRAMES) throw tooManyFrames();
      const rest = bytes.subarray(at);
      const stream = inflateStream(rest, coding);
      stream.end(rest);
      for await (const data of stream) {
        const chunk = data as Buffer;
        if (length + chunk.length > most) throw new Refusal(413, tooLong);
        budget.take(chunk.length);
        length += chunk.length;
        chunks.push(chunk);
      }
      at += stream.bytesWritten;
    }
    budget.take(length);
    const whole = Buffer.concat(chunks, length);
    budget.give(length);
    return new HeldBody(whole, budget);
  } catch (error) {
    budget.give(length);
    throw error instanceof Refusal ? error : damaged(error);
  }
}

function inflateStream(bytes: Buffer, coding: Coding): Transform & { readonly bytesWritten: number } {
  switch (coding) {
    case 'gzip':
      return zlib.createGunzip({ chunkSize: CHUNK_BYTES });
    case 'deflate':
      return hasZlibHeader(bytes)
        ? zlib.createInflate({ chunkSize: CHUNK_BYTES })
        : zlib.createInflateRaw({ chunkSize: CHUNK_BYTES });
    case 'br':
      return zlib.createBrotliDecompress({ chunkSize: CHUNK_BYTES });
    case 'zstd':
      return zlib.createZstdDecompress({ ...ZSTD_OPTIONS, chunkSize: CHUNK_BYTES });
  }
}

/** RFC 1950: method 8, and the first two bytes are a multiple of 31. */
function hasZlibHeader(bytes: Buffer): boolean {
  return bytes.length >= 2 && (bytes[0]! & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0;
}

function damaged(error: unknown): Refusal {
  const { message } = error as Error;
  return new Refusal(400, `the body cannot be decompressed: ${message}`);
}
