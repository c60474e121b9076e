import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { BodyBudget, HeldBody } from '../../../src/rpc/http/body.ts';
import { inflate } from '../../../src/rpc/http/inflate.ts';
import { Refusal } from '../../../src/rpc/http/refusal.ts';

const MIB = 1 << 20;
const PACK: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  zstd: (bytes) => zlib.zstdCompressSync(bytes),
};

function held(bytes: Buffer, budget: BodyBudget): HeldBody {
  budget.take(bytes.length);
  return new HeldBody(bytes, budget);
}

async function unpack(
  bytes: Buffer,
  encoding: string | undefined,
  most = 8 * MIB,
  budget = new BodyBudget(64 * MIB),
): Promise<Buffer> {
  const body = await inflate(held(bytes, budget), encoding, { most, tooLong: 'too long', budget });
  assert.equal(budget.held, body.bytes.length, 'what was packed is given back');
  body.release();
  body.release();
  assert.equal(budget.held, 0);
  return body.bytes;
}

async function refused(
  status: number,
  bytes: Buffer,
  encoding: string,
  most = 8 * MIB,
  budget = new BodyBudget(64 * MIB),
): Promise<void> {
  await assert.rejects(
    inflate(held(bytes, budget), encoding, { most, tooLong: 'too long', budget }),
    (error) => error instanceof Refusal && error.status === status,
  );
  assert.equal(budget.held, 0, 'nothing is held after a refusal');
}

describe('inflate', () => {
  for (const [encoding, pack] of Object.entries(PACK)) {
    it(`gives back what ${encoding} has packed, small and large`, async () => {
      for (const size of [0, 1, 4000, MIB - 1, MIB, MIB + 1, 3 * MIB]) {
        const bytes = Buffer.alloc(size, 'some text ');
        assert.ok((await unpack(pack(bytes), encoding)).equals(bytes), String(size));
      }
    });

    it(`refuses ${encoding} that is cut off anywhere, or damaged`, async () => {
      const packed = pack(Buffer.alloc(5000, 'some text '));
      for (let cut = 0; cut < packed.length; cut++) await refused(400, packed.subarray(0, cut), encoding);
      await refused(400, Buffer.from('{"event_id":1}\n'), encoding);
      const large = pack(Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * i) % 251)));
      await refused(400, large.subarray(0, large.length - 1), encoding);
    });

    it(`stops a bomb of ${encoding} at the limit, holding no more than that`, async () => {
      const bomb = pack(Buffer.alloc(16 * MIB));
      await refused(413, bomb, encoding, 4 * MIB);
      await refused(413, bomb, encoding, 4000);
      // The budget ends before the limit does.
      await refused(503, bomb, encoding, 16 * MIB, new BodyBudget(2 * MIB));
    });
  }

  it('reads every frame of zstd, small and large, and refuses what is none behind them', async () => {
    for (const size of [1, 4000, 600_000]) {
      const parts = [1, 2, 3].map((n) => Buffer.alloc(size, `some text ${n} `));
      const packed = Buffer.concat(parts.map((part) => zlib.zstdCompressSync(part)));
      const skippable = Buffer.from('502a4d1804000000aabbccdd', 'hex');
      for (const bytes of [packed, Buffer.concat([skippable, packed, skippable])]) {
        assert.ok((await unpack(bytes, 'zstd')).equals(Buffer.concat(parts)), String(size));
      }
      await refused(400, Buffer.concat([packed, Buffer.from('garbage')]), 'zstd');
      await refused(413, packed, 'zstd', 3 * size - 1);
    }
    // Above 64 KiB of packed bytes they are read as a stream.
    const noise = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * i * 31) % 251));
    const large = Buffer.concat([
      zlib.zstdCompressSync(Buffer.concat([noise, randomBytes(90_000)])),
      zlib.zstdCompressSync(noise),
    ]);
    assert.equal((await unpack(large, 'zstd')).length, 190_000);
    await refused(400, Buffer.concat([large, Buffer.from('garbage')]), 'zstd');
    await refused(400, Buffer.alloc(8 * 2000, Buffer.from('502a4d1800000000', 'hex')), 'zstd');
    await refused(400, Buffer.alloc(8 * 20_000, Buffer.from('502a4d1800000000', 'hex')), 'zstd');
  });

  it('takes raw deflate, several encodings, and words that mean none', async () => {
    const bytes = Buffer.alloc(4000, 'some text ');
    assert.ok((await unpack(zlib.deflateRawSync(bytes), 'deflate')).equals(bytes));
    assert.ok((await unpack(zlib.brotliCompressSync(zlib.gzipSync(bytes)), 'gzip, BR')).equals(bytes));
    assert.ok((await unpack(zlib.gzipSync(bytes), 'identity, gzip')).equals(bytes));
    for (const none of [undefined, '', 'identity', 'UTF-8', 'utf-8', ' , identity']) {
      assert.ok((await unpack(bytes, none)).equals(bytes), none);
    }
  });

  it('refuses encodings that it does not know, and too many of them', async () => {
    for (const encoding of [
      'compress',
      'constructor',
      '__proto__',
      'gzip gzip',
      'gzip,gzip,gzip,gzip',
      'x'.repeat(9999),
    ]) {
      await refused(415, Buffer.from('x'), encoding);
    }
  });

  it('lets no frame of zstd claim a large window', async () => {
    const params = { [zlib.constants.ZSTD_c_windowLog]: 27, [zlib.constants.ZSTD_c_compressionLevel]: 1 };
    const stream = zlib.createZstdCompress({ params });
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.write('x');
    stream.flush();
    stream.end('y');
    await new Promise((resolve) => stream.on('end', resolve));
    await refused(400, Buffer.concat(chunks), 'zstd');
  });

  it('gives an error or bytes within the limit for any input', async () => {
    const budget = new BodyBudget(MIB);
    const words = fc.constantFrom('gzip', 'deflate', 'br', 'zstd', 'identity');
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(words, { maxLength: 4 }),
        async (bytes, encodings) => {
          try {
            const limits = { most: 1000, tooLong: 'too long', budget };
            const body = await inflate(held(Buffer.from(bytes), budget), encodings.join(','), limits);
            assert.ok(body.bytes.length <= 1000);
            body.release();
          } catch (error) {
            assert.ok(error instanceof Refusal, String(error));
          }
          assert.equal(budget.held, 0);
        },
      ),
    );
  });
});
