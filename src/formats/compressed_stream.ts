import type { Codec } from '../component/codec.ts';
import type { OutputFile } from '../component/file-system.ts';
import type { EventFileWriter, OpenFormat } from '../component/format.ts';
import type { Serializer } from '../component/serializer.ts';
import { SluiceError } from '../errors.ts';
import type { EventBatch } from '../event/event-batch.ts';
import { UnitPipeline } from './unit-pipeline.ts';

/**
 * A unit larger than this is cut into several members, which are compressed at the same time: four blocks of Snappy, just less than one
 * of bzip2; gzip and zstd lose under 1 % by it. An ordinary flush is smaller and makes one member, as Flume's does. With at most
 * four under way they bound the memory: 5 MB a file.
 */
const PART_BYTES = 4 * 218_422;

/** CompressedStream: the bytes of the serializer, compressed; each flush ends a member that can be read behind any other. */
export const openCompressedStream: OpenFormat = async (file, settings, first) => {
  if (settings.codec === undefined) {
    throw new SluiceError('CONFIG_INVALID', 'the file type CompressedStream needs a codec (hdfs.codeC)');
  }
  const writer = new CompressedStreamWriter(file, settings.serializer, settings.codec);
  await writer.begin(first);
  return writer;
};

class CompressedStreamWriter implements EventFileWriter {
  readonly #serializer: Serializer;
  readonly #codec: Codec;
  readonly #pipeline: UnitPipeline;
  /** What was not handed to the codec yet, less than a part. */
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(file: OutputFile, serializer: Serializer, codec: Codec) {
    this.#serializer = serializer;
    this.#codec = codec;
    this.#pipeline = new UnitPipeline(file);
  }

  async begin(first: EventBatch): Promise<void> {
    for (const chunk of await this.#serializer.begin(first)) this.#hold(chunk);
  }

  async write(batch: EventBatch, from: number, to: number): Promise<void> {
    for (const chunk of this.#serializer.rows(batch, from, to)) {
      let at = 0;
      while (at < chunk.length) {
        const part = chunk.subarray(at, at + PART_BYTES - this.#heldBytes);
        at += part.length;
        this.#hold(part);
        if (this.#heldBytes < PART_BYTES) continue;
        this.#compressHeld();
        await this.#pipeline.room();
      }
    }
  }

  flush(): Promise<number> {
    for (const chunk of this.#serializer.endUnit()) this.#hold(chunk);
    if (this.#heldBytes > 0) this.#compressHeld();
    return this.#pipeline.flush();
  }

  async close(): Promise<void> {
    for (const chunk of this.#serializer.endUnit()) this.#hold(chunk);
    for (const chunk of this.#serializer.end()) this.#hold(chunk);
    // A file without a byte is no file of this format.
    if (this.#heldBytes > 0 || this.#pipeline.empty) this.#compressHeld();
    if (this.#codec.end !== undefined) this.#pipeline.add(Promise.resolve([this.#codec.end]));
    await this.#pipeline.close();
  }

  async abandon(): Promise<void> {
    await this.#pipeline.abandon();
  }

  #hold(chunk: Buffer): void {
    // A few rows must not keep the whole Buffer alive that they were cut from: many files may hold some.
    this.#held.push(chunk.length * 4 < chunk.buffer.byteLength ? Buffer.from(chunk) : chunk);
    this.#heldBytes += chunk.length;
  }

  #compressHeld(): void {
    const unit = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    this.#pipeline.add(this.#codec.compress(unit));
  }
}
