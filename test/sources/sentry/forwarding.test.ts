import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { waitFor } from '../../support/wait-for.ts';
import { auth, eventEnvelope, idOf, KEY, type Running, send, start } from './client.ts';

interface Taken {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

describe('sentry source that forwards', () => {
  let running: Running;
  let upstream: Server;
  let taken: Taken[];
  let status: number;

  beforeEach(async () => {
    taken = [];
    status = 200;
    upstream = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        taken.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) });
        response.writeHead(status).end('{}');
      });
    });
    upstream.listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const { port } = upstream.address() as AddressInfo;
    running = await start({ projects: `42:${KEY}`, forward: `http://127.0.0.1:${port}` });
  });

  afterEach(async () => {
    await running.run.stop();
    upstream.closeAllConnections();
    upstream.close();
  });

  it('passes on what it takes, byte for byte and with its key', async () => {
    const body = gzipSync(eventEnvelope(idOf(1)));
    const headers = { ...auth(), 'Content-Encoding': 'gzip', 'User-Agent': 'sentry.x/1' };
    assert.equal((await send(running.port, { headers, body })).status, 200);
    await waitFor(() => taken.length === 1, { what: 'the request' });
    assert.ok(taken[0]?.body.equals(body));
    assert.equal(taken[0]?.url, '/api/42/envelope/');
    assert.equal(taken[0]?.headers['x-sentry-auth'], auth()['X-Sentry-Auth']);
    assert.equal(taken[0]?.headers['content-encoding'], 'gzip');
    assert.equal(taken[0]?.headers['user-agent'], 'sentry.x/1');
    assert.equal(running.run.out.rows, 1);
  });

  it('turns a tunnel into the path that Sentry knows', async () => {
    const body = `{"dsn":"https://${KEY}@h/42"}\n{"type":"event"}\n{}`;
    assert.equal((await send(running.port, { path: '/tunnel', headers: {}, body })).status, 200);
    await waitFor(() => taken.length === 1, { what: 'the request' });
    assert.equal(taken[0]?.url, '/api/42/envelope/');
    assert.equal(taken[0]?.body.toString(), body);
  });

  it('sends nobody to another host or path, and tells nobody who the user of a tunnel is', async () => {
    const body = eventEnvelope(idOf(1));
    for (const path of [
      'http://evil.example/api/42/envelope/?a=/api/1',
      '//evil.example/api/42/envelope/?a=/api/1',
      '/../../x/api/42/envelope/?a=/api/1',
    ]) {
      assert.equal((await send(running.port, { path, body })).status, 200);
    }
    await waitFor(() => taken.length === 3, { what: 'the requests' });
    assert.deepEqual(new Set(taken.map(({ url }) => url)), new Set(['/api/42/envelope/?a=/api/1']));
    const headers = { Cookie: 'sessionid=s', Authorization: 'Basic czpw', 'User-Agent': 'b' };
    const ofTunnel = `{"dsn":"https://${KEY}@h/42"}\n{"type":"event"}\n{}`;
    assert.equal((await send(running.port, { path: '/tunnel', headers, body: ofTunnel })).status, 200);
    await waitFor(() => taken.length === 4, { what: 'the one of the tunnel' });
    const { cookie, authorization, 'user-agent': agent } = taken[3]!.headers;
    assert.deepEqual([cookie, authorization, agent], [undefined, undefined, 'b']);
  });

  it('passes on nothing that it refuses, and answers the same whatever comes of the rest', async () => {
    status = 400;
    assert.equal((await send(running.port, { headers: auth('wrong'), body: eventEnvelope(idOf(1)) })).status, 403);
    assert.equal((await send(running.port, { body: 'no envelope' })).status, 400);
    assert.equal((await send(running.port, { body: eventEnvelope(idOf(2)) })).status, 200);
    await waitFor(() => taken.length === 1, { what: 'the request' });
    await running.run.stop();
    const end = running.run.log.lines.find((line) => line.includes('passed on'));
    assert.equal(end, 'INFO forward: 0 requests passed on, 1 refused, 0 dropped, 0 sent again');
    assert.equal(taken.length, 1);
  });
});
