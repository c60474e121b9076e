import assert from 'node:assert/strict';
import { gzip } from '../../src/codecs/gzip.ts';
import type { EventBatch } from '../../src/event/event-batch.ts';
import { NumberColumn } from '../../src/event/header-columns.ts';
import { openSequenceFile } from '../../src/formats/sequence_file.ts';
import { text } from '../../src/serializers/text.ts';
import { batchOf, batchOfLines, type SampleEvent } from '../support/batches.ts';
import { MemoryFile } from '../support/memory-file.ts';
import { readSequenceFile } from '../support/sequence-file.ts';
import { serializerOf } from '../support/serializer.ts';

const settings = {
  serializer: serializerOf(text),
  codec: undefined,
  writeFormat: 'Writable',
  now: () => 1_700_000_000_123,
} as const;

async function written(batch: EventBatch, more: Partial<Parameters<typeof openSequenceFile>[1]> = {}) {
  const file = new MemoryFile();
  const writer = await openSequenceFile(file, { ...settings, ...more }, batch);
  await writer.write(batch, 0, batch.length);
  await writer.close();
  return readSequenceFile(file.bytes());
}

describe('format SequenceFile', () => {
  for (const codec of [undefined, gzip]) {
    const how = codec === undefined ? 'in records' : 'in blocks';

    it(`${how}: the key is the timestamp header, or the time now`, async () => {
      const events = ['1700000000000', '0', '-5', '9007199254740991', 'none', undefined].map(
        (timestamp): SampleEvent => ({
          body: 'b',
          headers: timestamp === undefined ? {} : { timestamp },
        }),
      );
      const keys = (await written(batchOf(events), { codec })).records.map((record) => record.key);
      const now = 1_700_000_000_123n;
      assert.deepEqual(keys, [1_700_000_000_000n, 0n, -5n, 9_007_199_254_740_991n, now, now]);
    });

    it(`${how}: takes bodies of every length that changes how it is written`, async () => {
      const lengths = [0, 1, 126, 127, 128, 255, 256, 65535, 65536, (1 << 24) - 1, 1 << 24];
      const batch = batchOf(lengths.map((length) => ({ body: Buffer.alloc(length, 'x') })));
      for (const writeFormat of ['Writable', 'Text'] as const) {
        const { records } = await written(batch, { codec, writeFormat });
        assert.deepEqual(
          records.map((record) => record.body.length),
          lengths,
        );
      }
    });
  }

  it('writes a sync marker in front of the first record that begins 102,400 bytes behind the last', async () => {
    const lines = Array.from({ length: 3000 }, () => 'x'.repeat(100));
    const file = await written(batchOfLines(lines));
    const record = 8 + 8 + 4 + 100;
    const first = file.head + Math.ceil((102_400 - file.head) / record) * record;
    const second = first + 20 + Math.ceil(102_400 / record) * record;
    assert.deepEqual(file.markers.slice(0, 2), [first, second]);
    assert.equal(file.records.length, 3000);
  });

  it('ends a block with the record that reaches a million bytes of keys and values', async () => {
    const batch = batchOfLines(Array.from({ length: 25_000 }, () => 'x'.repeat(88)));
    const { blocks, codecClass } = await written(batch, { codec: gzip });
    assert.deepEqual(blocks, [10_000, 10_000, 5_000]);
    assert.equal(codecClass, 'org.apache.hadoop.io.compress.GzipCodec');
  });

  it('takes keys from a column of numbers', async () => {
    const batch = batchOf([{ body: 'a' }, { body: 'b' }]).withHeader(
      new NumberColumn('timestamp', Float64Array.of(1_700_000_000_001, Number.NaN)),
    );
    const keys = (await written(batch)).records.map((record) => record.key);
    assert.deepEqual(keys, [1_700_000_000_001n, 1_700_000_000_123n]);
  });
});
