import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hadoopText } from '../../scripts/peers/hdfs.ts';
import { codecs } from '../../src/codecs/find.ts';
import type { Codec } from '../../src/component/codec.ts';
import type { FormatSettings, OpenFormat } from '../../src/component/format.ts';
import { NumberColumn } from '../../src/event/header-columns.ts';
import { openCompressedStream } from '../../src/formats/compressed_stream.ts';
import { openDataStream } from '../../src/formats/data_stream.ts';
import { openSequenceFile } from '../../src/formats/sequence_file.ts';
import { avroEvent } from '../../src/serializers/avro_event.ts';
import { AVRO_CODECS } from '../../src/serializers/avro-container.ts';
import { text } from '../../src/serializers/text.ts';
import { batchOfLines } from '../support/batches.ts';
import { runChild } from '../support/child.ts';
import { MemoryFile } from '../support/memory-file.ts';
import { serializerOf } from '../support/serializer.ts';
import { makeTempDir } from '../support/temp-dir.ts';

/** 3 MB, so that every format has more than one part, block and marker in one flush. */
const LINES = Array.from({ length: 20_000 }, (_, i) =>
  `{"n":${i},"message":"ошибка ${(i * 2654435761) % 4096}"}`.padEnd(150, ' .'),
);
const FLUSH_AFTER = [1, 10, 15_000, 19_990, LINES.length];
const FIRST_KEY = 1_700_000_000_000;

const batch = batchOfLines(LINES, [
  new NumberColumn(
    'timestamp',
    Float64Array.from(LINES, (_, i) => FIRST_KEY + i),
  ),
]);

/** Hadoop has no code of its own for this one. */
const readable = codecs.filter((codec) => codec.name !== 'zstandard');

describe('files as others read them', function () {
  this.timeout(180_000);
  const dir = makeTempDir();

  async function write(name: string, open: OpenFormat, more: Partial<FormatSettings>): Promise<string> {
    const file = new MemoryFile();
    const settings = {
      serializer: serializerOf(text),
      codec: undefined,
      writeFormat: 'Text',
      now: () => 0,
      ...more,
    } as const;
    const writer = await open(file, settings, batch);
    let row = 0;
    for (const to of FLUSH_AFTER) {
      await writer.write(batch, row, to);
      row = to;
      await writer.flush();
    }
    await writer.close();
    const path = join(dir, name);
    writeFileSync(path, file.bytes());
    return path;
  }

  async function programReads(command: string, args: readonly string[]): Promise<void> {
    const child = await runChild({ command, args });
    assert.equal(child.code, 0, child.log().slice(0, 1000));
    assert.ok(child.stdout === `${LINES.join('\n')}\n`, `${command} reads something else`);
  }

  for (const codec of readable) {
    it(`Hadoop reads CompressedStream ${codec.name}`, async () => {
      const path = await write(`stream${codec.name}${codec.extension}`, openCompressedStream, { codec });
      assert.ok((await hadoopText([path])) === `${LINES.join('\n')}\n`);
    });
  }

  const kinds: (Codec | undefined)[] = [undefined, ...readable];
  for (const codec of kinds) {
    // Hadoop reads gzip in SequenceFiles since 3.4 without its native library.
    const kind = codec?.name ?? 'in records';

    it(`Hadoop reads SequenceFile Text, ${kind}`, async () => {
      const path = await write(`seq-text-${kind}`, openSequenceFile, { codec });
      const expected = LINES.map((line, i) => `${FIRST_KEY + i}\t${line}\n`).join('');
      assert.ok((await hadoopText([path])) === expected);
    });

    it(`Hadoop reads SequenceFile Writable, ${kind}`, async () => {
      const path = await write(`seq-writable-${kind}`, openSequenceFile, { codec, writeFormat: 'Writable' });
      const hex = (line: string) =>
        Buffer.from(line)
          .toString('hex')
          .replace(/..(?!$)/g, '$& ');
      const expected = LINES.map((line, i) => `${FIRST_KEY + i}\t${hex(line)}\n`).join('');
      assert.ok((await hadoopText([path])) === expected);
    });
  }

  for (const compressionCodec of AVRO_CODECS.filter((name) => name !== 'zstandard')) {
    it(`Hadoop reads AVRO_EVENT, ${compressionCodec}`, async () => {
      const serializer = serializerOf(avroEvent, { compressionCodec });
      const path = await write(`${compressionCodec}.avro`, openDataStream, { serializer });
      const records = (await hadoopText([path]))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      assert.equal(records.length, LINES.length);
      assert.deepEqual(records[19_999].headers, { timestamp: String(FIRST_KEY + 19_999) });
      // JSON shows the bytes as Latin-1.
      assert.equal(Buffer.from(records[19_999].body, 'latin1').toString(), LINES[19_999]);
    });
  }

  it('zstd reads CompressedStream zstandard', async () => {
    const codec = codecs.find((each) => each.name === 'zstandard');
    await programReads('zstd', ['-dc', await write('stream.zst', openCompressedStream, { codec })]);
  });

  it('gzip tests and reads the many members of CompressedStream gzip, and so does Python', async () => {
    const codec = codecs.find((each) => each.name === 'gzip');
    const path = await write('stream.gz', openCompressedStream, { codec });
    assert.equal((await runChild({ command: 'gzip', args: ['-t', path] })).code, 0);
    await programReads('gzip', ['-dc', path]);
    const script = 'import gzip,sys; sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())';
    await programReads('python3', ['-c', script, path]);
  });

  it('bzip2 reads CompressedStream bzip2', async () => {
    const codec = codecs.find((each) => each.name === 'bzip2');
    await programReads('bzip2', ['-dc', await write('stream.bz2', openCompressedStream, { codec })]);
  });
});
