import assert from 'node:assert/strict';
import avro from 'avsc';
import fc from 'fast-check';
import { SluiceError } from '../../../src/errors.ts';
import type { EventBatch } from '../../../src/event/event-batch.ts';
import { ConstantColumn, NumberColumn } from '../../../src/event/header-columns.ts';
import { encodeLong, encodeString } from '../../../src/rpc/avro/cursor.ts';
import { decodeAppend, decodeAppendBatch } from '../../../src/rpc/avro/decode-events.ts';
import { encodeAppendBatch, rowsWithin } from '../../../src/rpc/avro/encode-events.ts';
import { PROTOCOL_TEXT } from '../../../src/rpc/avro/protocol.ts';
import { batchOf, batchOfLines, type SampleEvent } from '../../support/batches.ts';

const eventSchema = (JSON.parse(PROTOCOL_TEXT) as { types: unknown[] }).types[1];
const eventType = avro.Type.forSchema(eventSchema as avro.Schema);
const eventsType = avro.Type.forSchema({ type: 'array', items: eventType });

interface PlainEvent {
  headers: Record<string, string>;
  body: Buffer;
}

function plain(batch: EventBatch): PlainEvent[] {
  return Array.from({ length: batch.length }, (_, row) => ({
    headers: Object.fromEntries(
      batch.headers
        .filter((column) => column.value(row) !== undefined)
        .map((column) => [column.name, column.value(row)!] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    body: Buffer.from(batch.bodyOf(row)),
  }));
}

function sorted(events: readonly PlainEvent[]): PlainEvent[] {
  return events.map(({ headers, body }) => ({
    headers: Object.fromEntries(Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1))),
    body: Buffer.from(body),
  }));
}

// Names and values from a small set, so that rows repeat, differ in one header, or lack one.
const name = fc.oneof(
  fc.constantFrom('host', 'file', 'timestamp', 'ключ'),
  fc.string({ unit: 'binary', maxLength: 5 }),
);
const value = fc.oneof(fc.constantFrom('a', '', '1700000000000'), fc.string({ unit: 'binary', maxLength: 80 }));
const headers = fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true });
const body = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 100, maxLength: 9000 }));
const event = fc.record({
  headers: fc.oneof(headers, fc.constant({ host: 'h' })),
  body: body.map((b) => Buffer.from(b)),
});
const events = fc.array(event, { maxLength: 12 });

