import assert from 'node:assert/strict';
import { sentrySource } from '../../../src/sources/sentry/index.ts';
import { SourceRun } from '../harness.ts';
import {
  answered as answeredAt,
  auth,
  eventEnvelope,
  idOf,
  KEY,
  type Running,
  type Sent,
  send,
  start,
} from './client.ts';

describe('sentry source: who may send, and how', () => {
  let running: Running;

  afterEach(() => running.run.stop());

  const answered = (status: number, sent: Sent) => answeredAt(running.port, status, sent);

  it('takes envelopes at tunnels, by the DSN in them', async () => {
    running = await start({ projects: `42:${KEY}`, tunnel: '/tunnel, /my/tunnel/' });
    const body = (dsn: string) => `{"dsn":"${dsn}"}\n{"type":"event"}\n{}`;
    const good = `https://${KEY}@old.example.com/42`;
    await answered(200, { path: '/tunnel', headers: {}, body: body(good) });
    await answered(200, { path: '/my//tunnel?o=1', headers: {}, body: body(good) });
    // What the browser tells the site that the tunnel belongs to.
    const Authorization = `Basic ${Buffer.from('staging:password').toString('base64')}`;
    await answered(200, { path: '/tunnel', headers: { Authorization }, body: body(good) });
    await answered(200, { path: '/api/42/envelope/', headers: {}, body: body(good) });
    await answered(403, { path: '/tunnel', headers: {}, body: body(`https://${KEY}@old.example.com/43`) });
    await answered(403, { path: '/tunnel', headers: {}, body: body('https://other@old.example.com/42') });
    await answered(403, { path: '/api/43/envelope/', headers: {}, body: body(good) });
    await answered(401, { path: '/tunnel', headers: {}, body: '{}\n{"type":"event"}\n{}' });
    await answered(400, { path: '/tunnel', body: '{}\n{"type":"event"}\n{}' });
    await answered(401, { path: '/tunnel', headers: {}, body: body('https://old.example.com/42') });
    assert.equal(running.run.out.rows, 4);
  });

  it('lets in who has a key of the project, and nobody else', async () => {
    running = await start({ projects: `42:${KEY}, 42:second 43:third` });
    const { run } = running;
    const body = (n: number) => eventEnvelope(idOf(n));
    await answered(200, { body: body(1) });
    await answered(200, { body: body(2), headers: auth('second') });
    await answered(200, { body: body(3), path: '/api/43/envelope/?sentry_key=third', headers: {} });
    await answered(403, { body: body(4), headers: auth('third') });
    await answered(403, { body: body(5), path: '/api/44/envelope/' });
    assert.deepEqual(await answered(401, { body: body(6), headers: {} }), {
      detail: 'missing authorization information',
      causes: [],
    });
    await answered(401, { body: body(7), path: '/api/42/envelope/?sentry_key=second' });
    await answered(401, { path: '/api/42/store/', body: '{}', headers: {} });
    await answered(400, { path: '/api/../envelope/', body: body(8) });
    await answered(404, { path: '/api/42/envelope/../../../x', body: body(8) });
    await answered(404, { path: '/nothing', body: 'x' });
    await answered(405, { method: 'PUT', body: 'x' });
    await answered(405, { method: 'GET' });
    assert.equal(run.out.rows, 3);
    assert.equal(run.counters.EventReadFail, 6);
    assert.equal(run.counters.EventReceivedCount, 3);
    assert.equal(run.counters.AppendBatchAcceptedCount, 3);
  });

  it('writes no key into the log, and says which DSN to use', async () => {
    running = await start({ projects: `42:${KEY} 43:third` });
    for (const headers of [auth(), auth('third'), auth('wrongkey')]) await send(running.port, { headers, body: 'x' });
    const log = running.run.log.lines.join('\n');
    for (const key of [KEY, 'third', 'wrongkey']) assert.ok(!log.includes(key), key);
    assert.match(log, /DSN of project 42: http:\/\/<its key>@127\.0\.0\.1:\d+\/42/);
    assert.match(log, /DSN of project 43/);
    await running.run.stop();
    running = await start();
    assert.match(
      running.run.log.lines.join('\n'),
      /DSN: http:\/\/\w{32}@127\.0\.0\.1:\d+\/1 .*\n(.*\n)*WARN projects is not set/,
    );
    const dsn = new URL(/http:\S+/.exec(running.run.log.lines.join('\n'))?.[0] ?? '');
    const answer = await send(running.port, {
      path: '/api/1/envelope/',
      headers: auth(dsn.username),
      body: eventEnvelope(idOf(1)),
    });
    assert.equal(answer.status, 200);
  });

  it('lets browsers of other sites in', async () => {
    running = await start();
    for (const path of ['/api/42/envelope/', '/nothing']) {
      const answer = await send(running.port, { method: 'OPTIONS', path, headers: { Origin: 'https://a.example' } });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['access-control-allow-origin'], '*');
      assert.match(answer.headers['access-control-allow-methods'] ?? '', /POST/);
      assert.match(answer.headers['access-control-allow-headers'] ?? '', /x-sentry-auth.*content-encoding/);
      assert.match(answer.headers['access-control-expose-headers'] ?? '', /retry-after/);
      assert.equal(answer.headers['access-control-max-age'], '3600');
    }
    const health = await send(running.port, { method: 'GET', path: '/_health/', headers: {} });
    assert.deepEqual([health.status, health.text], [200, 'ok']);
  });

  it('follows the request where an envelope names another project, unless it is strict', async () => {
    const body = `{"dsn":"https://other@h/43"}\n{"type":"event"}\n{}`;
    running = await start();
    await answered(200, { body });
    assert.equal(running.run.out.headers()[0]?.['project_id'], '42');
    await running.run.stop();
    running = await start({ strictDsn: 'true' });
    await answered(400, { body });
    await answered(200, { body: `{"dsn":"https://${KEY}@h/42"}\n{"type":"event"}\n{}` });
  });
});

describe('options of the sentry source', () => {
  it('are refused where projects are none, without a key in the message', () => {
    assert.throws(
      () => new SourceRun(sentrySource, { port: '0', projects: 'x:secretkey' }),
      (error: Error) => /number of a project/.test(error.message) && !error.message.includes('secretkey'),
    );
  });
});
