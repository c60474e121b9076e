import assert from 'node:assert/strict';
import fc from 'fast-check';
import { COLUMN_NAMES } from '../../../src/sentry/columns.ts';
import { FORMAT_NAMES } from '../../../src/sentry/formats.ts';
import { readLine } from '../../../src/sentry/lines/index.ts';
import { GIVEN, read, rowOf, samples } from './reading.ts';

const EVENTS = [
  ...samples('relay.log', /^\d{4}-/),
  ...samples('relay.jsonl'),
  ...samples('sentry-web.log', /^\d\d:\d\d:\d\d \[/),
  ...samples('sentry-worker.jsonl'),
  ...samples('nginx-access.log'),
  ...samples('docker-json-file.log').filter((line) => line.length < 1000),
];

/** Every value is a text of a column that is known, and tags are JSON. */
function checkRow(body: Buffer, format?: (typeof FORMAT_NAMES)[number]): void {
  const found = readLine(body, GIVEN, format);
  if (found === undefined) return;
  for (const [name, value] of Object.entries(found.row)) {
    assert.ok((COLUMN_NAMES as readonly string[]).includes(name), name);
    if (value === undefined) continue;
    assert.equal(typeof value, 'string', name);
    // What is cut has no more text than there was; the ends of titles are dots.
    if (name !== 'tags' && name !== 'title') assert.ok(value.length <= body.length + 40, `${name} ${value}`);
  }
  if (found.row.tags !== undefined) JSON.parse(found.row.tags);
}

describe('reading lines', () => {
  it('never throws, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => checkRow(Buffer.from(bytes))));
    const format = fc.constantFrom(...FORMAT_NAMES);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), format, (text, name) =>
        checkRow(Buffer.from(text), name),
      ),
    );
  });

  it('gives nothing or a shorter row for a sample that is cut anywhere', () => {
    for (const event of EVENTS) {
      const bytes = Buffer.from(event);
      const step = bytes.length > 2000 ? 97 : 1;
      for (let end = 0; end < bytes.length; end += step) checkRow(bytes.subarray(0, end));
    }
  });

  it('never throws for samples with bytes changed, put in or taken out', () => {
    const changed = fc.tuple(
      fc.constantFrom(...EVENTS.filter((event) => event.length < 3000)),
      fc.nat(),
      fc.nat(4),
      fc.string({ unit: fc.constantFrom(...'\\"\'(){}[]<>=: ,\n\0xT{n1|+'), maxLength: 6 }),
    );
    fc.assert(
      fc.property(changed, (how) => {
        const [event, place, out, text] = how;
        const at = place % (event.length + 1);
        const mixed = Buffer.from(event.slice(0, at) + text + event.slice(at + out));
        for (const format of [undefined, 'relay', 'sentry', 'nginx', 'sentry-json', 'relay-json'] as const)
          checkRow(mixed, format);
      }),
      { numRuns: 500 },
    );
  });

  it('reads as the format that it is told, and as no other', () => {
    const relay = samples('relay.log')[0]!;
    assert.equal(rowOf(relay, {}, 'relay')?.['format'], 'relay');
    assert.equal(read(relay, {}, 'nginx'), undefined);
    assert.equal(read(relay, {}, 'sentry-json'), undefined);
    assert.equal(read(samples('relay.jsonl')[0]!, {}, 'sentry-json'), undefined);
    assert.equal(read(relay, {}, 'event'), undefined);
  });

  it('keeps lines that something else printed behind a whole line', () => {
    for (const name of ['relay.jsonl', 'sentry-worker.jsonl', 'nginx-access.log']) {
      const line = samples(name)[0]!;
      const row = rowOf(line);
      assert.deepEqual(
        rowOf(`${line}\nkilled\n  by x\n`),
        { ...row, message: `${row?.['message']}\nkilled\n  by x` },
        name,
      );
    }
    const pretty = JSON.stringify(JSON.parse(samples('relay.jsonl')[0]!), undefined, 2);
    assert.deepEqual(rowOf(pretty), rowOf(samples('relay.jsonl')[0]!));
  });

  it('leaves what the headers say as it is', () => {
    const given = { projectId: '7', eventId: 'a'.repeat(32), itemType: 'mine', issueId: 'i', sdk: 's/1' };
    const row = rowOf(samples('nginx-access.log')[0]!, given);
    assert.deepEqual(
      [row?.['project_id'], row?.['event_id'], row?.['item_type'], row?.['issue_id'], row?.['sdk']],
      ['7', 'a'.repeat(32), 'mine', 'i', 's/1'],
    );
  });

  it('takes time in proportion to the length of a line', () => {
    // Each would take longer than a test may if it were read over and over.
    const long = 200_000;
    for (const line of [
      `00:00:00 [INFO] a: ${' (a=<'.repeat(long)})`,
      `00:00:00 [INFO] a: b (${'a=< '.repeat(long)})`,
      `00:00:00 [INFO] a: b (a=${'['.repeat(long)})`,
      `00:00:00 [INFO] a: b (a='${'\\'.repeat(long)})`,
      `00:00:00 [INFO] a: b\n${'x Traceback (most recent call last):\n'.repeat(long / 10)}`,
      `00:00:00 [INFO] a: b\nTraceback (most recent call last):${' Traceback (most recent call last):'.repeat(long / 10)}`,
      `2026-11-23T00:00:01Z  INFO ${'a:'.repeat(long)}`,
      `2026-11-23T00:00:01Z  INFO ${'a{b=1}:'.repeat(long)} c: d`,
      `2026-11-23T00:00:01Z  INFO a: ${' error='.repeat(long)}`,
      `2026-11-23T00:00:01Z  INFO a: b\n${'  caused by: x\n'.repeat(long)}`,
      `::1 - - [23/Nov/2026:00:00:01 +0000] "${'\\x41'.repeat(long)}`,
      `::1 - - [23/Nov/2026:00:00:01 +0000] "${'\\x16'.repeat(long)}" 200 1`,
      `${'a '.repeat(long)}`,
    ])
      read(line);
  });
});
