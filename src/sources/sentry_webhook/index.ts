import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../component/context.ts';
import { declare } from '../../component/declaration.ts';
import type { Source, SourceContext, SourceOutput } from '../../component/source.ts';
import { describeError, fromSystemError, SluiceError } from '../../errors.ts';
import type { EventBatch } from '../../event/event-batch.ts';
import { BodyBudget, type HeldBody, readBody } from '../../rpc/http/body.ts';
import { answerUnread } from '../../rpc/http/linger.ts';
import { Refusal } from '../../rpc/http/refusal.ts';
import { addressText, serveHttp } from '../../rpc/http/serve.ts';
import { LogLimit } from '../../rpc/log-limit.ts';
import { checkServerTls, serverTls } from '../../rpc/tls/settings.ts';
import { parseJson } from '../../sentry/json.ts';
import { type Fields, isFields } from '../../sentry/payload.ts';
import type { Scrubber } from '../../sentry/scrub/index.ts';
import { scrubberOf } from '../../sentry/scrub/options.ts';
import { hookBatch, isLegacy } from './hook.ts';
import { checkOptions, options, type WebhookValues } from './options.ts';
import { Seen } from './seen.ts';
import { hookTime, signatureOf, Verifier } from './signature.ts';

/**
 * sentry_webhook: the life of issues, as Sentry's integration platform tells it: created, resolved, assigned, archived, unresolved; and errors and alerts.
 * One event a webhook, its body as it was sent apart from scrubbing. They may come in any order, and again.
 */

class SentryWebhookSource implements Source {
  readonly #values: WebhookValues;
  readonly #context: SourceContext;
  readonly #scrubber: Scrubber | undefined;
  readonly #budget: BodyBudget;
  readonly #seen: Seen;
  readonly #warnings: LogLimit;

  constructor(values: WebhookValues, context: SourceContext) {
    this.#values = values;
    this.#context = context;
    this.#scrubber = scrubberOf(values);
    this.#budget = new BodyBudget(4 * values.maxBodyBytes);
    this.#seen = new Seen(values.dedupe);
    if (values.dedupe > 0) context.counters.EventDuplicateCount = 0;
    this.#warnings = new LogLimit(context.log, () => context.clock.now());
    checkServerTls(values, context);
  }

