import { codecs } from '../../src/codecs/find.ts';
import type { OutputFile } from '../../src/component/file-system.ts';
import type { FormatSettings, OpenFormat } from '../../src/component/format.ts';
import type { EventBatch } from '../../src/event/event-batch.ts';
import { ConstantColumn, NumberColumn } from '../../src/event/header-columns.ts';
import { openCompressedStream } from '../../src/formats/compressed_stream.ts';
import { openDataStream } from '../../src/formats/data_stream.ts';
import { openSequenceFile } from '../../src/formats/sequence_file.ts';
import { avroEvent } from '../../src/serializers/avro_event.ts';
import { headerAndText } from '../../src/serializers/header_and_text.ts';
import { text } from '../../src/serializers/text.ts';
import { batchOfLines } from '../support/batches.ts';
import { serializerOf } from '../support/serializer.ts';

/**
 * How fast rows become bytes, without a disk: `node test/bench/formats.ts`. Batches of 1 MiB of JSON lines of about 320 bytes, a flush after
 * every 16 of them. With a word as argument only what has it in its name, for its own RSS (the batches themselves take 90 MB).
 */

const BATCHES = 32;
const FLUSH_EVERY = 16;

/** Takes everything and keeps nothing. */
class NullFile implements OutputFile {
  readonly path = '/dev/null';
  length = 0;

  async write(chunks: readonly Buffer[]): Promise<void> {
    for (const chunk of chunks) this.length += chunk.length;
  }

  async flush(): Promise<number> {
    return this.length;
  }

  async close(): Promise<void> {}

  async abandon(): Promise<void> {}
}

/** Numbers that look random and are the same each time. */
function* noise(): Generator<number, never> {
  let state = 12345;
  for (;;) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    yield state;
  }
}

function makeBatches(): EventBatch[] {
  const numbers = noise();
  const hex = () => numbers.next().value.toString(16).padStart(8, '0');
  let n = 0;
  const line = () => {
    n++;
    return JSON.stringify({
      event_id: hex() + hex() + hex() + hex(),
      timestamp: new Date(1_700_000_000_000 + n * 37).toISOString(),
      level: ['error', 'warning', 'info'][n % 3],
      project: 'web',
      message: `Something failed in module ${n % 977} with code ${numbers.next().value % 1000}`,
      release: `1.2.${n % 7}`,
      user: { id: String(numbers.next().value % 50_000), ip: `10.0.${n % 250}.${numbers.next().value % 250}` },
      tags: { browser: 'Firefox 120', os: 'Linux', url: `https://shop.example/path/${numbers.next().value % 5000}` },
    });
  };
  return Array.from({ length: BATCHES }, () => {
    const lines = Array.from({ length: 3250 }, line);
    return batchOfLines(lines, [
      new ConstantColumn('host', 'web-1'),
      new ConstantColumn('file', '/var/log/sentry/events.log'),
      new NumberColumn(
        'timestamp',
        Float64Array.from(lines, (_, i) => 1_700_000_000_000 + i),
      ),
    ]);
  });
}

const batches = makeBatches();

/** Writes all batches that many times; @returns what it took, as a line of the table. */
async function measure(rounds: number, open: OpenFormat, more: Partial<FormatSettings>): Promise<string> {
  const settings = {
    serializer: serializerOf(text),
    codec: undefined,
    writeFormat: 'Text',
    now: () => 0,
    ...more,
  } as const;
  const file = new NullFile();
  const writer = await open(file, settings, batches[0]!);
  let rows = 0;
  let bytes = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let round = 0; round < rounds; round++) {
    for (const [i, batch] of batches.entries()) {
      await writer.write(batch, 0, batch.length);
      rows += batch.length;
      bytes += batch.body.length;
      if ((i + 1) % FLUSH_EVERY === 0) await writer.flush();
    }
  }
  await writer.close();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return [
    `${(bytes / 1e6 / seconds).toFixed(0)} MB/s`.padStart(14),
    `${(rows / 1e6 / seconds).toFixed(2)} M rows/s`.padStart(18),
    `${((user + system) / 1e6 / seconds).toFixed(1)} CPUs`.padStart(10),
    `ratio ${(bytes / file.length).toFixed(2)}`.padStart(12),
    `RSS ${process.memoryUsage.rss() >> 20} MB`.padStart(12),
  ].join(' ');
}

/** Prints the figures of code that is warm. */
async function bench(
  name: string,
  rounds: number,
  open: OpenFormat,
  more: () => Partial<FormatSettings>,
): Promise<void> {
  if (!name.includes(process.argv[2] ?? '')) return;
  await measure(1, open, more());
  console.log(name.padEnd(34), await measure(rounds, open, more()));
}

await bench('DataStream TEXT', 400, openDataStream, () => ({}));
await bench('DataStream TEXT, no newline', 20, openDataStream, () => ({
  serializer: serializerOf(text, { appendNewline: false }),
}));
await bench('DataStream HEADER_AND_TEXT', 10, openDataStream, () => ({ serializer: serializerOf(headerAndText) }));
for (const compressionCodec of ['null', 'snappy', 'zstandard', 'deflate']) {
  await bench(
    `DataStream AVRO_EVENT ${compressionCodec}`,
    compressionCodec === 'null' ? 20 : 3,
    openDataStream,
    () => ({
      serializer: serializerOf(avroEvent, { compressionCodec }),
    }),
  );
}
await bench('SequenceFile Text', 20, openSequenceFile, () => ({}));
await bench('SequenceFile Writable', 20, openSequenceFile, () => ({ writeFormat: 'Writable' }));
for (const codec of codecs) {
  const rounds = codec.name === 'bzip2' ? 1 : 5;
  await bench(`CompressedStream ${codec.name}`, rounds, openCompressedStream, () => ({ codec }));
  await bench(`SequenceFile Text ${codec.name}`, rounds, openSequenceFile, () => ({ codec }));
}
