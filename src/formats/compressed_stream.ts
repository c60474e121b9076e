import type { Codec } from '../component/codec.ts';
import type { OutputFile } from '../component/file-system.ts';
import type { EventFileWriter, OpenFormat } from '../component/format.ts';
import type { Serializer } from '../component/serializer.ts';
import { SluiceError } from '../errors.ts';
import type { EventBatch } from '../event/event-batch.ts';

/**
 * A unit larger than this is cut into several members, which are compressed at the same time: four blocks of Snappy, just less than one
 * of bzip2; gzip and zstd lose under 1 % by it. An ordinary flush is smaller and makes one member, as Flume's does.
 */
const PART_BYTES = 4 * 218_422;

/** How many parts may be under way: as many as Node's pool has threads. With the one that fills, they bound the memory: 5 MB a file. */
const PARTS_UNDER_WAY = 4;

/** CompressedStream: the bytes of the serializer, compressed; each flush ends a member that can be read behind any other. */
export const openCompressedStream: OpenFormat = async (file, settings, first) => {
  if (settings.codec === undefined) {
    throw new SluiceError('CONFIG_INVALID', 'the file type CompressedStream needs a codec (hdfs.codeC)');
  }
  const writer = new CompressedStreamWriter(file, settings.serializer, settings.codec);
  writer.begin(first);
  return writer;
};

class CompressedStreamWriter implements EventFileWriter {
  readonly #file: OutputFile;
  readonly #serializer: Serializer;
  readonly #codec: Codec;
  /** What was not handed to the codec yet, less than a part. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Parts go to the file one after the other, in this chain, while several are compressed. */
  #tail: Promise<void> = Promise.resolve();
  readonly #underWay: Promise<void>[] = [];
  #parts = 0;

  constructor(file: OutputFile, serializer: Serializer, codec: Codec) {
    this.#file = file;
    this.#serializer = serializer;
    this.#codec = codec;
  }

  begin(first: EventBatch): void {
    for (const chunk of this.#serializer.begin(first)) this.#hold(chunk);
  }

  async write(batch: EventBatch, from: number, to: number): Promise<void> {
    for (const chunk of this.#serializer.rows(batch, from, to)) {
      let at = 0;
      while (at < chunk.length) {
        const part = chunk.subarray(at, at + PART_BYTES - this.#heldBytes);
        at += part.length;
        this.#hold(part);
        if (this.#heldBytes >= PART_BYTES) await this.#send();
      }
    }
  }

  flush(): Promise<number> {
    for (const chunk of this.#serializer.endUnit()) this.#hold(chunk);
    return this.#flushHeld();
  }

  async close(): Promise<void> {
    for (const chunk of [...this.#serializer.endUnit(), ...this.#serializer.end()]) this.#hold(chunk);
    // A file without a byte is no file of this format.
    if (this.#heldBytes > 0 || this.#parts === 0) this.#start();
    await this.#tail;
    const end = this.#codec.end;
    await Promise.all([end === undefined ? undefined : this.#file.write([end]), this.#file.close()]);
  }

  async abandon(): Promise<void> {
    await this.#file.abandon();
  }

  #hold(chunk: Buffer): void {
    // A few rows must not keep the whole Buffer alive that they were cut from: many files may hold some.
    this.#held.push(chunk.length * 4 < chunk.buffer.byteLength ? Buffer.from(chunk) : chunk);
    this.#heldBytes += chunk.length;
  }

  /** Compresses what is held; its bytes go to the file behind those of all before. */
  #start(): Promise<void> {
    const unit = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    this.#parts++;
    const compressed = this.#codec.compress(unit);
    const written = this.#tail.then(async () => await this.#file.write(await compressed));
    // Whoever waits for the chain next gets the error; nobody needs to wait at this moment.
    written.catch(() => {});
    compressed.catch(() => {});
    this.#tail = written;
    return written;
  }

  /** The same, and waits until there is room for one more. */
  async #send(): Promise<void> {
    this.#underWay.push(this.#start());
    if (this.#underWay.length >= PARTS_UNDER_WAY) await this.#underWay.shift();
  }

  async #flushHeld(): Promise<number> {
    if (this.#heldBytes > 0) this.#start();
    // Between the last part of this unit and the first of the next: in the chain, which goes on while the file is flushed.
    let length = 0;
    let flushed: Promise<number> | undefined;
    const asked = this.#tail.then(() => {
      length = this.#file.length;
      flushed = this.#file.flush();
      flushed.catch(() => {});
    });
    asked.catch(() => {});
    this.#tail = asked;
    await asked;
    await flushed;
    return length;
  }
}
