import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FileSystem } from '../../src/component/file-system.ts';
import { avroSchema } from '../../src/serializers/avro_schema.ts';
import { readContainer } from '../support/avro-container.ts';
import { batchOf, type SampleEvent } from '../support/batches.ts';
import { serializerContext, serializerOf } from '../support/serializer.ts';

const SCHEMA = '{"type": "record", "name": "LogLine", "fields": [{"name": "n", "type": "long"}]}';
const RECORDS = { schema: JSON.parse(SCHEMA), codec: 'null', blocks: [[{ n: 1 }, { n: 2 }]] };

function records(headers: Record<string, string> = {}): SampleEvent[] {
  return [{ headers, body: Buffer.of(2) }, { body: Buffer.of(4) }];
}

/** A context whose file systems hold this one file. */
function withFile(url: string, content: string) {
  const fileSystem = (wanted: string) => {
    assert.equal(wanted, url);
    const read = async (_path: string, offset: number, length: number) =>
      Buffer.from(content).subarray(offset, offset + length);
    return { fileSystem: { read } as unknown as FileSystem, path: '/schema' };
  };
  return { ...serializerContext(), fileSystem };
}

async function written(serializer: ReturnType<typeof serializerOf>, events: SampleEvent[]): Promise<Buffer> {
  const batch = batchOf(events);
  const head = await serializer.begin(batch);
  return Buffer.concat([...head, ...serializer.rows(batch, 0, batch.length), ...serializer.endUnit()]);
}

describe('serializer AvroEventSerializer', () => {
  it('takes the schema of the header flume.avro.schema.literal', async () => {
    const bytes = await written(serializerOf(avroSchema), records({ 'flume.avro.schema.literal': SCHEMA }));
    assert.deepEqual(readContainer(bytes), RECORDS);
  });

  it('takes the schema from where the header flume.avro.schema.url points, before a literal', async () => {
    const context = withFile('hdfs://nn/s.avsc', SCHEMA);
    const headers = { 'flume.avro.schema.url': 'hdfs://nn/s.avsc', 'flume.avro.schema.literal': '"string"' };
    assert.deepEqual(readContainer(await written(serializerOf(avroSchema, {}, context), records(headers))), RECORDS);
  });

  it('takes the schema of schemaURL where no header names one', async () => {
    const context = withFile('file:///s.avsc', SCHEMA);
    const serializer = serializerOf(avroSchema, { schemaURL: 'file:///s.avsc' }, context);
    assert.deepEqual(readContainer(await written(serializer, records())), RECORDS);
  });

  it('reads a schema over http', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/s.avsc') response.end(SCHEMA);
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const headers = { 'flume.avro.schema.url': `${url}s.avsc` };
      assert.deepEqual(readContainer(await written(serializerOf(avroSchema), records(headers))), RECORDS);
      const missing = { 'flume.avro.schema.url': `${url}other` };
      await assert.rejects(written(serializerOf(avroSchema), records(missing)), { code: 'EVENT_UNUSABLE' });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  it('begins a file that was opened without an event with the first that comes', async () => {
    const serializer = serializerOf(avroSchema);
    assert.deepEqual(await serializer.begin(batchOf([])), []);
    const batch = batchOf(records({ 'flume.avro.schema.literal': SCHEMA }));
    const bytes = Buffer.concat([...serializer.rows(batch, 0, 2), ...serializer.endUnit()]);
    assert.deepEqual(readContainer(bytes), RECORDS);
  });

  it('says what is wrong without a schema, or with one that is none', async () => {
    await assert.rejects(written(serializerOf(avroSchema), records()), /no Avro schema: .* schemaURL is not set/);
    const broken = records({ 'flume.avro.schema.literal': '{' });
    await assert.rejects(written(serializerOf(avroSchema), broken), /literal is not JSON/);
    const huge = withFile('file:///s.avsc', ' '.repeat(2_000_000));
    const serializer = serializerOf(avroSchema, { schemaURL: 'file:///s.avsc' }, huge);
    await assert.rejects(written(serializer, records()), /more than 1048576 bytes/);
  });
});
