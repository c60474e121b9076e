import type { IncomingMessage, ServerResponse } from 'node:http';
import { declare } from '../../component/declaration.ts';
import type { Source, SourceContext, SourceOutput } from '../../component/source.ts';
import { describeError, SluiceError } from '../../errors.ts';
import { choice, entries, integer, type OptionValues, text, words } from '../../options/option.ts';
import { BodyBudget, type HeldBody, readBody } from '../../rpc/http/body.ts';
import { Refusal } from '../../rpc/http/refusal.ts';
import { addressText, serveHttp } from '../../rpc/http/serve.ts';
import { serverTls, serverTlsOptions } from '../../rpc/tls/settings.ts';
import { blobHandler } from './blob-handler.ts';
import type { Handler } from './handler.ts';
import { jsonHandler } from './json-handler.ts';

const CORE_BLOB = 'org.apache.flume.source.http.BLOBHandler';
const MORPHLINE_BLOB = 'org.apache.flume.sink.solr.morphline.BlobHandler';
const HANDLERS = ['org.apache.flume.source.http.JSONHandler', CORE_BLOB, MORPHLINE_BLOB] as const;

const options = {
  bind: text({
    default: '127.0.0.1',
    doc: 'The address to listen on. Flume listens on every interface (0.0.0.0) when none is given; Sluice on loopback.',
  }),
  port: integer({ required: true, min: 0, max: 65535, doc: 'The port to listen on.' }),
  ...serverTlsOptions,
  ssl: { ...serverTlsOptions.ssl, formerly: ['enableSSL'] },
  'keystore-password': { ...serverTlsOptions['keystore-password'], formerly: ['keystorePassword'] },
  'exclude-protocols': { ...serverTlsOptions['exclude-protocols'], formerly: ['excludeProtocols'] },
  handler: choice(HANDLERS, {
    default: HANDLERS[0],
    doc: 'What turns a request into events: an array of events in JSON, or the whole body as one event.',
  }),
  'handler.maxBlobLength': integer({
    default: 100_000_000,
    min: 1,
    unit: 'bytes',
    doc: 'BlobHandler of the morphline sink: longer bodies are cut off.',
  }),
  'handler.mandatoryParameters': words({
    default: [''],
    separator: /,/,
    doc: 'BLOBHandler: parameters that a request must have, with commas between them.',
  }),
  'handler.*': entries({ of: 'property', doc: 'Other properties of a handler; accepted and not used.' }),
  'QueuedThreadPool.*': entries({ of: 'property', doc: 'Settings of Jetty; accepted and not used.' }),
  'HttpConfiguration.*': entries({ of: 'property', doc: 'Settings of Jetty; accepted and not used.' }),
  'ServerConnector.*': entries({ of: 'property', doc: 'Settings of Jetty; accepted and not used.' }),
  'SslContextFactory.*': entries({ of: 'property', doc: 'Settings of Jetty; accepted and not used.' }),
  maxBodyBytes: integer({
    default: 32 << 20,
    min: 1,
    max: 1 << 30,
    unit: 'bytes',
    ours: true,
    doc: 'The longest body of a request; a longer one is refused with 413. At most four times as much is held for all requests together.',
  }),
  maxConnections: integer({ default: 1024, min: 1, ours: true, doc: 'How many clients may be connected at once.' }),
  requestTimeout: integer({
    default: 60_000,
    min: 1,
    unit: 'ms',
    ours: true,
    doc: 'How long a client may take to send a request.',
  }),
  ack: choice(['accepted', 'durable'], {
    default: 'accepted',
    ours: true,
    doc: 'When 200 is answered: as soon as the channels have the events, as Flume does, or only when they are durable behind them.',
  }),
};

type Options = OptionValues<typeof options>;

/** The methods that bring events, as in Flume. */
const READ: ReadonlySet<string | undefined> = new Set(['POST', 'GET', 'HEAD']);

/** Statuses of other methods, as Jetty's servlet answers them. */
const REFUSED: Readonly<Record<string, number>> = { TRACE: 403, OPTIONS: 403, PUT: 405, DELETE: 405 };

class HttpSource implements Source {
  readonly #options: Options;
  readonly #context: SourceContext;
  readonly #handler: Handler;
  readonly #budget: BodyBudget;
  #full = false;

  constructor(options: Options, context: SourceContext) {
    this.#options = options;
    this.#context = context;
    this.#handler = toHandler(options);
    this.#budget = new BodyBudget(4 * options.maxBodyBytes);
  }

