import assert from 'node:assert/strict';
import type { Serializer } from '../../src/component/serializer.ts';
import { openDataStream } from '../../src/formats/data_stream.ts';
import { text } from '../../src/serializers/text.ts';
import { batchOf, batchOfLines } from '../support/batches.ts';
import { MemoryFile } from '../support/memory-file.ts';
import { serializerOf } from '../support/serializer.ts';

const more = { codec: undefined, writeFormat: 'Writable', now: () => 0 } as const;

describe('format DataStream', () => {
  it('gives the file the very bytes that were read', async () => {
    const file = new MemoryFile();
    const batch = batchOfLines(['one', 'two', 'three']);
    const writer = await openDataStream(file, { serializer: serializerOf(text), ...more }, batch);
    await writer.write(batch, 1, 3);
    assert.equal(file.chunks[0]!.buffer, batch.body.buffer);
    assert.equal(await writer.flush(), 10);
    await writer.close();
    assert.equal(file.bytes().toString(), 'two\nthree\n');
  });

  it('does not count rows into a flush that were written after it was called', async () => {
    const file = new MemoryFile();
    const batch = batchOf([{ body: 'a' }, { body: 'b' }]);
    const writer = await openDataStream(file, { serializer: serializerOf(text), ...more }, batch);
    await writer.write(batch, 0, 1);
    const flushed = writer.flush();
    await writer.write(batch, 1, 2);
    assert.equal(await flushed, 2);
    assert.equal(await writer.flush(), 4);
  });

  it('writes what a serializer has for the beginning, the end of a unit and the end of the file, in order', async () => {
    const file = new MemoryFile();
    const part = (name: string) => () => [Buffer.from(name)];
    const serializer: Serializer = { begin: part('<'), rows: part('r'), endUnit: part('u'), end: part('>') };
    const batch = batchOf([{ body: '' }]);
    const writer = await openDataStream(file, { serializer, ...more }, batch);
    await writer.write(batch, 0, 1);
    assert.equal(await writer.flush(), 3);
    await writer.write(batch, 0, 1);
    await writer.close();
    assert.equal(file.bytes().toString(), '<ruru>');
    assert.ok(file.closed);
  });

  it('rejects when the file fails, and can still be abandoned', async () => {
    const file = new MemoryFile();
    const batch = batchOf([{ body: 'a' }]);
    const writer = await openDataStream(file, { serializer: serializerOf(text), ...more }, batch);
    file.failure = new Error('disk gone');
    await assert.rejects(writer.write(batch, 0, 1), /disk gone/);
    await assert.rejects(writer.flush(), /disk gone/);
    await writer.abandon();
    assert.ok(file.abandoned);
  });
});
