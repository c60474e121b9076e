import { declare } from '../component/declaration.ts';
import type { Serializer } from '../component/serializer.ts';
import type { EventBatch } from '../event/event-batch.ts';
import type { HeaderColumn } from '../event/header-columns.ts';
import { AvroContainer, avroBytes, avroLong, containerOptions, putLength } from './avro-container.ts';

const NOTHING: readonly Buffer[] = [];

/** Flume's schema, in its very words. */
const SCHEMA =
  '{"type":"record","name":"Event","fields":[{"name":"headers","type":{"type":"map","values":"string"}},{"name":"body","type":"bytes"}]}';

/** AVRO_EVENT: headers and body as records of an Avro container file; each flush ends a block. */
const options = containerOptions;

class AvroEventSerializer implements Serializer {
  readonly #container: AvroContainer;

  constructor(container: AvroContainer) {
    this.#container = container;
  }

  begin(): readonly Buffer[] {
    return this.#container.begin(SCHEMA);
  }

  rows(batch: EventBatch, from: number, to: number): readonly Buffer[] {
    const { slab } = this.#container;
    const { body, starts, ends } = batch;
    const headers = new HeaderEncoder(batch.headers);
    const out: Buffer[] = [];
    for (let row = from; row < to; row++) {
      const start = starts[row]!;
      const length = ends[row]! - start;
      slab.ensure(headers.room(row) + 5 + length);
      slab.at = headers.put(slab.bytes, slab.at);
      slab.at = putLength(slab.bytes, slab.at, length);
      slab.at += body.copy(slab.bytes, slab.at, start, start + length);
      this.#container.recordWritten(out);
    }
    return out;
  }

  endUnit(): readonly Buffer[] {
    const out: Buffer[] = [];
    this.#container.endBlock(out);
    return out;
  }

  end(): readonly Buffer[] {
    return NOTHING;
  }
}

/**
 * The headers of one row after another as an Avro map: one block of entries (number, then key and value of each) and a 0; of none the 0 alone.
 * Constant columns are encoded once for a batch, and so are the names of the others.
 */
class HeaderEncoder {
  readonly #constants: Buffer;
  readonly #constantCount: number;
  /** All of a row's headers, when every column is constant. */
  readonly #whole: Buffer | undefined;
  readonly #columns: readonly HeaderColumn[];
  readonly #names: readonly Buffer[];
  readonly #namesBytes: number;
  /** The values of the row that `room` was asked for. */
  readonly #values: (string | undefined)[];
  #count = 0;

  constructor(headers: readonly HeaderColumn[]) {
    const constants = headers.filter((column) => column.constant !== undefined);
    this.#constants = Buffer.concat(
      constants.flatMap((column) => [avroBytes(Buffer.from(column.name)), avroBytes(Buffer.from(column.constant!))]),
    );
    this.#constantCount = constants.length;
    this.#columns = headers.filter((column) => column.constant === undefined);
    this.#names = this.#columns.map((column) => avroBytes(Buffer.from(column.name)));
    this.#namesBytes = this.#names.reduce((sum, name) => sum + name.length, 0);
    this.#values = this.#columns.map(() => undefined);
    if (headers.length === 0) this.#whole = avroLong(0);
    else if (this.#columns.length === 0) {
      this.#whole = Buffer.concat([avroLong(this.#constantCount), this.#constants, avroLong(0)]);
    }
  }

  /** Takes up a row. @returns how many bytes its headers take at most */
  room(row: number): number {
    if (this.#whole !== undefined) return this.#whole.length;
    let most = this.#constants.length + this.#namesBytes + 6;
    this.#count = this.#constantCount;
    for (let i = 0; i < this.#columns.length; i++) {
      const value = this.#columns[i]!.value(row);
      this.#values[i] = value;
      if (value === undefined) continue;
      this.#count++;
      most += 5 + value.length * 3;
    }
    return most;
  }

  /** Writes the headers of that row. @returns the offset behind them */
  put(out: Buffer, from: number): number {
    if (this.#whole !== undefined) return from + this.#whole.copy(out, from);
    let at = from;
    if (this.#count > 0) at = putLength(out, at, this.#count);
    at += this.#constants.copy(out, at);
    for (let i = 0; i < this.#values.length; i++) {
      const value = this.#values[i];
      if (value === undefined) continue;
      at += this.#names[i]!.copy(out, at);
      at = putText(out, at, value);
    }
    out[at++] = 0;
    return at;
  }
}

/** A text with its length in front. */
function putText(out: Buffer, at: number, text: string): number {
  // Below 64 bytes the length takes one byte, so that the text can be written first and its length afterwards.
  if (text.length * 3 < 64) {
    const written = out.write(text, at + 1);
    out[at] = written << 1;
    return at + 1 + written;
  }
  const behind = putLength(out, at, Buffer.byteLength(text));
  return behind + out.write(text, behind);
}

/** `serializer = AVRO_EVENT`. */
export const avroEvent = declare('serializer', {
  type: 'AVRO_EVENT',
  classNames: ['org.apache.flume.serialization.FlumeEventAvroEventSerializer'],
  summary: 'Writes headers and bodies as records of an Avro container file.',
  options,
  create: (values) => new AvroEventSerializer(new AvroContainer(values.compressionCodec, values.syncIntervalBytes)),
});
