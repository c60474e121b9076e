import assert from 'node:assert/strict';
import { findCodec } from '../../src/codecs/find.ts';
import type { Codec } from '../../src/component/codec.ts';
import type { Declaration } from '../../src/component/declaration.ts';
import type { OpenFormat } from '../../src/component/format.ts';
import { openCompressedStream } from '../../src/formats/compressed_stream.ts';
import { openDataStream } from '../../src/formats/data_stream.ts';
import { openSequenceFile } from '../../src/formats/sequence_file.ts';
import { avroEvent } from '../../src/serializers/avro_event.ts';
import { avroSchema } from '../../src/serializers/avro_schema.ts';
import { headerAndText } from '../../src/serializers/header_and_text.ts';
import { text } from '../../src/serializers/text.ts';
import { readContainer } from '../support/avro-container.ts';
import { batchOf } from '../support/batches.ts';
import { decompress } from '../support/decompress.ts';
import { type RecordedFile, recordedFile, withoutSync } from '../support/flume-cases.ts';
import { MemoryFile } from '../support/memory-file.ts';
import { readSequenceFile } from '../support/sequence-file.ts';
import { serializerOf } from '../support/serializer.ts';

interface How {
  readonly serializer?: Declaration<'serializer'>;
  readonly options?: Readonly<Record<string, string | boolean>>;
  readonly codec?: string;
  readonly writeFormat?: 'Writable' | 'Text';
}

/** The events of a case, written as Flume flushed them. */
async function rewrite(recorded: RecordedFile, open: OpenFormat, how: How): Promise<Buffer> {
  const found = findCodec(how.codec ?? 'none') as { value: Codec | undefined };
  const batch = batchOf(recorded.events);
  const file = new MemoryFile();
  const settings = {
    serializer: serializerOf(how.serializer ?? text, how.options),
    codec: found.value,
    writeFormat: how.writeFormat ?? 'Writable',
    now: () => 0,
  };
  const writer = await open(file, settings, batch);
  for (let from = 0; from < batch.length; from += recorded.batchSize) {
    await writer.write(batch, from, Math.min(batch.length, from + recorded.batchSize));
    await writer.flush();
  }
  await writer.close();
  return file.bytes();
}

describe('files recorded from Flume 1.11', () => {
  const plain: Readonly<Record<string, How>> = {
    'hdfs/datastream': {},
    'hdfs/datastream-no-newline': { options: { appendNewline: false } },
    'hdfs/datastream-header-and-text': { serializer: headerAndText },
    'hdfs/datastream-header-and-text-no-newline': { serializer: headerAndText, options: { appendNewline: false } },
    'hdfs/datastream-header-order': { serializer: headerAndText },
    'hdfs/newline-in-body': {},
    'file_roll/default': {},
    'file_roll/no-newline': { options: { appendNewline: false } },
    'file_roll/header-and-text': { serializer: headerAndText },
  };
  for (const [name, how] of Object.entries(plain)) {
    it(`${name}: the same bytes`, async () => {
      const recorded = recordedFile(name);
      assert.equal((await rewrite(recorded, openDataStream, how)).toString(), recorded.bytes.toString());
    });
  }

  const containers: Readonly<Record<string, How>> = {
    'hdfs/datastream-avro-event-batches': { serializer: avroEvent },
    'hdfs/datastream-avro-event-deflate': { serializer: avroEvent, options: { compressionCodec: 'deflate' } },
    'hdfs/datastream-avro-event-snappy': { serializer: avroEvent, options: { compressionCodec: 'snappy' } },
    'hdfs/datastream-avro-schema': { serializer: avroSchema },
    'file_roll/avro-event': { serializer: avroEvent },
  };
  for (const [name, how] of Object.entries(containers)) {
    it(`${name}: the same metadata, blocks and records`, async () => {
      const recorded = recordedFile(name);
      const ours = readContainer(await rewrite(recorded, openDataStream, how));
      const theirs = readContainer(recorded.bytes);
      assert.deepEqual(ours, theirs);
    });
  }

  for (const codec of ['gzip', 'deflate', 'default', 'snappy', 'lz4']) {
    it(`hdfs/compressed-${codec}-batches: the same contents in as many members`, async () => {
      const recorded = recordedFile(`hdfs/compressed-${codec}-batches`);
      const ours = decompress(codec, await rewrite(recorded, openCompressedStream, { codec }));
      assert.deepEqual(ours, decompress(codec, recorded.bytes));
    });
  }

  it('hdfs/compressed-bzip2: the same contents in as many streams', async () => {
    const recorded = recordedFile('hdfs/compressed-bzip2');
    const ours = decompress('bzip2', await rewrite(recorded, openCompressedStream, { codec: 'bzip2' }));
    assert.deepEqual(ours, decompress('bzip2', recorded.bytes));
  });

  it('hdfs/compressed-gzip-avro: a container inside of gzip', async () => {
    const recorded = recordedFile('hdfs/compressed-gzip-avro');
    const ours = await rewrite(recorded, openCompressedStream, { codec: 'gzip', serializer: avroEvent });
    const read = (bytes: Buffer) => readContainer(decompress('gzip', bytes).bytes);
    assert.deepEqual(read(ours), read(recorded.bytes));
  });

  const records: Readonly<Record<string, How>> = {
    'hdfs/sequencefile': {},
    'hdfs/sequencefile-batches': {},
    'hdfs/sequencefile-text': { writeFormat: 'Text' },
  };
  for (const [name, how] of Object.entries(records)) {
    it(`${name}: the same bytes but for the sync marker`, async () => {
      const recorded = recordedFile(name);
      const ours = await rewrite(recorded, openSequenceFile, how);
      const at = recorded.syncAt!;
      assert.deepEqual(withoutSync(ours, at), withoutSync(recorded.bytes, at));
    });
  }

  for (const codec of ['default', 'bzip2', 'snappy', 'lz4']) {
    it(`hdfs/sequencefile-${codec}: the same header, blocks and records`, async () => {
      const recorded = recordedFile(`hdfs/sequencefile-${codec}`);
      const ours = readSequenceFile(await rewrite(recorded, openSequenceFile, { codec }));
      const theirs = readSequenceFile(recorded.bytes);
      assert.deepEqual({ ...ours, sync: 0, markers: 0 }, { ...theirs, sync: 0, markers: 0 });
    });
  }
});