  async run(out: SourceOutput, signal: AbortSignal): Promise<void> {
    const { log, counters } = this.#context;
    const { bind, port, path, tolerance, maxConnections, requestTimeout } = this.#values;
    const secret = readSecret(this.#values, log);
    const verifier = secret === undefined ? undefined : new Verifier(secret, tolerance);
    await serveHttp(
      {
        bind,
        port,
        tls: serverTls(this.#values, this.#context),
        maxConnections,
        requestTimeout,
        log,
        handle: (request, response) => this.#serve(out, verifier, request, response, signal),
        onConnections: (open) => {
          counters.OpenConnectionCount = open;
        },
        onListening: (address) => {
          log.info(`listening on ${addressText(address)}${path}`, { port: address.port });
          out.ready();
        },
      },
      signal,
    );
  }

  /** Answers one request; never rejects. */
  async #serve(
    out: SourceOutput,
    verifier: Verifier | undefined,
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    let body: HeldBody | undefined;
    try {
      this.#heed(request);
      const { maxBodyBytes } = this.#values;
      const tooLong = `the body is longer than maxBodyBytes = ${maxBodyBytes}`;
      body = await readBody(request, maxBodyBytes, this.#budget, tooLong, signal);
      await this.#take(out, verifier, request, body.bytes);
      answer(request, response, 200, '');
    } catch (error) {
      const { status, message } = this.#refusal(error, signal);
      if (status === 405) response.setHeader('Allow', 'POST');
      answer(request, response, status, message);
    } finally {
      body?.release();
    }
  }

  /** @throws Refusal for what is not a webhook by its head alone */
  #heed({ method, url = '', headers }: IncomingMessage): void {
    const path = url.split('?', 1)[0]!;
    if (withoutSlash(path) !== withoutSlash(this.#values.path)) throw new Refusal(404, 'there is nothing here');
    if (method !== 'POST') throw new Refusal(405, 'webhooks are posted');
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding.toLowerCase() !== 'identity') throw new Refusal(415, 'webhooks are not compressed');
  }

  async #take(
    out: SourceOutput,
    verifier: Verifier | undefined,
    { headers }: IncomingMessage,
    body: Buffer,
  ): Promise<void> {
    const { clock, counters } = this.#context;
    const received = clock.now();
    const deadline = clock.monotonic() + this.#values.maxWait;
    counters.AppendReceivedCount++;
    counters.EventReceivedCount++;
    const signed = signatureOf(headers) !== undefined || !this.#values.legacy;
    const doubt = signed ? (verifier?.doubt(headers, body, received) ?? unverifiable(verifier)) : undefined;
    if (doubt !== undefined) throw this.#distrusted(doubt);
    const payload = payloadOf(body);
    if (!signed && !isLegacy(payload)) throw this.#distrusted('it has no signature, and is not of the legacy plugin');
    const sent = signed ? hookTime(headers) : Number.NaN;
    const key = `${sent} ${createHash('sha256').update(body).digest('base64')}`;
    if (this.#seen.has(key)) counters.EventDuplicateCount = (counters.EventDuplicateCount ?? 0) + 1;
    else {
      const kept = this.#scrubber?.json(body) ?? body;
      await this.#hand(out, hookBatch(kept, payload, { sent, received }), deadline);
      this.#seen.add(key);
    }
    counters.AppendAcceptedCount++;
  }

  /** @throws SluiceError CHANNEL_FULL, Refusal 503 when it is not durable in time */
  async #hand(out: SourceOutput, batch: EventBatch, deadline: number): Promise<void> {
    const { clock } = this.#context;
    const left = (): number => Math.max(0, deadline - clock.monotonic());
    const receipt = await out.emit(batch, { patienceMs: left() });
    if (this.#values.ack === 'accepted') return;
    const over = new AbortController();
    const late = clock.sleep(left(), over.signal).then(() => 'late' as const);
    const first = await Promise.race([receipt.whenSettled(), late]);
    over.abort();
    if (first === 'late') throw new Refusal(503, 'the webhook is not durable yet');
  }

  /** All of these are answered alike: what is wrong with a forgery is told to nobody but the operator. */
  #distrusted(why: string): Refusal {
    this.#warnings.warn(`refused a webhook: ${why}`);
    return new Refusal(401, 'unauthorized');
  }

  /** The status and text for a request that failed; counts it. */
  #refusal(error: unknown, signal: AbortSignal): { status: number; message: string } {
    const { counters, log } = this.#context;
    if (error instanceof Refusal) {
      if (error.status !== 404 && error.status !== 405) counters.EventReadFail++;
      if (log.isDebug) log.debug(`refused a request with ${error.status}: ${error.message}`);
      return error;
    }
    if (error instanceof SluiceError && error.code === 'CHANNEL_FULL') {
      this.#warnings.warn(`The channel has no room; Sentry is told to try later. ${error.message}`);
      return { status: 503, message: 'the channel has no room' };
    }
    if (signal.aborted) return { status: 503, message: 'the agent is stopping' };
    counters.GenericProcessingFail++;
    log.error(`Unexpected error while serving a webhook: ${describeError(error)}`);
    return { status: 500, message: 'unexpected error' };
  }
}

function unverifiable(verifier: Verifier | undefined): string | undefined {
  return verifier === undefined ? 'it is signed, and there is no secret to verify it by' : undefined;
}

/** @throws Refusal 400 */
function payloadOf(body: Buffer): Fields {
  let payload: unknown;
  try {
    payload = parseJson(body.toString('utf8'));
  } catch {
    throw new Refusal(400, 'the body is not JSON');
  }
  if (!isFields(payload)) throw new Refusal(400, 'the body is not a JSON object');
  return payload;
}

/** Readable for everybody. */
const OTHERS_READ = 0o004;

/** @throws SluiceError when the file cannot be read or holds none */
function readSecret({ secret, secretFile }: WebhookValues, log: Logger): string | undefined {
  if (secretFile === undefined) return secret;
  let line: string;
  try {
    line = readFileSync(secretFile, 'utf8').split('\n', 1)[0]!.trim();
    if ((statSync(secretFile).mode & OTHERS_READ) !== 0) {
      log.warn(`secretFile ${secretFile} can be read by every user of this machine: chmod o-r`);
    }
  } catch (error) {
    throw fromSystemError(error, `secretFile ${secretFile}`);
  }
  if (line === '') throw new SluiceError('CONFIG_INVALID', `secretFile ${secretFile}: its first line is empty`);
  return line;
}

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

function answer(request: IncomingMessage, response: ServerResponse, status: number, message: string): void {
  if (response.headersSent || response.destroyed) return;
  const body = message === '' ? '' : `${message}\n`;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8').setHeader('Content-Length', Buffer.byteLength(body));
  if (request.complete) {
    response.writeHead(status).end(body);
  } else {
    // What is left of a body is not read: the connection ends with the answer.
    response.writeHead(status, { Connection: 'close' });
    answerUnread(request, response, body);
  }
}

/** `type = sentry_webhook`. */
export const sentryWebhookSource = declare('source', {
  type: 'sentry_webhook',
  summary: "Receives Sentry's webhooks: the life of issues, errors and alerts.",
  options,
  check: checkOptions,
  create: (values, context) => new SentryWebhookSource(values, context),
});