  async run(out: SourceOutput, signal: AbortSignal): Promise<void> {
    const { log, counters } = this.#context;
    const { bind, port, maxConnections, requestTimeout } = this.#options;
    await serveHttp(
      {
        bind,
        port,
        tls: serverTls(this.#options, this.#context),
        maxConnections,
        requestTimeout,
        log,
        handle: (request, response) => this.#serve(out, request, response, signal),
        onConnections: (open) => {
          counters.OpenConnectionCount = open;
        },
        onListening: (address) => {
          log.info(`listening on ${addressText(address)}`, { port: address.port });
          out.ready();
        },
      },
      signal,
    );
  }

  /** Answers one request; never rejects. */
  async #serve(
    out: SourceOutput,
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    let body: HeldBody | undefined;
    try {
      const method = request.method ?? '';
      if (!READ.has(method)) throw new Refusal(REFUSED[method] ?? 501, `${method} is not supported`);
      const { maxBodyBytes } = this.#options;
      body = await readBody(
        request,
        maxBodyBytes,
        this.#budget,
        `the body is longer than maxBodyBytes = ${maxBodyBytes}`,
      );
      await this.#accept(out, request, body.bytes);
      answer(response, 200, '');
    } catch (error) {
      const refusal = this.#refusal(error, signal);
      // What is left of a body is not read: the connection ends with the answer.
      if (!request.complete) response.setHeader('Connection', 'close');
      // Jetty has no page for the other methods.
      answer(response, refusal.status, READ.has(request.method) ? refusal.message : '');
      if (!request.complete) response.once('finish', () => request.destroy());
    } finally {
      body?.release();
    }
  }

  async #accept(out: SourceOutput, request: IncomingMessage, body: Buffer): Promise<void> {
    const { counters } = this.#context;
    const { method = '', url = '', headers } = request;
    const query = url.indexOf('?');
    const batch = this.#handler({ method, headers, query: query < 0 ? '' : url.slice(query + 1), body });
    counters.AppendBatchReceivedCount++;
    counters.EventReceivedCount += batch.length;
    if (batch.length > 0) {
      const receipt = await out.emit(batch, { forClient: true });
      if (this.#options.ack === 'durable') await receipt.whenSettled();
    }
    counters.AppendBatchAcceptedCount++;
    if (this.#full) {
      this.#full = false;
      this.#context.log.info('The channel has room again.');
    }
  }

  /** The status and text for a request that failed; counts it. */
  #refusal(error: unknown, signal: AbortSignal): { status: number; message: string } {
    const { counters, log } = this.#context;
    if (error instanceof Refusal) {
      if (error.status !== 403 && error.status !== 405 && error.status !== 501) counters.EventReadFail++;
      if (log.isDebug) log.debug(`refused a request with ${error.status}: ${error.message}`);
      return { status: error.status, message: error.message };
    }
    if (error instanceof SluiceError && error.code === 'CHANNEL_FULL') {
      if (!this.#full) {
        this.#full = true;
        log.warn(
          `Error appending event to channel. Channel might be full. Consider increasing the channel capacity or make sure the sinks perform faster. ${error.message}`,
        );
      }
      return { status: 503, message: `Error appending event to channel. Channel might be full. ${error.message}` };
    }
    if (signal.aborted) return { status: 503, message: 'The agent is stopping.' };
    counters.GenericProcessingFail++;
    log.error(`Unexpected error while serving a request: ${describeError(error)}`);
    return { status: 500, message: 'Unexpected error while appending event to channel.' };
  }
}

function toHandler(options: Options): Handler {
  switch (options.handler) {
    case CORE_BLOB:
      return blobHandler(options['handler.mandatoryParameters'], Number.POSITIVE_INFINITY);
    case MORPHLINE_BLOB:
      return blobHandler(undefined, options['handler.maxBlobLength']);
    default:
      return jsonHandler;
  }
}

function answer(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent || response.destroyed) return;
  const body = message === '' ? '' : `${message}\n`;
  // Jetty's words.
  if (status === 500) response.statusMessage = 'Server Error';
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}

export const httpSource = declare('source', {
  type: 'http',
  classNames: ['org.apache.flume.source.http.HTTPSource'],
  summary: 'Receives events in HTTP requests.',
  options,
  create: (values, context) => new HttpSource(values, context),
});
