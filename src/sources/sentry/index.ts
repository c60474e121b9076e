import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../component/context.ts';
import { declare } from '../../component/declaration.ts';
import type { Source, SourceContext, SourceOutput } from '../../component/source.ts';
import { describeError, SluiceError } from '../../errors.ts';
import { BodyBudget, type HeldBody } from '../../rpc/http/body.ts';
import { Refusal } from '../../rpc/http/refusal.ts';
import { addressText, serveHttp } from '../../rpc/http/serve.ts';
import { LogLimit } from '../../rpc/log-limit.ts';
import { checkServerTls, serverTls } from '../../rpc/tls/settings.ts';
import type { Scrubber } from '../../sentry/scrub/index.ts';
import { scrubberOf } from '../../sentry/scrub/options.ts';
import {
  answerError,
  answerGif,
  answerId,
  answerPreflight,
  answerText,
  answerUuid,
  type ErrorAnswer,
} from './answers.ts';
import { pasteableDsns } from './dsn.ts';
import { type Endpoint, endpointOf, plainPath } from './endpoints.ts';
import type { Forwarder, ForwardRequest } from './forward.ts';
import { forwarderOf } from './forward-options.ts';
import { Gatherer } from './gather.ts';
import { type Options, options, projectEntries } from './options.ts';
import { Projects, wrongProjects } from './projects.ts';
import { type ReadRequest, RequestReader } from './reader.ts';
import { type Row, rowsOf } from './rows.ts';
import { keyOf, Seen } from './seen.ts';
import { Turns } from './turns.ts';

/**
 * Takes what Sentry's SDKs send, as Sentry's Relay does: each item of an envelope becomes an event, its payload the body. Answered 200 is what the channels
 * have, or what is durable behind them. Of Relay's endpoints it has none for Unreal crashes, for attachments that come after their event, for
 * check-ins by URL and for OpenTelemetry. A user address `{{auto}}` stays as it is: the address of the client is written nowhere.
 */
class SentrySource implements Source {
  readonly #options: Options;
  readonly #context: SourceContext;
  readonly #projects: Projects;
  readonly #scrubber: Scrubber | undefined;
  readonly #tunnels: ReadonlySet<string>;
  readonly #reader: RequestReader;
  /** Outlives a life of the source, so that what comes again after an error is known. */
  readonly #seen: Seen | undefined;
  readonly #warnings: LogLimit;
  readonly #turns = new Turns();
  #full = false;

