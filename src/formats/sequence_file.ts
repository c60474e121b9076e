import { randomBytes } from 'node:crypto';
import type { Codec } from '../component/codec.ts';
import type { OutputFile } from '../component/file-system.ts';
import type { EventFileWriter, FormatSettings, OpenFormat } from '../component/format.ts';
import type { EventBatch } from '../event/event-batch.ts';
import { writableString } from './hadoop-writable.ts';
import { BlockBuilder } from './sequence-file-block.ts';
import { RecordEncoder } from './sequence-file-records.ts';
import { UnitPipeline } from './unit-pipeline.ts';

/**
 * Hadoop's SequenceFile, version 6. Key: the `timestamp` header in milliseconds, or the time now where there is none, as LongWritable.
 * Value: the body as BytesWritable or Text. Without a codec single records, with one compressed blocks:
 *
 *     SEQ 6, key class, value class, compressed?, in blocks?, [codec class,] metadata (none), sync marker of 16 random bytes
 *     records | blocks     see sequence-file-records.ts and sequence-file-block.ts
 *
 * Each flush ends with a sync marker or a block, so that the file may be cut there.
 */
export const openSequenceFile: OpenFormat = async (file, settings) => {
  const sync = randomBytes(16);
  const head = fileHeader(settings, sync);
  await file.write([head]);
  if (settings.codec !== undefined) return new BlockWriter(file, settings, settings.codec, sync);
  return new RecordWriter(file, settings, sync, head.length);
};

function fileHeader(settings: FormatSettings, sync: Buffer): Buffer {
  const compressed = settings.codec === undefined ? 0 : 1;
  return Buffer.concat([
    Buffer.from('SEQ\x06'),
    writableString('org.apache.hadoop.io.LongWritable'),
    writableString(
      settings.writeFormat === 'Text' ? 'org.apache.hadoop.io.Text' : 'org.apache.hadoop.io.BytesWritable',
    ),
    Buffer.of(compressed, compressed),
    ...(settings.codec === undefined ? [] : [writableString(settings.codec.hadoopClass)]),
    Buffer.alloc(4),
    sync,
  ]);
}

class RecordWriter implements EventFileWriter {
  readonly #file: OutputFile;
  readonly #encoder: RecordEncoder;

  constructor(file: OutputFile, settings: FormatSettings, sync: Buffer, position: number) {
    this.#file = file;
    this.#encoder = new RecordEncoder(settings.writeFormat, settings.now, sync, position);
  }

  async write(batch: EventBatch, from: number, to: number): Promise<void> {
    if (to > from) await this.#file.write([this.#encoder.rows(batch, from, to)]);
  }

  async flush(): Promise<number> {
    const marker = this.#encoder.marker();
    // All in one go: rows written while this waits belong to the next flush.
    const written = marker === undefined ? undefined : this.#file.write([marker]);
    const length = this.#file.length;
    await Promise.all([written, this.#file.flush()]);
    return length;
  }

  async close(): Promise<void> {
    const marker = this.#encoder.marker();
    await Promise.all([marker === undefined ? undefined : this.#file.write([marker]), this.#file.close()]);
  }

  async abandon(): Promise<void> {
    await this.#file.abandon();
  }
}

class BlockWriter implements EventFileWriter {
  readonly #codec: Codec;
  readonly #sync: Buffer;
  readonly #pipeline: UnitPipeline;
  readonly #block: BlockBuilder;

  constructor(file: OutputFile, settings: FormatSettings, codec: Codec, sync: Buffer) {
    this.#codec = codec;
    this.#sync = sync;
    this.#pipeline = new UnitPipeline(file);
    this.#block = new BlockBuilder(settings.writeFormat, settings.now);
  }

  async write(batch: EventBatch, from: number, to: number): Promise<void> {
    let row = from;
    while (row < to) {
      row = this.#block.add(batch, row, to);
      if (!this.#block.full) continue;
      this.#compressBlock();
      await this.#pipeline.room();
    }
  }

  flush(): Promise<number> {
    if (this.#block.records > 0) this.#compressBlock();
    return this.#pipeline.flush();
  }

  async close(): Promise<void> {
    if (this.#block.records > 0) this.#compressBlock();
    await this.#pipeline.close();
  }

  async abandon(): Promise<void> {
    await this.#pipeline.abandon();
  }

  #compressBlock(): void {
    this.#pipeline.add(this.#block.take(this.#codec, this.#sync));
  }
}
