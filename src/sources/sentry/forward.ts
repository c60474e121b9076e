import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Logger } from '../../component/context.ts';
import { forwardedHeaders } from './forward-headers.ts';

/** A request as it came. */
export interface ForwardRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
  /** As it was sent, still compressed. It is held until it is passed on. */
  readonly body: Buffer;
  readonly remoteAddress: string | undefined;
}

export interface ForwardSettings {
  readonly base: string;
  readonly maxBytes: number;
  /** In ms. */
  readonly timeout: number;
  readonly log: Logger;
  /** What to add to. */
  readonly counts?: ForwardCounts;
  /** How long to wait after the first failure, in ms; each further one doubles it, up to a minute. */
  readonly firstPause?: number;
  /** Certificates to trust besides those of Node, in PEM. */
  readonly ca?: string | Buffer;
}

/** What became of the requests, by the names of the source's counters. */
export interface ForwardCounts {
  /** Answered with 2xx. */
  ForwardedCount: number;
  /** Answered with anything else that is no passing trouble. */
  ForwardRefusedCount: number;
  /** Never passed on: no room, too many failures, or the end came. */
  ForwardDroppedCount: number;
  /** How often one was sent again. */
  ForwardRetriedCount: number;
}

export function noForwards(): ForwardCounts {
  return { ForwardedCount: 0, ForwardRefusedCount: 0, ForwardDroppedCount: 0, ForwardRetriedCount: 0 };
}

interface Entry {
  readonly request: ForwardRequest;
  readonly cost: number;
  /** How often it failed though others did not, and how often it was answered 429. */
  failures: number;
  /** How many had been passed on when it failed last. */
  others: number;
  /** Whether a connection that had been idle was lost under it. */
  lostIdle: boolean;
}

const MOST_SOCKETS = 8;
const MOST_REQUESTS = 100_000;
/** What a request takes besides its body. */
const OVERHEAD = 1024;
const MOST_FAILURES = 3;
const LONGEST_PAUSE = 60_000;
const LONGEST_RETRY_AFTER = 3_600_000;
/** How long `close` waits for what is under way, in ms. */
const DRAIN = 5000;

/**
 * Passes requests on to the real Sentry beside what Sluice does with them. A bounded queue in memory: network errors, 502, 503, 504 and 429 mean to wait
 * and send again (Sentry drops what comes twice), anything else is final. Nobody waits for it, and it logs changes only, never a URL with its key.
 */
export class Forwarder {
  readonly counts: ForwardCounts;
  readonly #settings: ForwardSettings;
  readonly #base: URL;
  readonly #agent: HttpAgent | HttpsAgent;
  #queue: Entry[] = [];
  #head = 0;
  #held = 0;
  #count = 0;
  #sending = 0;
  #pause = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When it ends. */
  #until = 0;
  #trouble = '';
  #full = 0;
  #closed = false;
  #onEmpty: (() => void) | undefined;

  constructor(settings: ForwardSettings) {
    this.#settings = settings;
    this.counts = settings.counts ?? noForwards();
    this.#base = new URL(settings.base);
    const agent = { keepAlive: true, maxSockets: MOST_SOCKETS, maxFreeSockets: MOST_SOCKETS };
    this.#agent =
      this.#base.protocol === 'https:' ? new HttpsAgent({ ...agent, ca: settings.ca }) : new HttpAgent(agent);
  }

  /** Bytes that wait or are under way. */
  get held(): number {
    return this.#held;
  }