describe('rpc/avro: events', () => {
  it('reads what avsc wrote', () => {
    fc.assert(
      fc.property(events, (sent) => {
        const wire = Buffer.concat([Buffer.from('front'), eventsType.toBuffer(sent)]);
        assert.deepEqual(plain(decodeAppendBatch(wire, 5)), sorted(sent));
      }),
    );
  });

  it('writes what avsc reads, and reads its own writing', () => {
    fc.assert(
      fc.property(events, (sent) => {
        const wire = encodeAppendBatch(batchOf(sent), 0, sent.length);
        assert.deepEqual(sorted(eventsType.fromBuffer(wire) as PlainEvent[]), sorted(sent));
        const read = decodeAppendBatch(wire, 0);
        assert.deepEqual(plain(read), sorted(sent));
        // What came over the wire goes out again, in parts too.
        const half = sent.length >> 1;
        const again = encodeAppendBatch(read, half, sent.length);
        assert.deepEqual(sorted(eventsType.fromBuffer(again) as PlainEvent[]), sorted(sent.slice(half)));
      }),
    );
  });

  it('keeps each kind of column through both directions', () => {
    const numbers = new Float64Array([0, 9, Number.NaN, 10, 999_999, Number.MAX_SAFE_INTEGER, -5, 100]);
    const batch = batchOfLines(
      [...numbers].map((_, i) => 'x'.repeat(i * 1000)),
      [new ConstantColumn('host', 'h1'), new NumberColumn('n', numbers)],
    );
    const read = decodeAppendBatch(encodeAppendBatch(batch, 0, batch.length), 0);
    assert.deepEqual(plain(read), plain(batch));
    assert.equal(read.header('host')?.constant, 'h1');
    assert.equal(read.header('n')?.constant, undefined);
    assert.deepEqual(
      Array.from(numbers, (_, row) => read.header('n')!.number(row)),
      [...numbers],
    );
    const picked = read.select(Uint32Array.of(1, 2, 7)).slice(1, 3);
    assert.deepEqual([picked.header('n')!.value(0), picked.header('n')!.value(1)], [undefined, '100']);
  });

  it('makes one constant of a header that is the same in all rows, whatever else differs', () => {
    const sent = ['1', '2', '2', '3'].map((n) => ({ headers: { host: 'h', n }, body: Buffer.from(n) }));
    const read = decodeAppendBatch(eventsType.toBuffer(sent), 0);
    assert.equal(read.header('host')!.constant, 'h');
    assert.equal(read.header('n')!.constant, undefined);
    assert.equal(read.header('n')!.number(3), 3);
    const same = decodeAppendBatch(eventsType.toBuffer(sent.map((one) => ({ ...one, headers: { a: 'b' } }))), 0);
    assert.equal(same.header('a')!.constant, 'b');
  });

  it('shares the memory of the payload', () => {
    const wire = eventsType.toBuffer([{ headers: {}, body: Buffer.from('body') }]);
    assert.equal(decodeAppendBatch(wire, 0).body, wire);
  });

  it('reads blocks with a size and several blocks', () => {
    const one = eventType.toBuffer({ headers: { a: '1' }, body: Buffer.from('x') });
    // The header map of the second event in two blocks, the first of them with its size.
    const entry = Buffer.concat([encodeString('b'), encodeString('2')]);
    const map = Buffer.concat([
      encodeLong(-1),
      encodeLong(entry.length),
      entry,
      encodeLong(1),
      encodeString('c'),
      encodeString('3'),
      encodeLong(0),
    ]);
    const two = Buffer.concat([map, encodeString('y')]);
    const wire = Buffer.concat([encodeLong(-1), encodeLong(one.length), one, encodeLong(1), two, encodeLong(0)]);
    assert.deepEqual(plain(decodeAppendBatch(wire, 0)), [
      { headers: { a: '1' }, body: Buffer.from('x') },
      { headers: { b: '2', c: '3' }, body: Buffer.from('y') },
    ]);
    assert.deepEqual(plain(decodeAppend(two, 0)), [{ headers: { b: '2', c: '3' }, body: Buffer.from('y') }]);
  });

  it('takes the last of two headers of one name, as a Java map does', () => {
    const map = [
      encodeLong(2),
      encodeString('a'),
      encodeString('1'),
      encodeString('a'),
      encodeString('2'),
      encodeLong(0),
    ];
    assert.deepEqual(plain(decodeAppend(Buffer.concat([...map, encodeString('')]), 0))[0]!.headers, { a: '2' });
  });

  it('refuses data cut anywhere, and never reads beyond them', () => {
    const sent: SampleEvent[] = [
      { headers: { a: '1', b: 'x' }, body: 'first' },
      { headers: { a: '1', b: 'x' }, body: 'y'.repeat(200) },
      { headers: {}, body: 'third' },
    ];
    const wire = encodeAppendBatch(batchOf(sent), 0, sent.length);
    for (let cut = 0; cut < wire.length; cut++) {
      assert.throws(() => decodeAppendBatch(wire.subarray(0, cut), 0), SluiceError, `${cut}`);
    }
  });

  it('refuses garbage with an error of its own, or reads it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeAppendBatch(Buffer.from(bytes), 0);
        } catch (error) {
          assert.ok(error instanceof SluiceError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses counts and lengths that the data cannot hold, at once', () => {
    for (const count of [2 ** 31, 2 ** 50, -(2 ** 50)]) {
      assert.throws(() => decodeAppendBatch(Buffer.concat([encodeLong(count), Buffer.alloc(40)]), 0), SluiceError);
      assert.throws(() => decodeAppend(Buffer.concat([encodeLong(count), Buffer.alloc(40)]), 0), SluiceError);
    }
    assert.throws(() => decodeAppend(Buffer.concat([encodeLong(0), encodeLong(-1), Buffer.alloc(40)]), 0), SluiceError);
    assert.throws(() => decodeAppend(Buffer.alloc(20, 0xff), 0), SluiceError);
  });

  it('refuses a request that would need a table of headers out of proportion', () => {
    const rows = Array.from({ length: 5000 }, (_, i) => ({ headers: { [`h${i}`]: 'v' }, body: Buffer.alloc(0) }));
    assert.throws(() => decodeAppendBatch(eventsType.toBuffer(rows), 0), /with over \d+ headers/);
  });

  it('cuts by bytes without leaving a row behind', () => {
    const batch = batchOf(['aaaa', 'bbbb', 'c', 'dddddddd', 'e'].map((text) => ({ body: text })));
    const cuts: number[] = [];
    for (let from = 0; from < batch.length; ) {
      from = rowsWithin(batch, from, batch.length, 6);
      cuts.push(from);
    }
    assert.deepEqual(cuts, [1, 3, 4, 5]);
  });
});
