import type { OutputFile } from '../component/file-system.ts';
import type { EventFileWriter, OpenFormat } from '../component/format.ts';
import type { Serializer } from '../component/serializer.ts';
import type { EventBatch } from '../event/event-batch.ts';

/** DataStream: the bytes of the serializer as they are. */
export const openDataStream: OpenFormat = async (file, settings, first) => {
  const head = await settings.serializer.begin(first);
  if (head.length > 0) await file.write(head);
  return new DataStreamWriter(file, settings.serializer);
};

class DataStreamWriter implements EventFileWriter {
  readonly #file: OutputFile;
  readonly #serializer: Serializer;

  constructor(file: OutputFile, serializer: Serializer) {
    this.#file = file;
    this.#serializer = serializer;
  }

  async write(batch: EventBatch, from: number, to: number): Promise<void> {
    const chunks = this.#serializer.rows(batch, from, to);
    if (chunks.length > 0) await this.#file.write(chunks);
  }

  async flush(): Promise<number> {
    const rest = this.#serializer.endUnit();
    // The file is told all of it in one go, and its length taken, before anything is awaited: rows written from then on belong to the
    // next flush and must not be counted into this one.
    const written = rest.length > 0 ? this.#file.write(rest) : undefined;
    const length = this.#file.length;
    await Promise.all([written, this.#file.flush()]);
    return length;
  }

  async close(): Promise<void> {
    const rest = [...this.#serializer.endUnit(), ...this.#serializer.end()];
    await Promise.all([rest.length > 0 ? this.#file.write(rest) : undefined, this.#file.close()]);
  }

  async abandon(): Promise<void> {
    await this.#file.abandon();
  }
}