  /** Takes a request if there is room; at once. */
  offer(request: ForwardRequest): void {
    let cost = request.body.length + request.url.length + OVERHEAD;
    for (const text of request.rawHeaders) cost += text.length;
    if (this.#closed) {
      this.counts.ForwardDroppedCount++;
      return;
    }
    if (this.#held + cost > this.#settings.maxBytes || this.#count >= MOST_REQUESTS) {
      this.counts.ForwardDroppedCount++;
      if (this.#full++ === 0)
        this.#settings.log.warn(`forward: the queue is full (${this.#count} requests), new ones are not passed on`);
      return;
    }
    this.#held += cost;
    this.#count++;
    this.#queue.push({ request, cost, failures: 0, others: -1, lostIdle: false });
    this.#pump();
  }

  /** Passes on what waits for some seconds, or until `signal` is aborted; the rest is dropped and counted. */
  async close(signal?: AbortSignal): Promise<void> {
    this.#closed = true;
    if (this.#count > 0 && !signal?.aborted) {
      const empty = Promise.withResolvers<void>();
      const timer = setTimeout(empty.resolve, DRAIN);
      signal?.addEventListener('abort', () => empty.resolve(), { once: true });
      this.#onEmpty = empty.resolve;
      await empty.promise;
      clearTimeout(timer);
    }
    this.#onEmpty = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const left = this.#count;
    this.counts.ForwardDroppedCount += left;
    this.#queue = [];
    this.#head = 0;
    // With what is under way.
    this.#agent.destroy();
    if (left > 0) this.#settings.log.warn(`forward: ${left} requests were not passed on before the end`);
    this.#count = 0;
    this.#held = 0;
  }

  #pump(): void {
    while (this.#timer === undefined && this.#sending < MOST_SOCKETS && this.#head < this.#queue.length) {
      const entry = this.#queue[this.#head++]!;
      if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
        this.#queue = this.#queue.slice(this.#head);
        this.#head = 0;
      }
      this.#send(entry);
    }
  }

  #send(entry: Entry): void {
    const base = this.#base;
    const { method, url, body } = entry.request;
    this.#sending++;
    let settled = false;
    const settle = (then: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      this.#sending--;
      if (this.#count === 0) return;
      then();
      this.#pump();
      if (this.#count === 0) this.#onEmpty?.();
    };
    const request = (base.protocol === 'https:' ? httpsRequest : httpRequest)({
      agent: this.#agent,
      hostname: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port,
      method,
      path: base.pathname.replace(/\/+$/, '') + url,
      headers: forwardedHeaders(entry.request, base.host),
    });
    const timer = setTimeout(() => request.destroy(new Error('no answer in time')), this.#settings.timeout);
    request.on('error', (error: NodeJS.ErrnoException) => {
      settle(() => {
        // The other side closed an idle connection just then: nothing is wrong.
        if (request.reusedSocket && error.code === 'ECONNRESET' && !entry.lostIdle) {
          entry.lostIdle = true;
          this.#again(entry);
        } else this.#failed(entry, error.code ?? error.message);
      });
    });
    request.on('response', (response: IncomingMessage) => {
      response.resume();
      const done = (): void => settle(() => this.#answered(entry, response));
      response.on('end', done);
      response.on('error', done);
      response.on('close', done);
    });
    request.end(body.length > 0 ? body : undefined);
  }

  #answered(entry: Entry, response: IncomingMessage): void {
    const status = response.statusCode ?? 0;
    if (status === 502 || status === 503 || status === 504) this.#failed(entry, `status ${status}`);
    else if (status === 429) this.#limited(entry, response.headers['retry-after']);
    else this.#final(entry, status);
  }

  #final(entry: Entry, status: number): void {
    const fine = status >= 200 && status < 300;
    if (fine) this.counts.ForwardedCount++;
    else this.counts.ForwardRefusedCount++;
    this.#pause = 0;
    this.#done(entry);
    this.#say(fine ? '' : `refused with status ${status}`);
  }

  #failed(entry: Entry, why: string): void {
    this.#say(why);
    this.#pause = Math.min(this.#pause === 0 ? (this.#settings.firstPause ?? 1000) : this.#pause * 2, LONGEST_PAUSE);
    // A request that fails while others pass would be sent for ever.
    if (entry.others >= 0 && this.counts.ForwardedCount > entry.others) entry.failures++;
    entry.others = this.counts.ForwardedCount;
    if (entry.failures >= MOST_FAILURES) this.#drop(entry);
    else this.#again(entry);
    this.#wait(this.#pause);
  }

  #limited(entry: Entry, retryAfter: string | undefined): void {
    this.#say('status 429');
    const given = retryAfter === undefined ? Number.NaN : Number(retryAfter) * 1000;
    const until = Number.isNaN(given) ? Date.parse(retryAfter ?? '') - Date.now() : given;
    // What the real Sentry does not want three times over it does not want.
    if (++entry.failures >= MOST_FAILURES) this.#drop(entry);
    else this.#again(entry);
    this.#wait(Number.isNaN(until) ? LONGEST_PAUSE : Math.min(Math.max(until, 0), LONGEST_RETRY_AFTER));
  }

  #again(entry: Entry): void {
    this.counts.ForwardRetriedCount++;
    if (this.#head > 0) this.#queue[--this.#head] = entry;
    else this.#queue.unshift(entry);
  }

  #drop(entry: Entry): void {
    this.counts.ForwardDroppedCount++;
    this.#done(entry);
  }

  #done(entry: Entry): void {
    this.#held -= entry.cost;
    this.#count--;
    if (this.#full > 0 && this.#held < this.#settings.maxBytes / 2) {
      this.#settings.log.info(`forward: there is room again; ${this.#full} requests were not passed on`);
      this.#full = 0;
    }
  }

  /** Sends nothing for so long; of several waits the one that ends last counts. */
  #wait(ms: number): void {
    const until = performance.now() + ms;
    if (this.#timer !== undefined && until <= this.#until) return;
    this.#until = until;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#pump();
    }, ms);
  }

  #say(trouble: string): void {
    if (trouble === this.#trouble) return;
    const { log } = this.#settings;
    if (trouble === '') log.info(`forward: ${this.#base.host} takes requests again`);
    else if (this.#trouble === '') log.warn(`forward: ${this.#base.host}: ${trouble}; ${this.#count} requests wait`);
    this.#trouble = trouble;
  }
}
