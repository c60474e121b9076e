import type { LinePiece, LineRows } from '../event/line-splitter.ts';
import { type Assembler, NO_STREAM, STREAMS } from './assembler.ts';
import type { Chunk, Shaper } from './chunk.ts';
import { unescaped, unescapeString } from './json-string.ts';

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const CLOSING = 0x7d;
const N = 0x6e;
const LOG = Buffer.from('{"log":"');
const STREAM_NAMES: readonly unknown[] = STREAMS;
const STREAM_AND = STREAMS.map((stream) => Buffer.from(`,"stream":"${stream}"`));
const TIME = Buffer.from(',"time":"');
const ATTRS = Buffer.from(',"attrs":{');
const MAX_TIME = 35;

/**
 * The records of docker's json-file driver: `{"log":"text\n","stream":"stdout","time":"…"}`, one a line. The text becomes the body; a record whose
 * text does not end with a line end is a piece of a longer line. A line that is no such record is an event as it is.
 */
export class DockerShaper implements Shaper {
  readonly #assembler: Assembler;
  readonly #onBad: (offset: number) => void;
  /** The next backslash of the piece at hand. */
  #backslash = 0;
  #time = 0;
  #timeEnd = 0;
  #end = 0;

  /** @param onBad called with the offset of a line that is no record */
  constructor(assembler: Assembler, onBad: (offset: number) => void) {
    this.#assembler = assembler;
    this.#onBad = onBad;
  }

  get isHolding(): boolean {
    return this.#assembler.isHolding;
  }

  get waitsAt(): number {
    return this.#assembler.waitsAt;
  }

  reset(cuts: readonly number[] = []): void {
    this.#assembler.reset(cuts);
  }

  flush(): Chunk[] {
    return this.isHolding ? this.#assembler.take(this.#end, true) : [];
  }

  push(piece: LinePiece, { starts, ends }: LineRows): Chunk[] {
    const { bytes, offset } = piece;
    this.#end = piece.end;
    this.#backslash = -1;
    this.#assembler.begin(starts.length, bytes.length + 1);
    for (let row = 0; row < starts.length; row++) {
      const start = starts[row]!;
      const end = ends[row]!;
      if (this.#fast(bytes, start, end, offset + start) || this.#slow(bytes, start, end, offset + start)) continue;
      this.#onBad(offset + start);
      const { out, at } = this.#assembler;
      this.#assembler.addWhole(offset + start, at + bytes.copy(out, at, start, end));
    }
    return this.#assembler.take(piece.end, false);
  }

  /** A record as docker writes it: 3 to 4 times as fast as JSON.parse. False when it is another, or none. */
  #fast(bytes: Buffer, start: number, end: number, place: number): boolean {
    if (!isAt(LOG, bytes, start)) return false;
    const { out, at } = this.#assembler;
    const from = start + LOG.length;
    let quote = bytes.indexOf(QUOTE, from);
    // Asked for once a backslash, not once a record: files without any would be searched again and again.
    if (this.#backslash < from) this.#backslash = indexOr(bytes, BACKSLASH, from);
    const backslash = this.#backslash;
    let textEnd = at;
    if (quote < 0 || quote >= end) return false;
    if (quote < backslash) textEnd += bytes.copy(out, at, from, quote);
    else if (quote === backslash + 2 && bytes[backslash + 1] === N) {
      textEnd += bytes.copy(out, at, from, backslash);
      out[textEnd++] = LF;
    } else {
      quote = unescapeString(bytes, from, end, out, at);
      if (quote < 0) return false;
      textEnd = unescaped.end;
    }
    const stream = isAt(STREAM_AND[0]!, bytes, quote + 1) ? 0 : isAt(STREAM_AND[1]!, bytes, quote + 1) ? 1 : -1;
    if (stream < 0 || !this.#findTime(bytes, quote + 1 + STREAM_AND[stream]!.length, end)) return false;
    this.#add(stream, place, textEnd, bytes);
    return true;
  }

  /** The time is the last member; before it there may be attributes, which are not looked at. */
  #findTime(bytes: Buffer, from: number, end: number): boolean {
    const timeEnd = end - 2;
    if (bytes[end - 1] !== CLOSING || bytes[timeEnd] !== QUOTE) return false;
    let time = timeEnd;
    while (time > from && timeEnd - time <= MAX_TIME && bytes[time - 1] !== QUOTE) time--;
    const member = time - TIME.length;
    if (member < from || !isAt(TIME, bytes, member)) return false;
    if (member > from && !(isAt(ATTRS, bytes, from) && bytes[member - 1] === CLOSING)) return false;
    this.#time = time;
    this.#timeEnd = timeEnd;
    return true;
  }

  /** Any other way to write a record: members in another order, blanks. */
  #slow(bytes: Buffer, start: number, end: number, place: number): boolean {
    const record = parseRecord(bytes.toString('utf8', start, end));
    if (record === undefined) return false;
    const { out, at } = this.#assembler;
    // Only wrong UTF-8 grows.
    if (Buffer.byteLength(record.log) > end - start) return false;
    const stream = STREAM_NAMES.indexOf(record.stream);
    const time = Buffer.from(record.time, 'latin1');
    this.#time = 0;
    this.#timeEnd = time.length;
    this.#add(stream < 0 ? NO_STREAM : stream, place, at + out.write(record.log, at), time);
    return true;
  }

  #add(stream: number, place: number, textEnd: number, from: Buffer): void {
    const { out, at } = this.#assembler;
    let end = textEnd;
    const isWhole = end > at && out[end - 1] === LF;
    if (isWhole) end--;
    // A terminal ends lines with CR LF; as everywhere the CR is no part of the line.
    if (isWhole && end > at && out[end - 1] === CR) end--;
    this.#assembler.add(stream, place, end, !isWhole, from, this.#time, this.#timeEnd);
  }
}

function parseRecord(text: string): { log: string; stream: unknown; time: string } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('log' in value) || typeof value.log !== 'string')
    return undefined;
  const stream = 'stream' in value ? value.stream : undefined;
  const time = 'time' in value && typeof value.time === 'string' ? value.time : '';
  return { log: value.log, stream, time };
}

function isAt(what: Buffer, bytes: Buffer, at: number): boolean {
  for (let i = 0; i < what.length; i++) if (bytes[at + i] !== what[i]) return false;
  return true;
}

function indexOr(bytes: Buffer, value: number, from: number): number {
  const at = bytes.indexOf(value, from);
  return at < 0 ? bytes.length : at;
}
