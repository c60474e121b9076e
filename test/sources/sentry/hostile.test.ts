import assert from 'node:assert/strict';
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { waitFor } from '../../support/wait-for.ts';
import { auth, eventEnvelope, idOf, KEY, type Running, send, start } from './client.ts';

const MIB = 1 << 20;
const HEAD = `POST /api/42/envelope/ HTTP/1.1\r\nHost: h\r\nX-Sentry-Auth: Sentry sentry_key=${KEY}\r\n`;

describe('sentry source and hostile clients', () => {
  let running: Running;
  const sockets: Socket[] = [];

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await running.run.stop();
  });

  /** A raw connection, and all that comes back on it until it ends. */
  function raw(write: string): { socket: Socket; answer: Promise<string> } {
    const socket = connect(running.port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.write(write);
    return { socket, answer: once(socket, 'close').then(() => text) };
  }

  const alive = async (n: number) =>
    assert.equal((await send(running.port, { body: eventEnvelope(idOf(n)) })).status, 200);

  it('serves a new client while as many as it takes are connected and idle', async function () {
    this.timeout(30_000);
    const most = Number(execFileSync('sh', ['-c', 'ulimit -Hn']).toString().replace('unlimited', '1000000'));
    const count = Math.min(10_000, most - 500);
    running = await start({ maxConnections: String(count + 1) });
    const idle = fork(join(import.meta.dirname, 'idle-clients.ts'), [String(running.port), String(count)]);
    try {
      await once(idle, 'message');
      const { counters } = running.run;
      await waitFor(() => counters.OpenConnectionCount === count, { what: 'all connections' });
      await alive(1);
      // One more than there may be is closed at once.
      const last = raw('');
      await waitFor(() => counters.OpenConnectionCount === count + 1, { what: 'the last one' });
      await assert.rejects(send(running.port, { body: eventEnvelope(idOf(2)) }));
      last.socket.destroy();
      await waitFor(() => counters.OpenConnectionCount === count, { what: 'room again' });
      await alive(3);
    } finally {
      idle.kill();
    }
    await waitFor(() => running.run.counters.OpenConnectionCount === 0, { what: 'their end' });
  });

  it('drops clients that never finish a request, and serves others meanwhile', async function () {
    this.timeout(20_000);
    running = await start({ requestTimeout: '300' });
    const slow = [raw(`${HEAD}Content-Length: 100\r\n\r\n{}`), raw('POST /api/42/envelope/ HTTP/1.1\r\nHost'), raw('')];
    await alive(1);
    assert.match(await slow[0]!.answer, /^HTTP\/1\.1 408 /);
    await slow[1]!.answer;
    assert.equal(running.run.out.rows, 1);
  });

  it('stops bombs at the limit and answers 413', async () => {
    running = await start({ 'limits.envelope': String(4 * MIB), maxBytesHeld: String(16 * MIB) });
    const bomb = Buffer.alloc(64 * MIB);
    for (const [encoding, body] of [
      ['gzip', gzipSync(bomb)],
      ['br', brotliCompressSync(bomb, { params: { 1: 1 } })],
      ['gzip, gzip', gzipSync(gzipSync(bomb))],
    ] as const) {
      const headers = { ...auth(), 'Content-Encoding': encoding };
      const answers = await Promise.all([1, 2, 3, 4].map(() => send(running.port, { headers, body })));
      for (const { status } of answers) assert.ok(status === 413 || status === 503, String(status));
      assert.ok(answers.some(({ status }) => status === 413));
    }
    await alive(1);
    assert.equal(running.run.out.rows, 1);
  });

  it('inflates no more for one event than an event may have, and passes over no endless blanks', async () => {
    running = await start({ 'limits.event': '100000' });
    const headers = { ...auth(), 'Content-Encoding': 'gzip' };
    for (const endpoint of ['store', 'security', 'csp-report', 'nel']) {
      const path = `/api/42/${endpoint}/`;
      const { status, text } = await send(running.port, { path, headers, body: gzipSync(Buffer.alloc(300_000, ' ')) });
      assert.deepEqual([status, /longer than limits\.event/.test(text)], [413, true], endpoint);
    }
    const packed = deflateSync(Buffer.alloc(300_000, ' ')).toString('base64');
    assert.equal((await send(running.port, { path: '/api/42/store/', body: packed })).status, 413);
    const blanks = Buffer.concat([Buffer.alloc(70_000, '\n'), eventEnvelope(idOf(1))]);
    assert.equal((await send(running.port, { body: blanks })).status, 400);
    assert.equal((await send(running.port, { body: blanks.subarray(10_000) })).status, 200);
    // Of the longest event that is fine, base64 is longer.
    const text = Buffer.from(JSON.stringify({ message: 'x'.repeat(99_900) })).toString('base64');
    assert.equal((await send(running.port, { path: '/api/42/store/', body: text })).status, 200);
  });

  it('refuses reports that are nested without end', async () => {
    running = await start();
    const deep = `[{"csp-report":${'['.repeat(400_000)}${']'.repeat(400_000)}}]`;
    assert.equal((await send(running.port, { path: '/api/42/security/', body: deep })).status, 400);
    assert.equal((await send(running.port, { path: '/api/42/security/', body: deep.slice(1, -1) })).status, 200);
    assert.equal(running.run.counters.GenericProcessingFail, 0);
  });

  it('refuses a body that is too long without reading it, and the client sees the answer', async () => {
    running = await start({ 'limits.envelope': '100000' });
    const announced = raw(`${HEAD}Content-Length: 99999999999\r\n\r\n{}`);
    assert.match(
      await announced.answer,
      /^HTTP\/1\.1 413 [\s\S]*Connection: close[\s\S]*"detail":"the request is longer/,
    );
    const chunk = `${(65536).toString(16)}\r\n${'x'.repeat(65536)}\r\n`;
    const streamed = raw(`${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(100)}0\r\n\r\n`);
    // It is let finish: a connection that is reset may take the answer with it.
    const errors: Error[] = [];
    streamed.socket.on('error', (error) => errors.push(error));
    assert.match(await streamed.answer, /^HTTP\/1\.1 413 /);
    assert.deepEqual(errors, []);
    await alive(1);
  });

  it('gives back what requests have held, whatever became of them', async () => {
    running = await start({ 'limits.envelope': String(MIB), maxBytesHeld: String(MIB) });
    for (let i = 0; i < 30; i++) {
      const body = eventEnvelope(idOf(i), { message: 'x'.repeat(100_000) });
      const packed = gzipSync(body);
      assert.equal((await send(running.port, { body })).status, 200);
      assert.equal((await send(running.port, { body })).status, 200, 'a duplicate');
      assert.equal((await send(running.port, { body: body.subarray(0, 90_000) })).status, 400);
      const headers = { ...auth(), 'Content-Encoding': 'gzip' };
      assert.equal((await send(running.port, { headers, body: packed })).status, 200);
      assert.equal((await send(running.port, { path: '/api/42/store/', body })).status, 400);
      const base64 = Buffer.from(JSON.stringify({ message: 'x'.repeat(100_000) })).toString('base64');
      assert.equal((await send(running.port, { path: '/api/42/store/', body: base64 })).status, 200);
    }
  });

  it('reads nothing of who may not send', async () => {
    running = await start({ projects: '42:other' });
    const refused = raw(`${HEAD}Content-Length: 99999\r\n\r\n{}`);
    assert.match(await refused.answer, /^HTTP\/1\.1 403 /);
  });

  it('takes no header for a path, a name or a line of the log', async () => {
    running = await start();
    const { run, port } = running;
    const evil = '../../../etc/passwd\u0000\n%2e%2e/';
    const header = JSON.stringify({ event_id: evil, dsn: evil, sdk: { name: evil, version: evil }, sent_at: evil });
    const item = {
      type: evil,
      filename: evil,
      attachment_type: evil,
      content_type: evil,
      length: 1,
      __proto__: { a: 1 },
    };
    const answer = await send(port, { body: `${header}\n${JSON.stringify(item)}\nx` });
    assert.deepEqual([answer.status, answer.text], [200, '{}']);
    assert.equal(run.out.headers()[0]?.['project_id'], '42');
    const long = { type: 'x'.repeat(5000), filename: 'y'.repeat(5000) };
    await send(port, { body: `{}\n${JSON.stringify(long)}\nx` });
    assert.ok(Object.values(run.out.headers()[1] ?? {}).every((value) => value.length <= 1024));
    for (const lines of [
      `X-Sentry-Auth: Sentry sentry_key=${'k'.repeat(20_000)}\r\n`,
      'Content-Length: 1\r\nContent-Length: 2\r\n',
      'Content-Length: -1\r\n',
      'Transfer-Encoding: chunked\r\nContent-Length: 3\r\n',
      'X: \u0001\u0002\r\n',
    ]) {
      const text = await raw(`POST /api/42/envelope/ HTTP/1.1\r\nHost: h\r\n${lines}\r\n`).answer;
      assert.match(text, /^HTTP\/1\.1 4\d\d /);
    }
    await send(port, { path: `/api/42/envelope/?x=${'%0a'.repeat(3000)}`, headers: {}, body: 'x' });
    assert.ok(run.log.lines.every((line) => !line.includes('\n') && !line.includes('passwd')));
    await alive(1);
  });

  it('bounds what a client may ask for without waiting for answers', async () => {
    running = await start({ maxWaiting: '10', ack: 'durable' });
    running.run.out.settle = false;
    const body = eventEnvelope(idOf(7)).toString().replace(idOf(7), 'none');
    const count = 200;
    const { socket } = raw(`${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`.repeat(count));
    const { counters } = running.run;
    await waitFor(() => counters.EventReceivedCount === count, { what: 'all of it' });
    assert.equal(running.run.out.rows, 10);
    socket.destroy();
  });

  it('answers any bytes with a status of its own, and emits nothing that was refused', async () => {
    running = await start({ dedupe: 'false' });
    const { run, port } = running;
    const line = fc.constantFrom(
      '{}',
      '{"type":"event"}',
      '{"type":"log","length":2}',
      '[1',
      '{"a":"\\ud800"}',
      '\n',
      '',
    );
    const text = fc.array(line, { maxLength: 8 }).map((lines) => Buffer.from(lines.join('\n')));
    const body = fc.oneof(
      text,
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    );
    const path = fc.constantFrom('envelope', 'store', 'security', 'nel', 'minidump');
    const encoding = fc.constantFrom('', 'gzip', 'deflate', 'br', 'zstd');
    await fc.assert(
      fc.asyncProperty(path, encoding, body, async (endpoint, coding, bytes) => {
        const before = run.out.rows;
        const headers = { ...auth(), 'Content-Encoding': coding };
        const { status } = await send(port, { path: `/api/42/${endpoint}/`, headers, body: bytes });
        assert.ok([200, 400, 413].includes(status), `${status}`);
        if (status !== 200) assert.equal(run.out.rows, before);
      }),
    );
    assert.equal(run.counters.GenericProcessingFail, 0);
  });
});
