import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SluiceError } from '../../../src/errors.ts';
import { PackDecoder, packHead, packOf } from '../../../src/rpc/avro/pack.ts';

function pack(serial: number, ...buffers: Buffer[]): Buffer {
  return packOf(serial, buffers);
}

function int(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeInt32BE(value, 4 * i);
  return bytes;
}

function decode(chunks: readonly Buffer[], maxBytes = 1 << 20): [number, string][] {
  const packs: [number, string][] = [];
  const decoder = new PackDecoder(maxBytes, (serial, payload) => packs.push([serial, payload.toString('latin1')]));
  for (const chunk of chunks) decoder.push(chunk);
  assert.equal(decoder.midPack, false);
  return packs;
}

describe('rpc/avro: packs', () => {
  it('puts a payload together wherever buffers and chunks are split', () => {
    const buffers = fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 6 });
    const packs = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 ** 31 - 1 }), buffers), { maxLength: 5 });
    fc.assert(
      fc.property(packs, fc.infiniteStream(fc.integer({ min: 1, max: 40 })), (sent, sizes) => {
        // A first pack with a small serial, as all are that begin a connection.
        const all: [number, Uint8Array[]][] = [[1, [new Uint8Array(3)]], ...sent];
        const wire = Buffer.concat(
          all.map(([serial, parts]) => pack(serial, ...parts.map((part) => Buffer.from(part)))),
        );
        const chunks: Buffer[] = [];
        for (let at = 0; at < wire.length; ) {
          const size = sizes.next().value as number;
          chunks.push(wire.subarray(at, at + size));
          at += size;
        }
        const expected = all.map(([serial, parts]) => [serial, Buffer.concat(parts).toString('latin1')]);
        assert.deepEqual(decode(chunks), expected);
      }),
    );
  });

  it('takes packs larger than any chunk, and shrinking ones after them', () => {
    const sizes = [5_000_000, 3_000_000, 10, 200_000, 5_000_001, 0, 7];
    const packs = sizes.map((size, i) => {
      const parts: Buffer[] = [Buffer.alloc(13, 1)];
      for (let rest = size; rest > 0; rest -= 8192) parts.push(Buffer.alloc(Math.min(rest, 8192), i));
      return pack(i + 1, ...parts);
    });
    const seen: number[] = [];
    const decoder = new PackDecoder(1 << 30, (_serial, payload) => {
      seen.push(payload.length - 13);
      // What the payload pins is not much more than it holds.
      assert.ok(payload.buffer.byteLength <= payload.length * 1.5 + 64, `${payload.buffer.byteLength}`);
    });
    const wire = Buffer.concat(packs);
    for (let at = 0; at < wire.length; at += 65_536) decoder.push(wire.subarray(at, at + 65_536));
    assert.deepEqual(seen, sizes);
  });

  it('writes the head so that the last buffer can follow it as it is', () => {
    const body = Buffer.from('body');
    const wire = Buffer.concat([packHead(7, [Buffer.from('head')], body.length), body]);
    assert.deepEqual(wire, Buffer.concat([int(7, 2, 4), Buffer.from('head'), int(4), body]));
  });

  const refused: [string, Buffer, RegExp, string][] = [
    ['a hostile length', int(1, 1, 0x7fff_ffff), /at most 1048576/, 'TOO_LARGE'],
    ['a negative length', int(1, 1, -1), /a buffer of -1 bytes/, 'PROTOCOL'],
    [
      'lengths that are too much together',
      Buffer.concat([int(1, 3, 2), Buffer.alloc(2), int(1 << 20)]),
      /at most/,
      'TOO_LARGE',
    ],
    ['a hostile count', int(1, 0x7fff_ffff), /a pack of 2147483647 buffers/, 'TOO_LARGE'],
    ['a negative count', int(1, -5), /a pack of -5 buffers/, 'PROTOCOL'],
    ['no buffers', int(1, 0), /a pack of 0 buffers/, 'PROTOCOL'],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), /HTTP/, 'PROTOCOL'],
    ['TLS', Buffer.from([0x16, 3, 1, 2, 0, 1]), /TLS/, 'PROTOCOL'],
    ['deflate', Buffer.from([0x78, 0x9c, 2, 0, 1]), /deflate/, 'PROTOCOL'],
  ];
  for (const [what, wire, message, code] of refused) {
    it(`refuses ${what}`, () => {
      const decoder = new PackDecoder(1 << 20, () => assert.fail('a pack'));
      assert.throws(
        () => decoder.push(wire),
        (error) => error instanceof SluiceError && error.code === code && message.test(error.message),
      );
    });
  }

  it('sets memory aside for what has come, not for what was announced', () => {
    const decoder = new PackDecoder(1 << 30, () => {});
    decoder.push(Buffer.concat([int(1, 1, 1 << 30), Buffer.alloc(10)]));
    assert.ok(decoder.heldBytes <= 65_536);
    assert.equal(decoder.midPack, true);
  });
});
