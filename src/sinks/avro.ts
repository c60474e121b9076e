import { declare } from '../component/declaration.ts';
import type { DeliveryWindow, Sink, SinkContext } from '../component/sink.ts';
import { describeError, SluiceError } from '../errors.ts';
import type { EventBatch } from '../event/event-batch.ts';
import { choice, integer, type OptionValues, text } from '../options/option.ts';
import { AvroClient, type AvroClientOptions } from '../rpc/avro/client.ts';
import { rowsWithin } from '../rpc/avro/encode-events.ts';
import { clientTls, clientTlsOptions } from '../rpc/tls/settings.ts';

/**
 * Sends events to a Flume or Sluice Avro source, several requests in flight on one connection. Rows belong to the peer when it has
 * answered OK. After an error of the connection everything without an answer is sent again, so the peer may get those rows
 * twice.
 */

const options = {
  hostname: text({ required: true, doc: 'The host of the Avro source.' }),
  port: integer({ required: true, min: 1, max: 65535, doc: 'Its port.' }),
  'batch-size': integer({
    default: 100,
    min: 1,
    lenient: true,
    unit: 'events',
    doc: 'Events of one request at the most.',
  }),
  'connect-timeout': integer({
    default: 20_000,
    min: 1000,
    lenient: true,
    unit: 'ms',
    doc: 'For the connection with its TLS handshake, and again for the first answer.',
  }),
  'request-timeout': integer({
    default: 20_000,
    min: 1000,
    lenient: true,
    unit: 'ms',
    doc: 'The connection is given up when requests wait and no answer comes for so long.',
  }),
  'reset-connection-interval': integer({
    default: 0,
    min: 0,
    lenient: true,
    unit: 's',
    doc: 'Connect anew after this time, for load balancers in between; 0: never.',
  }),
  'compression-type': choice(['none', 'deflate'], { default: 'none', doc: 'Must be the same at both ends.' }),
  'compression-level': integer({ default: 6, min: 0, max: 9, doc: '0: none, 1: fast, 9: small.' }),
  ...clientTlsOptions,
  maxIoWorkers: integer({ min: 1, lenient: true, doc: 'Without effect, as in Flume 1.11.' }),
  'max-in-flight': integer({
    default: 8,
    min: 1,
    max: 1000,
    ours: true,
    doc: 'How many requests may wait for their answers at a time; Flume: 1. A Flume source may take requests that overlap in another order: 1 keeps it.',
  }),
  // Two requests of 5000 lines of 320 bytes keep a local peer busy as well as eight, with 80 MB less memory (test/bench/rpc-avro.ts).
  'max-in-flight-bytes': integer({
    default: 4 << 20,
    min: 1,
    unit: 'bytes',
    ours: true,
    doc: 'How many bytes of events may wait for their answers at a time, if more than one request. Raise it for a distant peer.',
  }),
};

/** A batch with more bytes than this is sent in several requests: the peer has a largest size for them, and needs them in memory whole. */
const REQUEST_BYTES = 16 << 20;

class AvroSink implements Sink {
  readonly window: DeliveryWindow;
  readonly #options: OptionValues<typeof options>;
  readonly #context: SinkContext;
  readonly #where: string;
  #settings: AvroClientOptions | undefined;
  #client: AvroClient | undefined;
  #connecting: Promise<AvroClient> | undefined;
  #connectedAt = 0;

  constructor(values: OptionValues<typeof options>, context: SinkContext) {
    this.#options = values;
    this.#context = context;
    this.#where = `${values.hostname}:${values.port}`;
    this.window = {
      rows: values['batch-size'],
      deliveries: values['max-in-flight'],
      bytes: values['max-in-flight-bytes'],
    };
  }

  async open(): Promise<void> {
    const values = this.#options;
    const tls = clientTls(values, this.#context, values.hostname);
    if (values['trust-all-certs'] && tls !== undefined) {
      this.#context.log.warn('trust-all-certs = true: whoever answers at this address is trusted');
    }
    this.#settings = {
      host: values.hostname,
      port: values.port,
      connectTimeoutMs: values['connect-timeout'],
      requestTimeoutMs: values['request-timeout'],
      deflateLevel: values['compression-type'] === 'deflate' ? values['compression-level'] : undefined,
      tls,
    };
    // Flume connects at its start and runs on when nobody answers; so do we, without waiting for it.
    this.#connect().catch((error: unknown) => {
      this.#context.log.warn(`${describeError(error)}; it is tried again when there are events`);
    });
  }

  async deliver(batch: EventBatch, signal: AbortSignal): Promise<void> {
    const client = this.#usable() ?? (await this.#connect(signal));
    const abort = () => client.abort(new SluiceError('CONNECTION_LOST', `${this.#where}: given up`, signal.reason));
    signal.addEventListener('abort', abort);
    try {
      for (let from = 0; from < batch.length; ) {
        const to = rowsWithin(batch, from, batch.length, REQUEST_BYTES);
        await client.appendBatch(batch, from, to);
        from = to;
      }
    } catch (error) {
      this.#context.counters.EventWriteFail++;
      this.#drop(client);
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async maintain(): Promise<void> {
    const seconds = this.#options['reset-connection-interval'];
    const client = this.#client;
    if (seconds === 0 || client === undefined) return;
    if (this.#context.clock.monotonic() - this.#connectedAt < seconds * 1000) return;
    this.#context.log.info(`Connects anew to ${this.#where} after ${seconds} s (reset-connection-interval)`);
    this.#drop(client);
  }

  async close(): Promise<void> {
    await this.#connecting?.catch(() => undefined);
    if (this.#client !== undefined) this.#drop(this.#client);
  }

  /** The connection, unless it has ended in the meantime. */
  #usable(): AvroClient | undefined {
    const client = this.#client;
    if (client?.error !== undefined) this.#drop(client);
    return this.#client;
  }

  /** Connects, once for all who ask at the same time. */
  #connect(signal?: AbortSignal): Promise<AvroClient> {
    this.#connecting ??= this.#connectNow(signal).finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connectNow(signal?: AbortSignal): Promise<AvroClient> {
    const { counters, log, clock } = this.#context;
    try {
      if (this.#settings === undefined) throw new SluiceError('INTERNAL', 'deliver before open');
      const client = await AvroClient.connect(this.#settings, signal);
      counters.ConnectionCreatedCount++;
      this.#client = client;
      this.#connectedAt = clock.monotonic();
      log.info(`Connected to ${this.#where}`);
      return client;
    } catch (error) {
      counters.ConnectionFailedCount++;
      throw error;
    }
  }

  /** Takes no more requests to this connection; those under way still get their answers. */
  #drop(client: AvroClient): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#context.counters.ConnectionClosedCount++;
    client.close();
  }
}

export const avroSink = declare('sink', {
  type: 'avro',
  classNames: ['org.apache.flume.sink.AvroSink'],
  summary: "Sends events to an Avro source of Flume's protocol.",
  options,
  batchSize: (values) => values['batch-size'],
  check: (values, report) => {
    if (values.truststore !== undefined && values['trust-all-certs']) {
      report('warning', 'truststore', 'has no effect beside trust-all-certs = true');
    }
    if (!values.ssl && values.truststore !== undefined)
      report('warning', 'truststore', 'has no effect without ssl = true');
  },
  create: (values, context) => new AvroSink(values, context),
});
