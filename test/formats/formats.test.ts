import { codecs } from '../../src/codecs/find.ts';
import type { FormatSettings } from '../../src/component/format.ts';
import { openCompressedStream } from '../../src/formats/compressed_stream.ts';
import { openDataStream } from '../../src/formats/data_stream.ts';
import { openSequenceFile } from '../../src/formats/sequence_file.ts';
import { avroEvent } from '../../src/serializers/avro_event.ts';
import { text } from '../../src/serializers/text.ts';
import { formatContract } from '../contract/format.contract.ts';
import { readContainer } from '../support/avro-container.ts';
import { decompress } from '../support/decompress.ts';
import { readSequenceFile } from '../support/sequence-file.ts';
import { serializerOf } from '../support/serializer.ts';

function settings(more: Partial<FormatSettings> = {}): FormatSettings {
  return { serializer: serializerOf(text), codec: undefined, writeFormat: 'Writable', now: () => 1, ...more };
}

function lines(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(10, start);
    if (end < 0) throw new Error('the last line does not end');
    found.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return found;
}

const avroBodies = (bytes: Buffer) =>
  readContainer(bytes)
    .blocks.flat()
    .map((record) => (record as { body: Buffer }).body);
const sequenceBodies = (bytes: Buffer) => readSequenceFile(bytes).records.map((record) => record.body);

formatContract('DataStream, TEXT', { open: openDataStream, settings, read: lines });

formatContract('DataStream, AVRO_EVENT', {
  open: openDataStream,
  settings: () => settings({ serializer: serializerOf(avroEvent) }),
  read: avroBodies,
});

for (const writeFormat of ['Writable', 'Text'] as const) {
  formatContract(`SequenceFile, ${writeFormat}`, {
    open: openSequenceFile,
    settings: () => settings({ writeFormat }),
    read: sequenceBodies,
  });
}

for (const codec of codecs) {
  // Programs are started to read these two, which takes its time.
  const slow = codec.name === 'bzip2' || codec.name === 'zstandard';

  formatContract(`CompressedStream, ${codec.name}`, {
    open: openCompressedStream,
    settings: () => settings({ codec }),
    read: (bytes) => lines(decompress(codec.name, bytes).bytes),
    runs: slow ? 5 : 50,
  });

  formatContract(`SequenceFile in blocks, ${codec.name}`, {
    open: openSequenceFile,
    settings: () => settings({ codec, writeFormat: 'Text' }),
    read: sequenceBodies,
    runs: slow ? 3 : 30,
  });
}

formatContract('CompressedStream, gzip around AVRO_EVENT', {
  open: openCompressedStream,
  settings: () => settings({ codec: codecs[0], serializer: serializerOf(avroEvent) }),
  read: (bytes) => avroBodies(decompress('gzip', bytes).bytes),
});
