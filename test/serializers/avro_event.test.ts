import assert from 'node:assert/strict';
import { ConstantColumn } from '../../src/event/header-columns.ts';
import { avroEvent } from '../../src/serializers/avro_event.ts';
import { readContainer } from '../support/avro-container.ts';
import { batchOf, batchOfLines } from '../support/batches.ts';
import { serializerOf } from '../support/serializer.ts';

describe('serializer AVRO_EVENT', () => {
  it('ends a block with the record that reaches syncIntervalBytes, and at each unit', async () => {
    const serializer = serializerOf(avroEvent, { syncIntervalBytes: 100 });
    const batch = batchOfLines(Array.from({ length: 7 }, () => 'x'.repeat(38)));
    const head = await serializer.begin(batch);
    const full = serializer.rows(batch, 0, 7);
    const rest = serializer.endUnit();
    const { blocks } = readContainer(Buffer.concat([...head, ...full, ...rest]));
    assert.deepEqual(
      blocks.map((block) => block.length),
      [3, 3, 1],
    );
    assert.deepEqual(serializer.endUnit(), []);
  });

  it('has a sync marker of its own in each file', async () => {
    const serializer = serializerOf(avroEvent);
    const batch = batchOf([{ body: '' }]);
    const [one] = await serializer.begin(batch);
    const [two] = await serializer.begin(batch);
    assert.notDeepEqual(one!.subarray(-16), two!.subarray(-16));
  });

  it('writes bodies and header values of any length', async () => {
    const serializer = serializerOf(avroEvent);
    for (const length of [0, 1, 20, 21, 22, 63, 64, 127, 128, 8191, 8192, 1 << 20, 3 << 20]) {
      const batch = batchOf([{ body: Buffer.alloc(length, 'b'), headers: { h: 'é'.repeat(length) } }]).withHeader(
        new ConstantColumn('c', 'x'.repeat(length)),
      );
      const chunks = [...(await serializer.begin(batch)), ...serializer.rows(batch, 0, 1), ...serializer.endUnit()];
      const [record] = readContainer(Buffer.concat(chunks)).blocks.flat() as {
        headers: Record<string, string>;
        body: Buffer;
      }[];
      assert.equal(record!.body.length, length);
      assert.equal(record!.headers['h']!.length, length);
      assert.equal(record!.headers['c']!.length, length);
    }
  });
});
