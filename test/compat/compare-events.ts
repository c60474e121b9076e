import type { AvroEvent } from './avro-container.ts';
import { matches, type Values } from './placeholders.ts';

/** A line of `events.SINK.jsonl`. */
export type ExpectedEvent = { headers: Record<string, string>; body?: string; bodyBase64?: string; input?: string };

function bodyOf(event: ExpectedEvent): Buffer {
  return event.bodyBase64 === undefined ? Buffer.from(event.body ?? '') : Buffer.from(event.bodyBase64, 'base64');
}

function same(event: AvroEvent, wanted: ExpectedEvent, values: Values, dynamic: Record<string, string>): boolean {
  if (!event.body.equals(bodyOf(wanted)) && !matches(event.body.toString(), bodyOf(wanted).toString(), values)) {
    return false;
  }
  const headers = new Map(event.headers);
  const expected = Object.entries(wanted.headers);
  if (headers.size !== expected.length || headers.size !== event.headers.length) return false;
  return expected.every(([name, value]) => {
    const got = headers.get(name);
    return got !== undefined && matches(got, dynamic[name] ?? value, values);
  });
}

function show(event: AvroEvent): string {
  return JSON.stringify({ headers: Object.fromEntries(event.headers), body: event.body.toString() }).slice(0, 400);
}

/**
 * What differs between the events a sink wrote and those recorded. In order, unless `anyOrder`; `dynamic` says what the
 * headers with values of their own must look like.
 */
export function compareEvents(
  actual: readonly AvroEvent[],
  expected: readonly ExpectedEvent[],
  values: Values,
  options: { anyOrder?: boolean; dynamic?: Record<string, string> } = {},
): string[] {
  const problems: string[] = [];
  if (actual.length !== expected.length) problems.push(`${actual.length} events, not ${expected.length}`);
  const left = [...actual];
  for (let i = 0; i < expected.length && problems.length < 8; i++) {
    const at = options.anyOrder
      ? left.findIndex((event) => same(event, expected[i], values, options.dynamic ?? {}))
      : 0;
    const event = left[at];
    if (event && same(event, expected[i], values, options.dynamic ?? {})) left.splice(at, 1);
    else if (options.anyOrder || !event) problems.push(`missing: ${JSON.stringify(expected[i]).slice(0, 400)}`);
    else {
      problems.push(`event ${i + 1} is ${show(event)}\n    not ${JSON.stringify(expected[i]).slice(0, 400)}`);
      left.shift();
    }
  }
  for (const event of left.slice(0, 3)) problems.push(`not expected: ${show(event)}`);
  return problems;
}