  constructor(values: Options, context: SourceContext) {
    const entries = projectEntries(values.projects);
    const wrong = wrongProjects(entries);
    if (wrong !== undefined) throw new SluiceError('CONFIG_INVALID', `projects: ${wrong}`);
    checkServerTls(values, context);
    this.#options = values;
    this.#context = context;
    this.#projects = new Projects(entries);
    this.#scrubber = scrubberOf(values);
    this.#tunnels = new Set(values.tunnel.map(plainPath));
    this.#reader = new RequestReader(values, this.#projects, new BodyBudget(values.maxBytesHeld));
    this.#seen = values.dedupe ? new Seen(values['dedupe.window'], values['dedupe.maxAge'] * 1000) : undefined;
    this.#warnings = new LogLimit(context.log, () => context.clock.monotonic());
    const { counters } = context;
    if (this.#seen !== undefined) counters.EventDuplicateCount = 0;
    if (this.#scrubber !== undefined) counters.EventScrubbedCount = 0;
    counters.EventUnparsedCount = 0;
    counters.RequestThrottledCount = 0;
  }

  async run(out: SourceOutput, signal: AbortSignal): Promise<void> {
    const { log, clock, counters } = this.#context;
    const gatherer = new Gatherer(
      out,
      {
        patienceMs: this.#options.maxWait,
        now: () => clock.monotonic(),
        durable: this.#options.ack === 'durable',
        mostRequests: this.#options.maxWaiting,
        mostBytes: this.#options.maxBytesHeld / 2,
      },
      signal,
    );
    const forwarder = forwarderOf(this.#options, log, counters);
    try {
      await this.#listen(out, gatherer, forwarder, signal);
    } finally {
      if (forwarder !== undefined) await endForwarding(forwarder, log);
    }
  }

  async #listen(
    out: SourceOutput,
    gatherer: Gatherer,
    forwarder: Forwarder | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { log, counters } = this.#context;
    const { bind, port, maxConnections, requestTimeout, idleTimeout } = this.#options;
    const tls = serverTls(this.#options, this.#context);
    await serveHttp(
      {
        bind,
        port,
        tls,
        maxConnections,
        requestTimeout,
        idleTimeout,
        log,
        handle: (request, response) => this.#serve(gatherer, forwarder, request, response, signal),
        onConnections: (open) => {
          counters.OpenConnectionCount = open;
        },
        onListening: (address) => {
          log.info(`listening on ${addressText(address)}`, { port: address.port });
          for (const line of pasteableDsns(this.#projects, bind, address.port, tls !== undefined, this.#context.host)) {
            log.info(line);
          }
          if (this.#projects.open) {
            log.warn('projects is not set: whoever can connect may send, with any key and for any project');
          }
          out.ready();
        },
      },
      signal,
    );
  }

  /** Answers one request; never rejects. */
  async #serve(
    gatherer: Gatherer,
    forwarder: Forwarder | undefined,
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const { method = '', url = '' } = request;
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    let body: HeldBody | undefined;
    try {
      if (method === 'OPTIONS') return answerPreflight(response);
      const endpoint = this.#endpoint(method, path);
      if (endpoint.kind === 'health') return answerText(response, 'ok');
      if (signal.aborted) throw new Refusal(503, 'the agent is stopping');
      const query = mark < 0 ? '' : url.slice(mark + 1);
      const read = await this.#reader.read(request, endpoint, query, this.#context.clock.now(), signal);
      body = read.body;
      if (forwarder !== undefined) forwarder.offer(asItCame(request, endpoint, read));
      const { rows, eventId } = await rowsOf(read.submission, this.#scrubber, this.#turns);
      await this.#accept(gatherer, rows, body);
      if (method === 'GET') answerGif(response);
      else if (endpoint.kind === 'minidump' && eventId !== undefined) answerUuid(response, eventId);
      else answerId(response, eventId);
    } catch (error) {
      answerError(request, response, this.#failure(error, signal));
    } finally {
      body?.release();
    }
  }

  /** @throws Refusal 404 where there is none, 405 for a method that it does not take */
  #endpoint(method: string, path: string): Endpoint {
    const endpoint = endpointOf(path, this.#tunnels);
    if (endpoint === undefined) throw new Refusal(404, 'there is nothing here: SDKs post to /api/<project>/envelope/');
    if (endpoint === 'invalid-project') throw new Refusal(400, 'bad project id: it is a number');
    const { kind } = endpoint;
    const fine = kind === 'health' ? method === 'GET' || method === 'HEAD' : method === 'POST';
    if (!fine && !(method === 'GET' && kind === 'store')) throw new Refusal(405, `${method} is not taken here`);
    return endpoint;
  }

  /** Resolves when the rows that are new are kept, and those that are not are kept, too. */
  async #accept(gatherer: Gatherer, rows: readonly Row[], body: HeldBody): Promise<void> {
    const { counters, clock, log } = this.#context;
    counters.AppendBatchReceivedCount++;
    counters.EventReceivedCount += rows.length;
    const seen = this.#seen;
    let fresh = rows;
    const fates: Promise<void>[] = [];
    const keys: string[] = [];
    const now = clock.monotonic();
    if (seen !== undefined) {
      fresh = rows.filter((row) => {
        const key = keyOf(row);
        if (key === undefined) return true;
        const before = seen.find(key, now);
        if (before === undefined) keys.push(key);
        else if (before.pending !== undefined) fates.push(before.pending);
        return before === undefined;
      });
      counters.EventDuplicateCount = (counters.EventDuplicateCount ?? 0) + rows.length - fresh.length;
    }
    if (fresh.length > 0) {
      this.#count(fresh);
      const fate = gatherer.add(fresh, body);
      seen?.add(keys, fate, now);
      fates.push(fate);
    }
    if (fates.length === 1) await fates[0];
    else if (fates.length > 0) await Promise.all(fates);
    counters.AppendBatchAcceptedCount++;
    if (!this.#full) return;
    this.#full = false;
    log.info('The channel has room again.');
  }

  #count(rows: readonly Row[]): void {
    let unparsed = 0;
    let scrubbed = 0;
    for (const row of rows) {
      if (!row.parsed) unparsed++;
      if (row.scrubbed) scrubbed++;
    }
    const { counters } = this.#context;
    if (unparsed > 0) counters.EventUnparsedCount = (counters.EventUnparsedCount ?? 0) + unparsed;
    if (scrubbed > 0) counters.EventScrubbedCount = (counters.EventScrubbedCount ?? 0) + scrubbed;
  }

  /** What a request that failed is answered; counts it. */
  #failure(error: unknown, signal: AbortSignal): ErrorAnswer {
    const { counters, log } = this.#context;
    if (error instanceof Refusal) {
      const { status, message, reason } = error;
      if (status === 429) return this.#throttled(message);
      if (status === 404 || status === 405) {
        if (log.isDebug) log.debug(`refused a request with ${status}`);
      } else {
        counters.EventReadFail++;
        this.#warnings.warn(`refused a request with ${status}: ${reason}`);
      }
      return { status, detail: message };
    }
    if (error instanceof SluiceError && error.code === 'CHANNEL_FULL') {
      if (!this.#full) log.warn(`requests are refused: ${error.message}. ${error.action}`);
      this.#full = true;
      return this.#throttled('the channel has no room');
    }
    if (signal.aborted) return { status: 503, detail: 'the agent is stopping' };
    counters.GenericProcessingFail++;
    this.#warnings.warn(`a request failed: ${describeError(error)}`);
    return { status: 500, detail: 'internal error' };
  }

  #throttled(detail: string): ErrorAnswer {
    const { counters } = this.#context;
    counters.RequestThrottledCount = (counters.RequestThrottledCount ?? 0) + 1;
    return { status: 429, detail, retryAfter: this.#options.retryAfter };
  }
}

/**
 * A request for the real Sentry, which knows no tunnels: there an envelope says itself whose it is, and what a browser tells the site of the tunnel about its
 * user is not for others. What stands before `/api/`, a host even, is ours.
 */
function asItCame(request: IncomingMessage, { kind }: Endpoint, { submission, raw }: ReadRequest): ForwardRequest {
  const { method = '', url = '', rawHeaders, socket } = request;
  const isTunnel = kind === 'tunnel';
  const mark = url.indexOf('?');
  return {
    method,
    url: isTunnel
      ? `/api/${submission.project}/envelope/`
      : url.slice(url.lastIndexOf('/api/', mark < 0 ? url.length : mark)),
    rawHeaders: isTunnel ? withoutUser(rawHeaders) : rawHeaders,
    body: raw,
    remoteAddress: socket.remoteAddress,
  };
}

function withoutUser(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, i) => !/^(?:cookie|authorization)$/i.test(rawHeaders[i & ~1]!));
}

async function endForwarding(forwarder: Forwarder, log: Logger): Promise<void> {
  await forwarder.close();
  const { ForwardedCount, ForwardRefusedCount, ForwardDroppedCount, ForwardRetriedCount } = forwarder.counts;
  log.info(
    `forward: ${ForwardedCount} requests passed on, ${ForwardRefusedCount} refused, ${ForwardDroppedCount} dropped, ${ForwardRetriedCount} sent again`,
  );
}

export const sentrySource = declare('source', {
  type: 'sentry',
  summary: "Takes what Sentry's SDKs send: the DSN of an application ends here.",
  options,
  check: (values, report) => {
    const entries = projectEntries(values.projects);
    const wrong = wrongProjects(entries);
    if (wrong !== undefined) report('error', 'projects', wrong, 'for example projects = 42:0123456789abcdef');
    else if (entries.length === 0) {
      report(
        'warning',
        'projects',
        'it is not set: whoever can connect may send, with any key and for any project',
        'projects = 42:KEY, KEY being the public key of the DSN',
      );
    }
    if (values['limits.envelope'] > values.maxBytesHeld) {
      report('error', 'maxBytesHeld', `${values.maxBytesHeld} is below limits.envelope`, 'raise it');
    }
  },
  create: (values, context) => new SentrySource(values, context),
});
