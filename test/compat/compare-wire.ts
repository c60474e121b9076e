import { existsSync, readFileSync } from 'node:fs';
import { inflateSync, constants as zlib } from 'node:zlib';
import { type Case, expectedFile } from './case.ts';
import type { Recording } from './recorder.ts';

/** The recorded bytes of a connection. */
export type ExpectedRecording = { toSource: Buffer; fromSource: Buffer };

/** The recorded connections of a case, in order. */
export function expectedRecordings(testCase: Case): ExpectedRecording[] {
  const recordings: ExpectedRecording[] = [];
  for (let n = 1; ; n++) {
    const to = expectedFile(testCase, `wire/${n}-to-source.bin`);
    const from = expectedFile(testCase, `wire/${n}-from-source.bin`);
    if (!to || !from || !existsSync(to)) return recordings;
    recordings.push({ toSource: readFileSync(to), fromSource: readFileSync(from) });
  }
}

/** One message of Flume's Avro protocol: its serial number and, joined, the buffers it came in. */
type Message = { serial: number; body: Buffer };

function messages(bytes: Buffer): Message[] {
  const list: Message[] = [];
  for (let at = 0; at < bytes.length; ) {
    const serial = bytes.readInt32BE(at);
    const count = bytes.readInt32BE(at + 4);
    at += 8;
    const buffers: Buffer[] = [];
    for (let i = 0; i < count; i++) {
      const length = bytes.readInt32BE(at);
      buffers.push(bytes.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    list.push({ serial, body: Buffer.concat(buffers) });
  }
  return list;
}

class Reader {
  readonly bytes: Buffer;
  at = 0;
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  long(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes.readUInt8(this.at++);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  }

  take(length: number): Buffer {
    this.at += length;
    if (this.at > this.bytes.length) throw new Error('cut off');
    return this.bytes.subarray(this.at - length, this.at);
  }

  text(): string {
    return this.take(this.long()).toString();
  }

  map(): string {
    const entries: string[] = [];
    for (let count = this.long(); count !== 0; count = this.long()) {
      if (count < 0) this.long();
      for (let i = 0; i < Math.abs(count); i++) {
        const key = this.text();
        entries.push(`${key}=${this.take(this.long()).toString('hex')}`);
      }
    }
    return entries.sort().join(' ');
  }

  event(): string {
    return `event {${this.map()}} ${this.take(this.long()).toString('hex')}`;
  }
}

/** The requests of a client as text, with the headers of an event in order, as a map's order does not count. */
function requests(bytes: Buffer): string[] {
  return messages(bytes).map(({ serial, body }, i) => {
    const reader = new Reader(body);
    const parts = [`#${serial}`];
    if (i === 0) {
      parts.push(`client ${reader.take(16).toString('hex')}`);
      parts.push(reader.long() === 0 ? 'no protocol' : `protocol ${reader.text()}`);
      parts.push(`server ${reader.take(16).toString('hex')}`, `meta ${reader.long() === 0 ? '' : reader.map()}`);
    }
    parts.push(reader.map(), reader.text());
    if (parts.at(-1) === 'append') parts.push(reader.event());
    else {
      for (let count = reader.long(); count !== 0; count = reader.long()) {
        if (count < 0) reader.long();
        for (let n = 0; n < Math.abs(count); n++) parts.push(reader.event());
      }
    }
    if (reader.at !== body.length) parts.push(`${body.length - reader.at} bytes more`);
    return parts.join(' | ');
  });
}

/** The bytes of a deflated connection, as far as they came. */
function inflated(bytes: Buffer): Buffer {
  if (bytes.length < 2 || bytes[0] !== 0x78) return bytes;
  try {
    return inflateSync(bytes, { finishFlush: zlib.Z_SYNC_FLUSH });
  } catch {
    return bytes;
  }
}

function hex(bytes: Buffer): string {
  return bytes.length > 400 ? `${bytes.subarray(0, 400).toString('hex')}… (${bytes.length})` : bytes.toString('hex');
}

function compareDirection(actual: Buffer, expected: Buffer, client: boolean): string[] {
  const [got, wanted] = [inflated(actual), inflated(expected)];
  if (got.equals(wanted)) return [];
  if (client) {
    try {
      const [mine, flumes] = [requests(got), requests(wanted)];
      const at = flumes.findIndex((text, i) => text !== mine[i]);
      if (at < 0 && mine.length === flumes.length) return [];
      return [`request ${at + 1}: ${mine[at]}\n    not ${flumes[at]} (${mine.length} requests, not ${flumes.length})`];
    } catch {
      // Not whole messages of this protocol: shown as bytes.
    }
  }
  return [`${hex(got)}\n    not ${hex(wanted)}`];
}

/**
 * What differs between recorded connections. With `head` only the kind of the first record counts: a TLS hello of
 * another library has other bytes.
 */
export function compareWire(
  actual: readonly Recording[],
  expected: readonly ExpectedRecording[],
  head: number | undefined,
): string[] {
  const problems: string[] = [];
  if (actual.length < expected.length) problems.push(`${actual.length} connections, not ${expected.length}`);
  expected.forEach((wanted, i) => {
    const got = actual[i];
    if (!got) return;
    for (const way of ['toSource', 'fromSource'] as const) {
      const bytes = Buffer.concat(got[way]);
      if (head !== undefined) {
        const kind = (buffer: Buffer) => buffer.subarray(0, 2).toString('hex');
        if (kind(bytes) !== kind(wanted[way])) {
          problems.push(`connection ${i + 1} ${way}: begins ${kind(bytes)}, not ${kind(wanted[way])}`);
        }
        continue;
      }
      for (const problem of compareDirection(bytes, wanted[way], way === 'toSource')) {
        problems.push(`connection ${i + 1} ${way}: ${problem}`);
      }
    }
  });
  return problems;
}
