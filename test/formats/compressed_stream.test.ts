import assert from 'node:assert/strict';
import { codecs } from '../../src/codecs/find.ts';
import { gzip } from '../../src/codecs/gzip.ts';
import type { Codec } from '../../src/component/codec.ts';
import type { EventFileWriter } from '../../src/component/format.ts';
import { openCompressedStream } from '../../src/formats/compressed_stream.ts';
import { text } from '../../src/serializers/text.ts';
import { batchOfLines } from '../support/batches.ts';
import { decompress } from '../support/decompress.ts';
import { MemoryFile } from '../support/memory-file.ts';
import { serializerOf } from '../support/serializer.ts';

const lines = batchOfLines(Array.from({ length: 25 }, (_, i) => `line ${i}`));

async function open(file: MemoryFile, codec: Codec): Promise<EventFileWriter> {
  const settings = { serializer: serializerOf(text), codec, writeFormat: 'Writable', now: () => 0 } as const;
  return await openCompressedStream(file, settings, lines);
}

/** A codec that is done only when told so. */
function heldBackCodec(): { codec: Codec; finish: (unit: number) => void; started: () => number } {
  const waiting: (() => void)[] = [];
  const codec: Codec = {
    ...gzip,
    compress: (unit) => new Promise((resolve) => waiting.push(() => resolve(unit))),
  };
  return { codec, finish: (unit) => waiting[unit]!(), started: () => waiting.length };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('format CompressedStream', () => {
  for (const codec of codecs) {
    it(`${codec.name}: makes a member of each flush`, async () => {
      const file = new MemoryFile();
      const writer = await open(file, codec);
      for (const [from, to] of [
        [0, 10],
        [10, 20],
        [20, 25],
      ] as const) {
        await writer.write(lines, from, to);
        const length = await writer.flush();
        const soFar = decompress(codec.name, file.bytes(length)).bytes.toString();
        assert.equal(soFar, lines.run(0, to, 0x0a)!.toString());
      }
      await writer.close();
      const read = decompress(codec.name, file.bytes());
      assert.equal(read.bytes.toString(), lines.body.toString());
      // Flume leaves an empty bzip2 stream at the end.
      assert.equal(read.members, codec.name === 'bzip2' ? 4 : 3);
    });
  }

  it('writes nothing for a flush without rows', async () => {
    const file = new MemoryFile();
    const writer = await open(file, gzip);
    await writer.write(lines, 0, 1);
    const length = await writer.flush();
    assert.equal(await writer.flush(), length);
    await writer.close();
    assert.equal(file.length, length);
  });

  it('leaves a valid file when nothing was written', async () => {
    const file = new MemoryFile();
    await (await open(file, gzip)).close();
    assert.deepEqual(decompress('gzip', file.bytes()), { bytes: Buffer.alloc(0), members: 1 });
  });

  it('compresses parts of a large unit at the same time, keeps their order, and bounds how many', async () => {
    const file = new MemoryFile();
    const { codec, finish, started } = heldBackCodec();
    const writer = await open(file, codec);
    const large = batchOfLines(Array.from({ length: 8000 }, (_, i) => `${i} `.padEnd(1000, 'x')));
    const written = writer.write(large, 0, large.length);
    let done = false;
    void written.then(() => {
      done = true;
    });
    await turn();
    assert.equal(started(), 4);
    for (const part of [3, 1, 2, 0]) finish(part);
    while (!done) {
      await turn();
      for (let part = 4; part < started(); part++) finish(part);
    }
    const flushed = writer.flush();
    await turn();
    finish(started() - 1);
    assert.equal(await flushed, large.body.length);
    assert.ok(file.bytes().equals(large.body));
  });

  it('waits when the file takes no more', async () => {
    const file = new MemoryFile();
    const { promise, resolve } = Promise.withResolvers<void>();
    file.gate = promise;
    const { codec, finish, started } = heldBackCodec();
    const writer = await open(file, codec);
    const large = batchOfLines(Array.from({ length: 8000 }, (_, i) => `${i} `.padEnd(1000, 'x')));
    const written = writer.write(large, 0, large.length);
    for (let part = 0; part < 4; part++) {
      await turn();
      finish(part);
    }
    await turn();
    assert.equal(started(), 4);
    assert.ok(file.length < 1_000_000);
    await writer.abandon();
    resolve();
    await assert.rejects(written, /closed/);
  });

  it('does not count rows into a flush that were written after it was called', async () => {
    const file = new MemoryFile();
    const { codec, finish } = heldBackCodec();
    const writer = await open(file, codec);
    await writer.write(lines, 0, 1);
    const first = writer.flush();
    await writer.write(lines, 1, 2);
    const second = writer.flush();
    await turn();
    finish(1);
    finish(0);
    assert.equal(await first, 'line 0\n'.length);
    assert.equal(await second, 'line 0\nline 1\n'.length);
    assert.equal(file.bytes().toString(), 'line 0\nline 1\n');
  });

  it('rejects the flush when the codec or the file fails', async () => {
    const broken = { ...gzip, compress: async () => Promise.reject(new Error('codec gone')) };
    const writer = await open(new MemoryFile(), broken);
    await writer.write(lines, 0, 1);
    await assert.rejects(writer.flush(), /codec gone/);
    await assert.rejects(writer.close(), /codec gone/);
    await writer.abandon();

    const file = new MemoryFile();
    file.failure = new Error('disk gone');
    const other = await open(file, gzip);
    await other.write(lines, 0, 1);
    await assert.rejects(other.flush(), /disk gone/);
  });

  it('needs a codec', async () => {
    const settings = {
      serializer: serializerOf(text),
      codec: undefined,
      writeFormat: 'Writable',
      now: () => 0,
    } as const;
    await assert.rejects(openCompressedStream(new MemoryFile(), settings, lines), { code: 'CONFIG_INVALID' });
  });
});
