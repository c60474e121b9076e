import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import avro from 'avsc';
import { Cursor, CutShortError } from '../../../src/rpc/avro/cursor.ts';
import {
  decodeHandshakeRequest,
  decodeHandshakeResponse,
  encodeHandshakeRequest,
  HandshakeResponder,
} from '../../../src/rpc/avro/handshake.ts';
import { isCompatible, PROTOCOL_HASH, PROTOCOL_TEXT } from '../../../src/rpc/avro/protocol.ts';

const MD5 = { type: 'fixed', name: 'MD5', size: 16 } as const;
const meta = ['null', { type: 'map', values: 'bytes' }] as const;
const requestType = avro.Type.forSchema({
  type: 'record',
  name: 'HandshakeRequest',
  fields: [
    { name: 'clientHash', type: MD5 },
    { name: 'clientProtocol', type: ['null', 'string'] },
    { name: 'serverHash', type: 'MD5' },
    { name: 'meta', type: [...meta] },
  ],
});
const responseType = avro.Type.forSchema({
  type: 'record',
  name: 'HandshakeResponse',
  fields: [
    { name: 'match', type: { type: 'enum', name: 'HandshakeMatch', symbols: ['BOTH', 'CLIENT', 'NONE'] } },
    { name: 'serverProtocol', type: ['null', 'string'] },
    { name: 'serverHash', type: ['null', MD5] },
    { name: 'meta', type: [...meta] },
  ],
});

function request(parts: { hash?: Buffer; text?: string; serverHash?: Buffer }) {
  return {
    clientHash: parts.hash ?? PROTOCOL_HASH,
    clientProtocol: parts.text,
    serverHash: parts.serverHash ?? PROTOCOL_HASH,
  };
}

describe('rpc/avro: handshake', () => {
  it("has Flume's protocol to the byte", () => {
    assert.equal(PROTOCOL_HASH.toString('hex'), '86aadae2c45474c0fe93ffd0f2350a65');
    const { doc: _, ...withoutDoc } = JSON.parse(PROTOCOL_TEXT) as Record<string, unknown>;
    const hash = createHash('md5').update(JSON.stringify(withoutDoc)).digest('hex');
    assert.equal(hash, '30da54059df72d9584b867d5202e2069');
  });

  it('writes requests that avsc reads', () => {
    for (const withProtocol of [false, true]) {
      const bytes = encodeHandshakeRequest(withProtocol);
      const read = requestType.fromBuffer(bytes) as Record<string, unknown>;
      assert.deepEqual(Buffer.from(read['clientHash'] as Buffer), PROTOCOL_HASH);
      assert.equal(read['clientProtocol'], withProtocol ? PROTOCOL_TEXT : null);
    }
  });

  it('reads requests that avsc wrote, with any meta', () => {
    const bytes = requestType.toBuffer({
      clientHash: Buffer.alloc(16, 7),
      clientProtocol: 'текст',
      serverHash: PROTOCOL_HASH,
      meta: { a: Buffer.from('x'), b: Buffer.alloc(300) },
    });
    const cursor = new Cursor(Buffer.concat([bytes, Buffer.of(9)]));
    const read = decodeHandshakeRequest(cursor);
    assert.equal(cursor.at, bytes.length);
    assert.deepEqual(read, { clientHash: Buffer.alloc(16, 7), clientProtocol: 'текст', serverHash: PROTOCOL_HASH });
    for (let cut = 0; cut < bytes.length; cut++) {
      assert.throws(() => decodeHandshakeRequest(new Cursor(bytes.subarray(0, cut))), CutShortError);
    }
  });

  it('reads responses that avsc wrote', () => {
    const bytes = responseType.toBuffer({
      match: 'NONE',
      serverProtocol: '{}',
      serverHash: Buffer.alloc(16, 3),
      meta: {},
    });
    assert.deepEqual(decodeHandshakeResponse(new Cursor(bytes)), { match: 'NONE', serverHash: Buffer.alloc(16, 3) });
  });

  it('answers BOTH, CLIENT and NONE as the hashes demand', () => {
    const responder = new HandshakeResponder();
    const other = Buffer.alloc(16, 1);
    const both = responder.answer(request({}));
    assert.equal(both.match, 'BOTH');
    assert.deepEqual(responseType.fromBuffer(both.bytes).serverProtocol, null);
    const client = responder.answer(request({ serverHash: other }));
    assert.equal(client.match, 'CLIENT');
    assert.equal(responseType.fromBuffer(client.bytes).serverProtocol, PROTOCOL_TEXT);
    assert.equal(responder.answer(request({ hash: other })).match, 'NONE');
  });

  it("learns a client's protocol, and only under its true hash", () => {
    const responder = new HandshakeResponder();
    const { doc: _, ...withoutDoc } = JSON.parse(PROTOCOL_TEXT) as Record<string, unknown>;
    const text = JSON.stringify(withoutDoc);
    const hash = createHash('md5').update(text).digest();
    assert.equal(responder.answer(request({ hash: Buffer.alloc(16, 1), text })).match, 'BOTH');
    assert.equal(responder.answer(request({ hash: Buffer.alloc(16, 1) })).match, 'NONE');
    assert.equal(responder.answer(request({ hash })).match, 'NONE');
    assert.equal(responder.answer(request({ hash, text })).match, 'BOTH');
    assert.equal(responder.answer(request({ hash })).match, 'BOTH');
  });

  it('takes a protocol that differs in what does not show on the wire, and no other', () => {
    const parsed = JSON.parse(PROTOCOL_TEXT) as { types: { fields?: unknown[] }[]; messages: Record<string, unknown> };
    const javaString = PROTOCOL_TEXT.replaceAll('"string"', '{"type":"string","avro.java.string":"String"}');
    assert.equal(isCompatible(javaString), true);
    assert.equal(
      isCompatible(PROTOCOL_TEXT.replaceAll('"AvroFlumeEvent"', '"org.apache.flume.source.avro.AvroFlumeEvent"')),
      true,
    );
    parsed.types[1]!.fields!.reverse();
    assert.equal(isCompatible(JSON.stringify(parsed)), false);
    for (const text of ['', '{', 'null', '[]', '{"messages":{}}', 'x'.repeat(1 << 20)])
      assert.equal(isCompatible(text), false);
  });
});
