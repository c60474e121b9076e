import type { LocalHost } from '../../component/context.ts';
import { SluiceError } from '../../errors.ts';
import type { EventBatch } from '../../event/event-batch.ts';
import { momentOf, type Rounding, timeEscape } from './time-escapes.ts';
import type { TimeZone } from './time-zone.ts';

export interface PathSettings {
  readonly timeZone: TimeZone;
  readonly rounding: Rounding | undefined;
  /** The clock instead of the `timestamp` header; `undefined`: the header. */
  readonly localTime: (() => number) | undefined;
  readonly host: LocalHost;
  /** Whether a header's value may make folders of its own by a `/` (in a path, not in a file name). */
  readonly folders: boolean;
  /** Bytes that a part of the path with a header's value in it may have; what is longer is cut off. */
  readonly maxPartBytes: number;
}

type Part =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'time'; readonly letter: string };

const ESCAPE = /%(\w|%)|%\{([\w.-]+)\}|%\[(\w+)\]/g;

/** The last time that a Date can hold, less a day for the zones. */
const MAX_TIME = 8_639_999_913_600_000;

/** Stands in a path where a header's value was put in; no value has it. */
const MARK = '\u0000';
const CONTROL = /[\u0000-\u001f\u007f]/g;

/** Texts remembered for a template with headers or times in it; then the memory begins anew. */
const MAX_REMEMBERED = 10_000;

/**
 * A path or file name with escapes, ready to be filled in for the rows of batches. What does not change from row to row is worked out
 * once; a time once for as long as its text stays the same.
 */
export class PathTemplate {
  readonly #parts: readonly Part[];
  readonly #settings: PathSettings;
  readonly #needsTime: boolean;
  /** Milliseconds for which the text stays the same, from each multiple on. */
  readonly #period: number;
  /** Whether the header itself is shown, which says the same time in more than one way: `5`, `+5`, `05`. */
  readonly #isRaw: boolean;
  readonly #headers: readonly string[];
  readonly #memory = new Map<string, string>();

  /** @throws SluiceError CONFIG_INVALID for `%[name]` with another name than localhost, IP, FQDN */
  constructor(template: string, settings: PathSettings) {
    this.#settings = settings;
    this.#parts = parse(template, settings.host);
    const letters = this.#parts.flatMap((part) => (part.kind === 'time' ? [part.letter] : []));
    this.#needsTime = letters.length > 0;
    this.#period = Math.min(...letters.map((letter) => timeEscape(letter).period), Number.POSITIVE_INFINITY);
    this.#isRaw = letters.includes('t') && settings.localTime === undefined;
    this.#headers = this.#parts.flatMap((part) => (part.kind === 'header' ? [part.name] : []));
  }

  /** Whether every row of the batch has the same text. */
  isConstant(batch: EventBatch): boolean {
    if (this.#needsTime && this.#settings.localTime === undefined) {
      if (batch.header('timestamp')?.constant === undefined && Number.isFinite(this.#period)) return false;
    }
    return this.#headers.every((name) => {
      const column = batch.header(name);
      return column === undefined || column.constant !== undefined;
    });
  }

