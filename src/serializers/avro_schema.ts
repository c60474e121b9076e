import { declare } from '../component/declaration.ts';
import type { Serializer, SerializerContext } from '../component/serializer.ts';
import { describeError, SluiceError } from '../errors.ts';
import type { EventBatch } from '../event/event-batch.ts';
import { type OptionValues, text } from '../options/option.ts';
import { AvroContainer, containerOptions } from './avro-container.ts';

const NOTHING: readonly Buffer[] = [];
const MOST_SCHEMA_BYTES = 1024 * 1024;
const MOST_SCHEMAS = 100;
const FETCH_TIMEOUT_MS = 10_000;

/**
 * Flume's `AvroEventSerializer`: each body is a record that is encoded already, and goes into an Avro container file as it is. The schema of
 * a file is that of the first event in it: its header `flume.avro.schema.url`, else its header `flume.avro.schema.literal`, else
 * the option `schemaURL`.
 */
const options = {
  ...containerOptions,
  schemaURL: text({ doc: 'Where the schema lies when no header says it: file:, http:, https:, hdfs:, webhdfs:.' }),
};

class AvroSchemaSerializer implements Serializer {
  readonly #container: AvroContainer;
  readonly #schemaUrl: string | undefined;
  readonly #context: SerializerContext;
  /** Schemas by URL, as they are read once. */
  readonly #schemas = new Map<string, string>();
  /** Whether the file has its first bytes: one that is opened without an event waits for the first. */
  #begun = false;

  constructor(values: OptionValues<typeof options>, context: SerializerContext) {
    this.#container = new AvroContainer(values.compressionCodec, values.syncIntervalBytes);
    this.#schemaUrl = values.schemaURL;
    this.#context = context;
  }

  async begin(first: EventBatch): Promise<readonly Buffer[]> {
    this.#begun = false;
    const url = this.#urlOf(first);
    if (url !== undefined) await this.#load(url);
    return first.length === 0 ? NOTHING : this.#beginWith(first);
  }

  rows(batch: EventBatch, from: number, to: number): readonly Buffer[] {
    if (to <= from) return NOTHING;
    const out: Buffer[] = this.#begun ? [] : [...this.#beginWith(batch.slice(from, to))];
    const { slab } = this.#container;
    const { body, starts, ends } = batch;
    for (let row = from; row < to; row++) {
      slab.ensure(ends[row]! - starts[row]!);
      slab.at += body.copy(slab.bytes, slab.at, starts[row], ends[row]);
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

  #urlOf(first: EventBatch): string | undefined {
    if (first.length === 0) return this.#schemaUrl;
    const named = first.header('flume.avro.schema.url')?.value(0);
    if (named !== undefined) return named;
    return first.header('flume.avro.schema.literal')?.value(0) === undefined ? this.#schemaUrl : undefined;
  }

  #beginWith(first: EventBatch): readonly Buffer[] {
    const url = this.#urlOf(first);
    let schema: string;
    if (url === undefined) {
      const literal = first.header('flume.avro.schema.literal')?.value(0);
      if (literal === undefined) {
        throw new SluiceError(
          'EVENT_UNUSABLE',
          'no Avro schema: the first event of the file has neither the header flume.avro.schema.url nor flume.avro.schema.literal, and schemaURL is not set',
        );
      }
      schema = compact(literal, 'the header flume.avro.schema.literal');
    } else {
      const loaded = this.#schemas.get(url);
      if (loaded === undefined) {
        // A file that was opened without an event; it is tried again soon, and then the schema is there.
        this.#load(url).catch((error) => this.#context.log.warn(describeError(error)));
        throw new SluiceError('EVENT_UNUSABLE', `the Avro schema ${url} is still being read`);
      }
      schema = loaded;
    }
    this.#begun = true;
    return this.#container.begin(schema);
  }

  async #load(url: string): Promise<void> {
    if (this.#schemas.has(url)) return;
    let bytes: Buffer;
    try {
      bytes = /^https?:/i.test(url) ? await fetchBytes(url) : await this.#readBytes(url);
    } catch (error) {
      throw new SluiceError('EVENT_UNUSABLE', `the Avro schema ${url} cannot be read`, error);
    }
    if (bytes.length > MOST_SCHEMA_BYTES) {
      throw new SluiceError('EVENT_UNUSABLE', `the Avro schema ${url} has more than ${MOST_SCHEMA_BYTES} bytes`);
    }
    if (this.#schemas.size >= MOST_SCHEMAS) this.#schemas.clear();
    this.#schemas.set(url, compact(bytes.toString('utf8'), url));
  }

  async #readBytes(url: string): Promise<Buffer> {
    const { fileSystem, path } = this.#context.fileSystem(url);
    return await fileSystem.read(path, 0, MOST_SCHEMA_BYTES + 1);
  }
}

/** At most one byte more than a schema may have. */
async function fetchBytes(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body) {
    parts.push(part);
    length += part.length;
    if (length > MOST_SCHEMA_BYTES) break;
  }
  return Buffer.concat(parts);
}

/** The schema without white space, as Java's Avro writes it. */
function compact(schema: string, where: string): string {
  try {
    return JSON.stringify(JSON.parse(schema));
  } catch (error) {
    throw new SluiceError('EVENT_UNUSABLE', `the Avro schema in ${where} is not JSON`, error);
  }
}

/** `serializer = org.apache.flume.sink.hdfs.AvroEventSerializer$Builder`. */
export const avroSchema = declare('serializer', {
  type: 'AVRO_SCHEMA',
  classNames: ['org.apache.flume.sink.hdfs.AvroEventSerializer'],
  summary: 'Writes bodies that are Avro records already into an Avro container file with their own schema.',
  options,
  create: (values, context) => new AvroSchemaSerializer(values, context),
});
