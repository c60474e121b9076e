import { EventBatch } from '../../src/event/event-batch.ts';
import type { HeaderColumn } from '../../src/event/header-columns.ts';
import { TextColumn } from '../../src/event/header-columns.ts';

/** One event as tests write it down. */
export interface SampleEvent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** A batch of these events: bodies behind one another without a delimiter, headers in columns of text. */
export function batchOf(events: readonly SampleEvent[]): EventBatch {
  const bodies = events.map((event) => Buffer.from(event.body as string));
  const starts = new Uint32Array(events.length);
  const ends = new Uint32Array(events.length);
  let at = 0;
  for (const [i, body] of bodies.entries()) {
    starts[i] = at;
    at += body.length;
    ends[i] = at;
  }
  const names = new Set(events.flatMap((event) => Object.keys(event.headers ?? {})));
  const headers: HeaderColumn[] = [...names].map(
    (name) =>
      new TextColumn(
        name,
        events.map((event) => (Object.hasOwn(event.headers ?? {}, name) ? event.headers![name] : undefined)),
      ),
  );
  return new EventBatch({ body: Buffer.concat(bodies), starts, ends, headers });
}

/** A batch of lines as they lie in a file: back to back, `delimiter` after each. */
export function batchOfLines(
  lines: readonly (string | Buffer)[],
  headers: readonly HeaderColumn[] = [],
  delimiter = 0x0a,
): EventBatch {
  const end = Buffer.of(delimiter);
  const starts = new Uint32Array(lines.length);
  const ends = new Uint32Array(lines.length);
  const parts: Buffer[] = [];
  let at = 0;
  for (const [i, line] of lines.entries()) {
    const bytes = Buffer.from(line as string);
    parts.push(bytes, end);
    starts[i] = at;
    ends[i] = at + bytes.length;
    at += bytes.length + 1;
  }
  return new EventBatch({ body: Buffer.concat(parts), starts, ends, headers, delimiter });
}

/** The rows of a batch as objects. */
export function rowsOf(batch: EventBatch): { body: string; headers: Record<string, string> }[] {
  return Array.from({ length: batch.length }, (_, row) => {
    const headers: Record<string, string> = {};
    for (const column of batch.headers) {
      const value = column.value(row);
      if (value !== undefined) headers[column.name] = value;
    }
    return { body: batch.bodyOf(row).toString('latin1'), headers };
  });
}