  /**
   * The text for a row.
   * @throws SluiceError EVENT_UNUSABLE when a time is wanted and the row has none
   */
  fill(batch: EventBatch, row: number): string {
    if (this.#needsTime) return this.#remembered(batch, row, this.#timeOf(batch, row));
    if (this.#headers.length === 0) return this.#render(batch, row, 0);
    return this.#remembered(batch, row, 0);
  }

  #remembered(batch: EventBatch, row: number, time: number): string {
    let key = Number.isFinite(this.#period) ? String(Math.floor(time / this.#period)) : '';
    if (this.#isRaw) key += `\u0000${batch.header('timestamp')?.value(row) ?? ''}`;
    for (const name of this.#headers) key += `\u0000${batch.header(name)?.value(row) ?? ''}`;
    const known = this.#memory.get(key);
    if (known !== undefined) return known;
    const text = this.#render(batch, row, time);
    if (this.#memory.size >= MAX_REMEMBERED) this.#memory.clear();
    this.#memory.set(key, text);
    return text;
  }

  #timeOf(batch: EventBatch, row: number): number {
    if (this.#settings.localTime !== undefined) return this.#settings.localTime();
    const time = batch.header('timestamp')?.number(row) ?? Number.NaN;
    if (time <= MAX_TIME && (time > 0 || (time >= -MAX_TIME && this.#settings.rounding === undefined))) return time;
    const value = batch.header('timestamp')?.value(row);
    throw new SluiceError(
      'EVENT_UNUSABLE',
      value === undefined
        ? 'the path has a time in it, and an event has no timestamp header'
        : `the path has a time in it, and the timestamp header of an event is "${value.slice(0, 50)}", no time in milliseconds`,
    );
  }

  #render(batch: EventBatch, row: number, time: number): string {
    const { timeZone, rounding, localTime, folders } = this.#settings;
    const raw = localTime === undefined ? (batch.header('timestamp')?.value(row) ?? '') : String(time);
    const moment = this.#needsTime ? momentOf(raw, time, timeZone, rounding) : undefined;
    let text = '';
    for (const part of this.#parts) {
      if (part.kind === 'literal') text += part.text;
      else if (part.kind === 'header') text += marked(batch.header(part.name)?.value(row) ?? '', folders);
      else text += timeEscape(part.letter).format(moment!);
    }
    return this.#headers.length === 0 ? text : harmless(text, this.#settings.maxPartBytes);
  }
}

function parse(template: string, host: LocalHost): Part[] {
  const parts: Part[] = [];
  const literal = (text: string): void => {
    const last = parts.at(-1);
    if (text === '') return;
    if (last?.kind === 'literal') parts[parts.length - 1] = { kind: 'literal', text: last.text + text };
    else parts.push({ kind: 'literal', text });
  };
  let at = 0;
  for (const match of template.matchAll(ESCAPE)) {
    literal(template.slice(at, match.index));
    at = match.index + match[0].length;
    const [, letter, header, name] = match;
    if (letter !== undefined) parts.push({ kind: 'time', letter });
    else if (header !== undefined) parts.push({ kind: 'header', name: header });
    else literal(hostName(name!, host));
  }
  literal(template.slice(at));
  return parts;
}

function hostName(name: string, host: LocalHost): string {
  switch (name.toLowerCase()) {
    case 'localhost':
      return host.name;
    case 'ip':
      return host.address;
    case 'fqdn':
      return host.canonicalName;
    default:
      throw new SluiceError('CONFIG_INVALID', `%[${name}] is none of %[localhost], %[IP], %[FQDN]`);
  }
}

/** A header's value without control characters and, in a file name, without slashes; each part of a path that it has to do with is marked. */
function marked(value: string, folders: boolean): string {
  const printable = value.replace(CONTROL, '_');
  return MARK + (folders ? printable.replaceAll('/', `/${MARK}`) : printable.replaceAll('/', '_'));
}

/**
 * Takes the marks off. A header's value may name folders below, but never climb out of its own: marked parts `.` and `..` become
 * underscores. Nor may it block the sink by a name that no file system takes.
 */
function harmless(text: string, maxPartBytes: number): string {
  const parts = text.split('/').map((part) => {
    const name = part.replaceAll(MARK, '');
    if (part === name) return name;
    if (name === '.' || name === '..') return '_'.repeat(name.length);
    return Buffer.byteLength(name) <= maxPartBytes ? name : cutAtCharacter(name, maxPartBytes);
  });
  return parts.join('/');
}

/** As many whole characters as fit into so many bytes. */
function cutAtCharacter(name: string, bytes: number): string {
  const encoded = Buffer.from(name);
  let end = bytes;
  while (end > 0 && (encoded[end]! & 0xc0) === 0x80) end--;
  return encoded.toString('utf8', 0, end);
}
