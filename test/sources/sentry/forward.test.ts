import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import type { Logger } from '../../../src/component/context.ts';
import { newSourceCounters } from '../../../src/component/counters.ts';
import { type ForwardCounts, Forwarder, type ForwardRequest } from '../../../src/sources/sentry/forward.ts';
import { forwardedHeaders } from '../../../src/sources/sentry/forward-headers.ts';
import { forwarderOf, forwardOptions } from '../../../src/sources/sentry/forward-options.ts';
import { waitFor } from '../../support/wait-for.ts';

const KEY = '0123456789abcdef0123456789abcdef';

interface Taken {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** A server that does as told with each request, and lets one wait for them. */
class Upstream {
  readonly taken: Taken[] = [];
  readonly #server: Server;
  #answer: (response: ServerResponse, nth: number) => void = (response) => void response.end('{}');
  #waiting: { count: number; resolve: () => void } | undefined;

  constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  answers(answer: (response: ServerResponse, nth: number) => void): void {
    this.#answer = answer;
  }

  async until(count: number): Promise<void> {
    if (this.taken.length >= count) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting = { count, resolve };
    await promise;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const { method = '', url = '', headers, rawHeaders } = request;
    this.taken.push({ method, url, headers, rawHeaders, body: Buffer.concat(chunks) });
    this.#answer(response, this.taken.length);
    if (this.#waiting !== undefined && this.taken.length >= this.#waiting.count) this.#waiting.resolve();
  }
}

function request(body: Buffer | string = 'x', more: Partial<ForwardRequest> = {}): ForwardRequest {
  return {
    method: 'POST',
    url: `/api/42/envelope/?sentry_key=${KEY}`,
    rawHeaders: ['Host', 'sluice:9000', 'X-Sentry-Auth', `Sentry sentry_key=${KEY}`],
    body: Buffer.from(body),
    remoteAddress: '10.1.2.3',
    ...more,
  };
}

function countsOf(forwarded: number, refused: number, dropped: number, retried: number): ForwardCounts {
  return {
    ForwardedCount: forwarded,
    ForwardRefusedCount: refused,
    ForwardDroppedCount: dropped,
    ForwardRetriedCount: retried,
  };
}

describe('source sentry: forward', () => {
  let upstream: Upstream;
  let base: string;
  let lines: string[];
  let log: Logger;
  let forwarder: Forwarder;

  beforeEach(async () => {
    upstream = new Upstream();
    base = await upstream.open();
    lines = [];
    const add = (line: string): void => void lines.push(line);
    log = { error: add, warn: add, info: add, debug: add, isDebug: false };
    forwarder = new Forwarder({ base, maxBytes: 1 << 20, timeout: 200, log, firstPause: 1 });
  });

  afterEach(async () => {
    await forwarder.close(AbortSignal.abort());
    await upstream.close();
    for (const line of lines) assert.equal(line.includes(KEY), false, line);
  });

  it('passes on method, path, query and body byte for byte', async () => {
    const path = fc.stringMatching(/^[\w./%?&=-]{0,40}$/);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), path, async (bytes, rest) => {
        const before = upstream.taken.length;
        forwarder.offer(request(Buffer.from(bytes), { url: `/api/${rest}` }));
        await upstream.until(before + 1);
        const { method, url, body } = upstream.taken[before]!;
        assert.deepEqual([method, url, body], ['POST', `/api/${rest}`, Buffer.from(bytes)]);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps the headers in their order and spelling, but for those of the connection', () => {
    const rawHeaders = [
      'HOST',
      'sluice',
      'X-Sentry-Auth',
      'Sentry a',
      'connection',
      'keep-alive, X-Hop',
      'x-hop',
      '1',
      'Content-Encoding',
      'gzip',
      'Transfer-Encoding',
      'chunked',
      'X-Forwarded-For',
      '1.1.1.1',
      'Expect',
      '100-continue',
      'authorization',
      'Basic b',
      'x-forwarded-for',
      '2.2.2.2',
    ];
    assert.deepEqual(
      forwardedHeaders(request('abc', { rawHeaders, remoteAddress: '::ffff:10.0.0.1' }), 'sentry.example.com'),
      [
        'Host',
        'sentry.example.com',
        'X-Sentry-Auth',
        'Sentry a',
        'Content-Encoding',
        'gzip',
        'authorization',
        'Basic b',
        'X-Forwarded-For',
        '1.1.1.1, 2.2.2.2, 10.0.0.1',
        'Content-Length',
        '3',
      ],
    );
  });

  it('puts the path of the base in front, and sends a GET without a body', async () => {
    await forwarder.close();
    forwarder = new Forwarder({ base: `${base}/sentry/`, maxBytes: 1 << 20, timeout: 200, log });
    forwarder.offer(request('', { method: 'GET', url: '/api/42/store/?sentry_data=x' }));
    await upstream.until(1);
    const [{ method, url, headers }] = upstream.taken as [Taken];
    assert.deepEqual(
      [method, url, headers['content-length']],
      ['GET', '/sentry/api/42/store/?sentry_data=x', undefined],
    );
  });

  for (const [what, fail] of Object.entries<(response: ServerResponse) => void>({
    'a lost connection': (response) => response.destroy(),
    'half an answer head': (response) => void response.socket?.end('HTTP/1.1 200'),
    'no answer in time': () => {},
    'status 502': (response) => void response.writeHead(502).end(),
    'status 503': (response) => void response.writeHead(503).end('busy'),
    'status 504': (response) => void response.writeHead(504).end(),
  })) {
    it(`sends again after ${what}, and says so once`, async () => {
      upstream.answers((response, nth) => (nth <= 3 ? fail(response) : response.end('{}')));
      forwarder.offer(request('first'));
      await upstream.until(4);
      await forwarder.close();
      assert.deepEqual(
        upstream.taken.map(({ body }) => body.toString()),
        ['first', 'first', 'first', 'first'],
      );
      assert.deepEqual(forwarder.counts, countsOf(1, 0, 0, 3));
      assert.equal(lines.length, 2, lines.join('\n'));
      assert.match(lines[1]!, /takes requests again/);
      assert.equal(forwarder.held, 0);
    });
  }

  it('sends again when nobody listens at first', async () => {
    await upstream.close();
    forwarder.offer(request('early'));
    const again = new Upstream();
    const later = createServer((_, response) => void response.end('{}'));
    const served = once(later, 'request');
    later.listen(Number(new URL(base).port), '127.0.0.1');
    await served;
    await forwarder.close();
    assert.equal(forwarder.counts.ForwardedCount, 1);
    const closed = once(later, 'close');
    later.close();
    later.closeAllConnections();
    await closed;
    upstream = again;
    await upstream.open();
  });

  it('waits as long as Retry-After says, for all of them, and gives up after the third 429', async () => {
    upstream.answers((response) => void response.writeHead(429, { 'Retry-After': '0' }).end());
    forwarder.offer(request('over quota'));
    await upstream.until(3);
    await forwarder.close();
    assert.deepEqual(forwarder.counts, countsOf(0, 0, 1, 2));

    const patient = new Forwarder({ base, maxBytes: 1 << 20, timeout: 200, log });
    upstream.answers((response) => void response.writeHead(429, { 'Retry-After': '3600' }).end());
    patient.offer(request('a'));
    await upstream.until(4);
    // Over the answer of a request of our own the other answer has come, too.
    await fetch(base, { method: 'POST' });
    for (let i = 0; i < 20; i++) patient.offer(request('b'));
    await fetch(base, { method: 'POST' });
    await patient.close(AbortSignal.abort());
    assert.equal(upstream.taken.filter(({ body }) => body.toString() === 'b').length, 0);
    assert.equal(patient.counts.ForwardDroppedCount, 21);
  });

  it('takes any other answer for the last word', async () => {
    const statuses = [200, 400, 401, 403, 413, 500, 302];
    upstream.answers((response, nth) => void response.writeHead(statuses[nth - 1]!, { location: '/' }).end());
    for (const _ of statuses) forwarder.offer(request());
    await upstream.until(statuses.length);
    await forwarder.close();
    assert.equal(upstream.taken.length, statuses.length);
    assert.deepEqual(forwarder.counts, countsOf(1, 6, 0, 0));
  });

  it('drops the newest when the queue is full, counts them and says so once', async () => {
    const held: ServerResponse[] = [];
    upstream.answers((response) => void held.push(response));
    const { url, rawHeaders } = request();
    const each = 1000 + url.length + rawHeaders.join('').length + 1024;
    const slow = new Forwarder({ base, maxBytes: 10 * each, timeout: 20_000, log });
    for (let i = 0; i < 30; i++) slow.offer(request(String(i).padEnd(1000)));
    assert.equal(slow.counts.ForwardDroppedCount, 20);
    assert.equal(slow.held, 10 * each);
    await upstream.until(8);
    upstream.answers((response) => void response.end());
    for (const response of held) response.end();
    await slow.close();
    assert.deepEqual(slow.counts, countsOf(10, 0, 20, 0));
    assert.deepEqual(
      upstream.taken.map(({ body }) => Number(body)).sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    assert.equal(lines.filter((line) => line.includes('full')).length, 1);
    assert.equal(lines.filter((line) => line.includes('20 requests were not passed on')).length, 1);
  });

  it('counts what headers take, too', async () => {
    const small = new Forwarder({ base, maxBytes: 1 << 20, timeout: 200, log });
    upstream.answers(() => {});
    const rawHeaders = ['X-Long', 'x'.repeat(15_000)];
    for (let i = 0; i < 100; i++) small.offer(request('x', { rawHeaders }));
    assert.equal(small.counts.ForwardDroppedCount, 100 - 65);
    assert.ok(small.held <= 1 << 20 && small.held > 900_000);
    await small.close(AbortSignal.abort());
  });

  it('passes nothing on to a host whose certificate is not trusted', async () => {
    const pem = readFileSync('test/fixtures/tls/server.pem');
    const requests: string[] = [];
    const server = createTlsServer({ key: pem, cert: pem }, (incoming, response) => {
      requests.push(incoming.url ?? '');
      response.end('{}');
    });
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const settings = { maxBytes: 1 << 20, timeout: 2000, log, firstPause: 10 };
    const wary = new Forwarder({ ...settings, base: `https://127.0.0.1:${port}` });
    const refused = once(server, 'tlsClientError');
    wary.offer(request('secret'));
    await refused;
    await waitFor(() => lines.length > 0, { what: 'a word of it' });
    assert.match(lines[0]!, /CERT|certificate/i);
    assert.ok(!lines[0]!.includes(KEY));
    await wary.close(AbortSignal.abort());
    assert.deepEqual([requests, wary.counts.ForwardDroppedCount], [[], 1]);

    const trusting = new Forwarder({ ...settings, base: `https://localhost:${port}`, ca: pem });
    trusting.offer(request('secret'));
    await trusting.close();
    assert.deepEqual([requests.length, trusting.counts.ForwardedCount], [1, 1], lines.join('\n'));
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });

  it('uses few connections, again and again', async () => {
    const ports = new Set<number | undefined>();
    upstream.answers((response) => {
      ports.add(response.socket?.remotePort);
      response.end('{}');
    });
    for (let i = 0; i < 100; i++) forwarder.offer(request());
    await upstream.until(100);
    await forwarder.close();
    assert.ok(ports.size <= 8, String(ports.size));
    assert.equal(forwarder.counts.ForwardedCount, 100);
    assert.deepEqual(lines, []);
  });

  it('drops a request that fails while others pass', async () => {
    upstream.answers((response, nth) =>
      upstream.taken[nth - 1]!.body.toString() === 'bad' ? response.destroy() : response.end('{}'),
    );
    forwarder.offer(request('bad'));
    while (forwarder.counts.ForwardDroppedCount === 0) {
      const count = upstream.taken.length;
      forwarder.offer(request('good'));
      await upstream.until(count + 1);
    }
    await forwarder.close();
    assert.equal(forwarder.counts.ForwardDroppedCount, 1);
  });

  it('stops at once when told to, and takes nothing more', async () => {
    upstream.answers(() => {});
    forwarder.offer(request());
    await upstream.until(1);
    const stop = new AbortController();
    const closed = forwarder.close(stop.signal);
    stop.abort();
    await closed;
    forwarder.offer(request());
    assert.equal(forwarder.counts.ForwardDroppedCount, 2);
    assert.match(lines.at(-1)!, /1 requests were not passed on before the end/);
  });

  it('takes only a URL without key for the real Sentry, and is off without one', () => {
    for (const url of ['sentry.example.com', 'ftp://x', `https://${KEY}@x`, 'https://x/?a=b']) {
      assert.ok('problem' in forwardOptions.forward.parse(url), url);
    }
    assert.deepEqual(forwardOptions.forward.parse('https://sentry.example.com/x'), {
      value: 'https://sentry.example.com/x',
    });
    assert.equal(
      forwarderOf({ forward: undefined, 'forward.maxBytes': 1 << 20, 'forward.timeout': 1 }, log, newSourceCounters()),
      undefined,
    );
  });
});
