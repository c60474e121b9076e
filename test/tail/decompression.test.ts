import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { type Compression, CorruptError, compressionOf, Decompression } from '../../src/tail/decompression.ts';

const compress = (kind: Compression, bytes: Buffer) => (kind === 'gzip' ? gzipSync(bytes) : zstdCompressSync(bytes));

/** A file in memory. */
class MemoryFile {
  bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  readonly readAt = (buffer: Buffer, offset: number): Promise<number> =>
    Promise.resolve(this.bytes.copy(buffer, 0, Math.min(offset, this.bytes.length)));
}

async function readAll(content: Decompression, size = 1000): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (;;) {
    const buffer = Buffer.alloc(size);
    const count = await content.read(buffer);
    if (count === 0) return Buffer.concat(parts);
    parts.push(buffer.subarray(0, count));
  }
}

/** Bytes that do not compress to nothing. */
function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let x = 12345;
  for (let i = 0; i < size; i++) {
    x = (x * 1103515245 + 12345) & 0x7fffffff;
    bytes[i] = 97 + ((x >> 16) % 26);
  }
  return bytes;
}

describe('decompression', () => {
  it('is told by the first bytes alone', () => {
    assert.equal(compressionOf(gzipSync('')), 'gzip');
    assert.equal(compressionOf(zstdCompressSync('')), 'zstd');
    for (const text of ['', '\x1f', 'abcd', '\x1f\x8b\x07x'])
      assert.equal(compressionOf(Buffer.from(text, 'latin1')), undefined);
  });

  for (const kind of ['gzip', 'zstd'] as const) {
    it(`${kind}: gives the content, of one member or several, from any offset on`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.integer({ min: 0, max: 300_000 }).map(noise)), {
            minLength: 1,
            maxLength: 4,
          }),
          fc.nat(),
          fc.integer({ min: 1000, max: 200_000 }),
          async (parts, pick, size) => {
            const whole = Buffer.concat(parts);
            const file = new MemoryFile(Buffer.concat(parts.map((part) => compress(kind, Buffer.from(part)))));
            const content = new Decompression(kind, file.readAt);
            const from = pick % (whole.length + 1);
            assert.equal(await content.skipTo(from), true);
            assert.ok((await readAll(content, size)).equals(whole.subarray(from)));
            assert.equal(content.position, whole.length);
            assert.equal(await content.end(), 'complete');
            content.close();
          },
        ),
        { numRuns: 40 },
      );
    });

    it(`${kind}: reads on in a file that grows`, async () => {
      const text = Buffer.concat([noise(200_000), Buffer.from('the end')]);
      const all = Buffer.concat([compress(kind, text), compress(kind, text)]);
      const file = new MemoryFile(all.subarray(0, 0));
      const content = new Decompression(kind, file.readAt);
      const parts: Buffer[] = [];
      for (let at = 0; at <= all.length; at = Math.min(all.length, at + 9973)) {
        file.bytes = all.subarray(0, at);
        parts.push(await readAll(content));
        if (at === all.length) break;
      }
      assert.ok(Buffer.concat(parts).equals(Buffer.concat([text, text])));
      assert.equal(await content.end(), 'complete');
    });

    it(`${kind}: says that a file ends in the middle`, async () => {
      const text = noise(100_000);
      const all = compress(kind, text);
      for (const cut of [4, 30, all.length >> 1, all.length - 1]) {
        const content = new Decompression(kind, new MemoryFile(all.subarray(0, cut)).readAt);
        const got = await readAll(content);
        assert.ok(text.subarray(0, got.length).equals(got));
        assert.equal(await content.end(), 'cut');
        content.close();
      }
    });

    it(`${kind}: gives what comes before a damage, and says where that is`, async () => {
      const first = noise(150_000);
      const good = compress(kind, first);
      const bad = Buffer.concat([
        good,
        kind === 'gzip' ? Buffer.from('this is no gzip') : Buffer.from('this is no zstd'),
      ]);
      const content = new Decompression(kind, new MemoryFile(bad).readAt);
      const parts: Buffer[] = [];
      await assert.rejects(
        async () => {
          for (;;) {
            const buffer = Buffer.alloc(10_000);
            const size = await content.read(buffer);
            if (size === 0) return;
            parts.push(buffer.subarray(0, size));
          }
        },
        (error) => error instanceof CorruptError && Math.abs(error.offset - good.length) <= 64,
      );
      const got = Buffer.concat(parts);
      assert.ok(first.subarray(0, got.length).equals(got));
      // At most what the last few bytes before it stand for.
      assert.ok(first.length - got.length < 1000, `${got.length} of ${first.length}`);
    });
  }

  it('holds little of a file that becomes very large', async () => {
    const file = new MemoryFile(gzipSync(Buffer.alloc(200 << 20)));
    const content = new Decompression('gzip', file.readAt);
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const before = process.memoryUsage().arrayBuffers;
    const buffer = Buffer.alloc(1 << 20);
    let most = 0;
    for (let i = 0; i < 190; i++) {
      await content.read(buffer);
      if (i % 19 !== 18) continue;
      collect();
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    content.close();
    assert.ok(most < 20 << 20, `${most} bytes`);
  });
});
