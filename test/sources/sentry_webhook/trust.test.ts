import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bind } from '../../../src/options/bind.ts';
import { sentryWebhookSource } from '../../../src/sources/sentry_webhook/index.ts';
import { useTempDir } from '../../support/temp-dir.ts';
import {
  type Hook,
  plain,
  SECRET,
  sample,
  sampleBody,
  signed,
  timeOf,
  UNAUTHORIZED,
  useWebhookRuns,
  WebhookRun,
} from './harness.ts';

describe('trust of the source sentry_webhook', () => {
  const dir = useTempDir();
  const start = useWebhookRuns();

  it('refuses any other signature, and tells nobody why', async () => {
    const hook = sample('issue-created');
    const one = await start({ secret: SECRET }, timeOf(hook));
    const right = hook.headers['Sentry-Hook-Signature'] as string;
    const wrong: (string | string[])[] = [];
    for (let bit = 0; bit < 256; bit++) {
      const bytes = Buffer.from(right, 'hex');
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      wrong.push(bytes.toString('hex'));
    }
    wrong.push(
      '',
      right.slice(0, 63),
      right.slice(0, 32),
      `${right}0`,
      right.toUpperCase(),
      `sha256=${right}`,
      '0'.repeat(64),
    );
    wrong.push([right, right], ['0'.repeat(64), right], `${right},`, Buffer.from(right, 'hex').toString('base64'));
    for (const signature of wrong) {
      const headers = { ...hook.headers, 'Sentry-Hook-Signature': signature };
      assert.deepEqual(plain(await one.send({ ...hook, headers })), UNAUTHORIZED, String(signature));
    }
    const { 'Sentry-Hook-Signature': _, ...unsigned } = hook.headers;
    assert.deepEqual(plain(await one.send({ ...hook, headers: unsigned })), UNAUTHORIZED);
    assert.deepEqual(
      plain(await one.send(signed(hook.body, timeOf(hook) / 1000, 'issue', `${SECRET} `))),
      UNAUTHORIZED,
    );
    assert.equal(one.run.out.rows, 0);
    assert.equal(one.run.counters.EventReadFail, wrong.length + 2);
    assert.equal(await one.status(hook), 200);
  });

  it('refuses a body of which a byte was changed, added or taken away', async () => {
    const hook = sample('issue-resolved');
    const one = await start({ secret: SECRET }, timeOf(hook));
    const bodies = [hook.body.subarray(1), hook.body.subarray(0, -1), Buffer.concat([hook.body, Buffer.from('\n')])];
    for (let at = 0; at < hook.body.length; at += 97) {
      const body = Buffer.from(hook.body);
      body[at]! ^= 1;
      bodies.push(body);
    }
    // The same JSON, written in another way.
    bodies.push(Buffer.from(JSON.stringify(JSON.parse(hook.body.toString()))));
    for (const body of bodies) assert.deepEqual(plain(await one.send({ ...hook, body })), UNAUTHORIZED);
    assert.equal(one.run.out.rows, 0);
  });

  it('refuses what is older or newer than the tolerance, or has no time', async () => {
    const hook = sample('issue-created');
    const one = await start({ secret: SECRET, tolerance: '60' });
    for (const [offset, status] of [
      [60_000, 200],
      [60_001, 401],
      [-60_000, 200],
      [-60_001, 401],
    ] as const) {
      one.clock.time = timeOf(hook) + offset;
      const { status: given, text } = await one.send(hook);
      assert.equal(given, status, String(offset));
      if (status === 401) assert.equal(text, UNAUTHORIZED.text);
    }
    one.clock.time = timeOf(hook);
    for (const time of ['', 'now', '1e9', '-1', '1795392001.5', ['1795392001', '1795392001']]) {
      const headers = { ...hook.headers, 'Sentry-Hook-Timestamp': time };
      assert.deepEqual(plain(await one.send({ ...hook, headers })), UNAUTHORIZED, String(time));
    }
    const { 'Sentry-Hook-Timestamp': _, ...timeless } = hook.headers;
    assert.deepEqual(plain(await one.send({ ...hook, headers: timeless })), UNAUTHORIZED);
  });

  it('has no window with tolerance = 0', async () => {
    const one = await start({ secret: SECRET, tolerance: '0' });
    assert.equal(await one.status(sample('issue-created')), 200);
  });

  it('takes the legacy form by option alone, and nothing else without a signature', async () => {
    const body = sampleBody('legacy-plugin');
    const legacy: Hook = { headers: { 'Content-Type': 'application/json' }, body };
    const strict = await start();
    assert.deepEqual(plain(await strict.send(legacy)), UNAUTHORIZED);
    await strict.run.stop();

    const hook = sample('issue-created');
    const one = await start({ secret: SECRET, legacy: 'true' }, timeOf(hook));
    assert.equal(await one.status(legacy), 200);
    assert.deepEqual(one.run.out.bodies(), [body.toString()]);
    const { hash: _hash, environment: _environment, ...headers } = one.run.out.headers()[0]!;
    assert.deepEqual(headers, {
      item_type: 'alert',
      event_id: '4c79f60c11214eb38604f4ae0781bfb2',
      timestamp: '1795392001000',
      received: '1795392001000',
      platform: 'python',
      level: 'error',
      issue_id: '77',
      'sentry.format': 'webhook',
      'sentry.status': 'ok',
    });
    const { 'Sentry-Hook-Signature': _, ...unsigned } = hook.headers;
    assert.deepEqual(plain(await one.send({ ...hook, headers: unsigned })), UNAUTHORIZED, 'an issue must be signed');
    const both = JSON.stringify({ ...JSON.parse(body.toString()), data: { issue: { id: '1' } } });
    assert.deepEqual(plain(await one.send({ headers: {}, body: Buffer.from(both) })), UNAUTHORIZED);
    const forged = { headers: { 'Sentry-Hook-Signature': '0'.repeat(64) }, body };
    assert.deepEqual(plain(await one.send(forged)), UNAUTHORIZED, 'a signature that is there must be right');
    assert.equal(await one.status(hook), 200);
    await one.run.stop();

    const alone = await start({ legacy: 'true' }, timeOf(hook));
    assert.equal(await alone.status(legacy), 200);
    assert.deepEqual(plain(await alone.send(hook)), UNAUTHORIZED, 'there is no secret to verify it by');
  });

  it('takes the secret from the first line of a file', async () => {
    const hook = sample('issue-created');
    const secretFile = join(dir(), 'secret');
    writeFileSync(secretFile, `${SECRET}\r\n`);
    const one = await start({ secretFile }, timeOf(hook));
    assert.equal(await one.status(hook), 200);
    writeFileSync(secretFile, '\n');
    const empty = new WebhookRun({ secretFile }, one.clock);
    await assert.rejects(empty.run.start(), /secretFile .*its first line is empty/);
    const missing = new WebhookRun({ secretFile: `${secretFile}.none` }, one.clock);
    await assert.rejects(missing.run.start(), { code: 'FILE_NOT_FOUND' });
  });

  it('says so when everybody can read the file of the secret', async () => {
    const secretFile = join(dir(), 'open');
    writeFileSync(secretFile, SECRET);
    const warnings = async (mode: number): Promise<string[]> => {
      chmodSync(secretFile, mode);
      const { run } = await start({ secretFile }, 0);
      await run.stop();
      return run.log.lines.filter((line) => line.startsWith('WARN'));
    };
    assert.deepEqual(await warnings(0o640), []);
    assert.deepEqual(await warnings(0o644), [
      `WARN secretFile ${secretFile} can be read by every user of this machine: chmod o-r`,
    ]);
  });

  it('is not started without a secret, unless for the legacy form alone', () => {
    const problems = (options: Readonly<Record<string, string>>): string[] => {
      const raw = new Map(Object.entries({ port: '1', ...options }).map(([name, text]) => [name, { text }]));
      const found = bind(sentryWebhookSource, raw, 'source r', () => ({ known: [] })).problems;
      return found.map(({ severity, message }) => `${severity} ${message}`);
    };
    assert.match(problems({}).join(), /^error secret: is missing/);
    assert.match(problems({ secret: '' }).join(), /^error secret: it is empty/);
    assert.match(problems({ secret: 'a', secretFile: 'b' }).join(), /^error secretFile: there is a secret, too/);
    assert.match(problems({ legacy: 'true' }).join(), /^warning legacy: anybody/);
    assert.match(problems({ secret: 'a', legacy: 'true' }).join(), /^warning legacy: anybody/);
    assert.deepEqual(problems({ secret: 'a' }), []);
    assert.deepEqual(problems({ secretFile: 'a' }), []);
    assert.match(problems({ secret: 'a', maxWait: '1000' }).join(), /^error maxWait: 1000 is out of range/);
  });
});
