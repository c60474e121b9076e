import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { type Envelope, EnvelopeError, readEnvelope } from '../../../src/sentry/envelope/read-envelope.ts';
import { decoded, readSample, sampleEnvelopes, wireBodies, wireRequests } from './samples.ts';

function read(text: string): Envelope {
  return readEnvelope(Buffer.from(text));
}

function payloads(envelope: Envelope): string[] {
  return envelope.items.map(({ payload }) => payload.toString());
}

function refuses(bytes: Buffer | string, why: RegExp): void {
  assert.throws(
    () => readEnvelope(Buffer.from(bytes)),
    (error: Error) => error instanceof EnvelopeError && why.test(error.message),
  );
}

/** What a reader may say of any bytes. */
function readOrRefuse(bytes: Buffer): Envelope | undefined {
  try {
    return readEnvelope(bytes);
  } catch (error) {
    assert.ok(error instanceof EnvelopeError, String(error));
    return undefined;
  }
}

describe('readEnvelope', () => {
  for (const { name, bytes, expected } of sampleEnvelopes()) {
    it(`reads or refuses the sample ${name} as expected`, () => {
      if (expected.why !== undefined) return refuses(bytes, new RegExp(expected.why));
      const { headers, items } = readEnvelope(bytes);
      assert.deepEqual(
        items.map(({ type, payload }) => [type, payload.length]),
        expected.items,
      );
      if (/^[0-9a-f]{32}$/.test(expected.event_id ?? '')) assert.equal(headers['event_id'], expected.event_id);
    });
  }

  it('reads what real SDKs sent, byte for byte', () => {
    const requests = wireRequests();
    assert.equal(requests.length, wireBodies());
    for (const request of requests.filter(({ path }) => path.includes('/envelope/'))) {
      const { name, expected } = request;
      const bytes = decoded(request);
      assert.equal(sha256(bytes), expected.decoded_sha256, name);
      const { headers, items } = readEnvelope(bytes);
      assert.deepEqual(Object.keys(headers).sort(), [...(expected.header_keys ?? [])].sort(), name);
      assert.equal(headers['event_id'], expected.envelope_event_id, name);
      assert.deepEqual(
        items.map(({ type, headers: header, payload }) => [
          type,
          payload.length,
          sha256(payload),
          header['item_count'],
        ]),
        expected.items.map((item) => [item.type, item.bytes, item.sha256, item.item_count]),
        name,
      );
    }
  });

  it('shares the memory of the envelope', () => {
    const bytes = readSample('e01-python-event-attachment.envelope');
    for (const { payload } of readEnvelope(bytes).items) assert.equal(payload.buffer, bytes.buffer);
  });

  it('takes exactly `length` bytes, line feeds and all', () => {
    assert.deepEqual(payloads(read('{}\n{"type":"a","length":5}\n1\n3\n5\n{"type":"b","length":0}\n')), [
      '1\n3\n5',
      '',
    ]);
    assert.deepEqual(payloads(read('{}\n{"type":"a","length":2}\né')), ['é']);
    assert.deepEqual(payloads(read('{}\n{"type":"a","length":0}')), ['']);
  });

  it('ends a payload without `length` at the line feed alone', () => {
    assert.deepEqual(payloads(read('{}\n{"type":"a"}\n{"x":1}\r\n{"type":"b"}\n')), ['{"x":1}\r', '']);
    assert.deepEqual(payloads(read('{}\n{"type":"a","length":null}\nx')), ['x']);
    assert.deepEqual(payloads(read('{}\n{"type":"a"}')), ['']);
  });

  it('skips blank lines before headers and at the end', () => {
    assert.deepEqual(payloads(read(' \n\n{}\r\n\n {"type":"a"}\nx\n\n\n{"type":"b"}\ny\n\n\r\n ')), ['x', 'y']);
    assert.deepEqual(read('{"event_id":"1"}').items, []);
  });

  it('says what is wrong', () => {
    refuses('', /empty request body/);
    refuses('\n \n', /empty request body/);
    refuses('nothing', /invalid envelope header/);
    refuses('[]', /invalid envelope header/);
    refuses('{"a":1}}', /invalid envelope header/);
    refuses('{}\n{}', /invalid item header: no type/);
    refuses('{}\n{"type":1}', /invalid item header: no type/);
    refuses('{}\n{"type":""}', /invalid item header: no type/);
    refuses('{}\n{"type":"a","length":3}\n1234\n', /missing newline/);
    refuses('{}\n{"type":"a","length":3}\n12', /unexpected end of file/);
    refuses('{}\n{"type":"a","length":3}', /unexpected end of file/);
    for (const length of ['-1', '1.5', '"3"', '1e300', 'true', '[]']) {
      refuses(`{}\n{"type":"a","length":${length}}\n123`, /length is no number of bytes/);
    }
  });

  it('has bounds for headers and items', () => {
    refuses(`{"a":"${'x'.repeat(64 << 10)}"}`, /longer than/);
    refuses(`{}\n{"type":"${'x'.repeat(64 << 10)}"}\n`, /longer than/);
    refuses('['.repeat(60_000), /invalid envelope header/);
    assert.equal(read(`{}\n${'{"type":"a"}\n\n'.repeat(1000)}`).items.length, 1000);
    refuses(`{}\n${'{"type":"a"}\n\n'.repeat(1001)}`, /too many items/);
  });

  it('never throws anything else, whatever it is given', () => {
    const pieces = fc.constantFrom('{}', '\n', '{"type":"a"}', '{"type":"a","length":3}', '\r', ' ', 'abc', '{', '\0');
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void readOrRefuse(Buffer.from(bytes))));
    fc.assert(
      fc.property(fc.array(pieces), (all) => void readOrRefuse(Buffer.from(all.join('')))),
      { numRuns: 1000 },
    );
  });

  it('gives an error or no more than before, wherever an envelope is cut', () => {
    for (const { bytes } of sampleEnvelopes()) {
      const whole = readOrRefuse(bytes)?.items ?? [];
      for (let cut = 0; cut < bytes.length; cut++) {
        const items = readOrRefuse(bytes.subarray(0, cut))?.items ?? [];
        assert.ok(items.length <= Math.max(whole.length, 1));
        items.forEach(({ payload }, i) => {
          if (whole[i] !== undefined) assert.ok(whole[i].payload.subarray(0, payload.length).equals(payload));
        });
      }
    }
  });

  it('reads back what was written with and without lengths', () => {
    const item = fc.record(
      { type: fc.string({ minLength: 1 }), payload: fc.uint8Array().map((bytes) => Buffer.from(bytes)) },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(item), fc.boolean(), (items, closed) => {
        const parts: Buffer[] = [Buffer.from('{}')];
        for (const { type, payload } of items) {
          const free = payload.includes(10);
          const header = JSON.stringify(free ? { type, length: payload.length } : { type });
          parts.push(Buffer.from(`\n${header}\n`), payload);
        }
        if (closed) parts.push(Buffer.from('\n'));
        assert.deepEqual(
          readEnvelope(Buffer.concat(parts)).items.map(({ type, payload }) => ({ type, payload })),
          items,
        );
      }),
    );
  });
});

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
