import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { SluiceError } from '../../../src/errors.ts';
import { waitFor } from '../../support/wait-for.ts';
import { plain, SECRET, sample, sampleBody, signed, timeOf, UNAUTHORIZED, useWebhookRuns } from './harness.ts';

const SAMPLES = ['issue-created', 'issue-resolved', 'error-created'] as const;
describe('source sentry_webhook', () => {
  const start = useWebhookRuns();

  it('keeps every signed webhook, its body as it was sent and what it tells as headers', async () => {
    const one = await start({ secret: SECRET, scrub: 'false' });
    for (const name of SAMPLES) {
      const hook = sample(name);
      one.clock.time = timeOf(hook) + 250;
      assert.deepEqual(plain(await one.send(hook)), { status: 200, text: '' }, name);
    }
    assert.deepEqual(
      one.run.out.bodies(),
      SAMPLES.map((name) => sampleBody(name).toString()),
    );
    const [created, resolved, error] = one.run.out.headers();
    const common = {
      project_id: '42',
      platform: 'python',
      level: 'error',
      'sentry.format': 'webhook',
      'sentry.status': 'ok',
    };
    const issue = { ...common, item_type: 'issue', issue_id: '77' };
    assert.deepEqual(created, {
      ...issue,
      timestamp: '1795392001000',
      received: '1795392001250',
      action: 'created',
      status: 'unresolved',
    });
    assert.deepEqual(resolved, {
      ...issue,
      timestamp: '1795399200000',
      received: '1795399200250',
      action: 'resolved',
      status: 'resolved',
    });
    assert.deepEqual(
      { ...error, sdk: '', hash: '' },
      {
        ...common,
        item_type: 'event',
        issue_id: '77',
        event_id: '4c79f60c11214eb38604f4ae0781bfb2',
        timestamp: String(Date.parse('2026-11-22T23:59:59.999Z')),
        received: '1795392001250',
        release: 'shop@2.3.4+build.77',
        environment: 'production',
        sdk: '',
        hash: '',
      },
    );
  });

  it('takes secrets out of what it keeps, unless told not to', async () => {
    const body = JSON.stringify({ data: { error: { extra: { password: 'hunter2' }, message: 'kept' } } });
    for (const scrub of ['true', 'false']) {
      const one = await start({ secret: SECRET, scrub }, 1000);
      assert.equal(await one.status(signed(body, 1, 'error')), 200);
      const [kept] = one.run.out.bodies();
      assert.equal(kept!.includes('hunter2'), scrub === 'false');
      assert.ok(kept!.includes('"kept"'));
      await one.run.stop();
    }
  });

  it('looks at the signature before it reads anything, and refuses what is no JSON object then', async () => {
    const one = await start({ secret: SECRET }, 1000);
    for (const body of ['', '{', '[]', '1', 'null', '"text"', '[{}]', '\u0000', `${'['.repeat(200_000)}`]) {
      assert.equal(await one.status(signed(body, 1)), 400, body.slice(0, 20));
      assert.deepEqual(plain(await one.send({ ...signed(body, 1, 'issue', 'other') })), UNAUTHORIZED);
    }
    assert.equal(one.run.out.rows, 0);
  });

  it('keeps webhooks of resources that it does not know', async () => {
    const one = await start({ secret: SECRET }, 1000);
    const bodies = [
      '{}',
      '{"action":"created","data":{"installation":{}}}',
      '{"data":null,"action":7}',
      '{"data":{"issue":[]}}',
    ];
    for (const body of bodies) assert.equal(await one.status(signed(body, 1, 'installation')), 200);
    assert.deepEqual(one.run.out.bodies(), bodies);
    const types = one.run.out.headers().map((headers) => headers['item_type']);
    assert.deepEqual(types, ['webhook', 'installation', 'webhook', 'webhook']);
    assert.equal(await one.status(signed(`{"action":"${'x'.repeat(5000)}"}`, 1)), 200);
    assert.equal(one.run.out.headers().at(-1)!['action'], undefined, 'a header has bounds');
  });

  it('does not count an alert as the event that it is about', async () => {
    const one = await start({ secret: SECRET }, 2_000_000);
    const event = { event_id: 'a'.repeat(32), issue_id: '9', project: 42, timestamp: 1000, platform: 'go' };
    assert.equal(
      await one.status(signed(JSON.stringify({ action: 'triggered', data: { event } }), 2000, 'event_alert')),
      200,
    );
    const [headers] = one.run.out.headers();
    assert.equal(headers!['item_type'], 'alert');
    assert.equal(headers!['issue_id'], '9');
    assert.equal(headers!['project_id'], '42');
    assert.equal(headers!['timestamp'], '2000000');
  });

  it('drops what comes again, but not what only looks alike', async () => {
    const hook = sample('issue-resolved');
    const one = await start({ secret: SECRET, dedupe: '2' }, timeOf(hook));
    const again = signed(hook.body, timeOf(hook) / 1000 + 1);
    for (const sent of [hook, hook, again, hook, again]) assert.equal(await one.status(sent), 200);
    assert.equal(one.run.out.rows, 2, 'resolved twice, with a second between them');
    assert.deepEqual(
      one.run.out.headers().map((headers) => headers['timestamp']),
      ['1795399200000', '1795399201000'],
    );
    for (const sent of [sample('issue-created'), hook]) {
      one.clock.time = timeOf(sent);
      assert.equal(await one.status(sent), 200);
    }
    assert.equal(one.run.out.rows, 4, 'two are remembered, not three');
    assert.equal(one.run.counters.EventReceivedCount, 7);
    assert.equal(one.run.counters.EventDuplicateCount, 3);
  });

  it('keeps repetitions with dedupe = 0', async () => {
    const hook = sample('issue-resolved');
    const one = await start({ secret: SECRET, dedupe: '0' }, timeOf(hook));
    for (let i = 0; i < 3; i++) assert.equal(await one.status(hook), 200);
    assert.equal(one.run.out.rows, 3);
  });

  it('answers 503 when the channel stays full for most of a second, and takes the same webhook later', async () => {
    const hook = sample('issue-created');
    const one = await start({ secret: SECRET }, timeOf(hook));
    one.run.out.before = () => {
      throw new SluiceError('CHANNEL_FULL', 'c');
    };
    assert.deepEqual(plain(await one.send(hook)), { status: 503, text: 'the channel has no room\n' });
    one.run.out.before = undefined;
    assert.equal(await one.status(hook), 200);
    assert.equal(one.run.out.rows, 1);
    assert.deepEqual(one.run.out.options, [{ patienceMs: 800 }]);
  });

  it('waits for the disk with ack = durable, and no longer than maxWait in all', async () => {
    const hook = sample('issue-created');
    const one = await start({ secret: SECRET, ack: 'durable' }, timeOf(hook));
    const { out } = one.run;
    out.settle = false;
    out.before = () => {
      one.clock.time += 300;
    };
    const late = one.send(hook);
    await waitFor(() => one.clock.sleepers === 1, { what: 'the wait for the disk' });
    await one.clock.advance(499);
    assert.equal(one.clock.sleepers, 1);
    await one.clock.advance(1);
    assert.equal((await late).status, 503);
    const kept = one.send(hook);
    await waitFor(() => out.emitted.length === 2, { what: 'the second webhook' });
    out.emitted[1]!.leg.settle(0, 1);
    assert.equal((await kept).status, 200);
    assert.equal(one.clock.sleepers, 0, 'no timer stays behind');
  });

  it('has bounds for bodies, and takes them in pieces', async () => {
    const hook = sample('error-created');
    const one = await start({ secret: SECRET, maxBodyBytes: String(hook.body.length) }, timeOf(hook));
    const pieces = Array.from({ length: Math.ceil(hook.body.length / 100) }, (_, i) =>
      hook.body.subarray(i * 100, i * 100 + 100),
    );
    assert.equal((await one.send({ ...hook, body: pieces })).status, 200);
    const long = signed(`${hook.body.toString()} `, timeOf(hook) / 1000);
    assert.equal(await one.status(long), 413);
    assert.equal((await one.send({ ...long, body: [long.body] })).status, 413);
    const huge = Array.from({ length: 16 }, () => Buffer.alloc(1 << 20, ' '));
    assert.equal(
      (await one.send({ ...long, body: huge })).status,
      413,
      'the answer comes though nobody reads the rest',
    );
    assert.equal(one.run.out.rows, 1);
  });

  it('refuses compressed bodies, other paths and other methods', async () => {
    const hook = sample('issue-created');
    const one = await start({ secret: SECRET, path: '/hooks/sentry' }, timeOf(hook));
    const packed = signed(gzipSync(hook.body), timeOf(hook) / 1000);
    const headers = { ...packed.headers, 'Content-Encoding': 'gzip' };
    assert.equal((await one.send({ ...packed, headers }, '/hooks/sentry')).status, 415);
    for (const path of ['/', '/hooks', '/hooks/sentry/x', '//hooks/sentry']) {
      assert.equal((await one.send(hook, path)).status, 404, path);
    }
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'HEAD']) {
      const answer = await one.send({ headers: {}, body: Buffer.alloc(0) }, '/hooks/sentry', method);
      assert.equal(answer.status, 405, method);
      assert.equal(answer.headers['allow'], 'POST');
    }
    for (const path of ['/hooks/sentry', '/hooks/sentry/', '/hooks/sentry?x=1']) {
      assert.equal((await one.send(hook, path)).status, 200, path);
    }
  });

  it('speaks TLS', async () => {
    const tls = join(import.meta.dirname, '../../fixtures/tls');
    const hook = sample('issue-created');
    const store = { keystore: join(tls, 'server.pem'), 'keystore-type': 'PEM' };
    const one = await start({ secret: SECRET, ssl: 'true', ...store }, timeOf(hook));
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const ca = readFileSync(join(tls, 'trust.pem'));
    const target = { host: '127.0.0.1', port: one.port, method: 'POST', ca, checkServerIdentity: () => undefined };
    const sent = request({ ...target, headers: { ...hook.headers } }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    sent.on('error', reject).end(hook.body);
    assert.equal(await promise, 200);
    assert.equal(one.run.out.rows, 1);
  });
});
