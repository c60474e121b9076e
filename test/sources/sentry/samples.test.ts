import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readSample, sampleEnvelopes, wireRequests } from '../../sentry/envelope/samples.ts';
import { type Running, send, start } from './client.ts';

describe('sentry source and what clients really send', () => {
  let running: Running;

  afterEach(() => running.run.stop());

  it('takes every recorded request of real SDKs byte for byte, each item an event of its own', async () => {
    running = await start({ scrub: 'false', dedupe: 'false' });
    const { run, port } = running;
    for (const { name, method, path, headers, body, expected } of wireRequests()) {
      const before = run.out.rows;
      const kept = headers.filter(([header]) => !/^connection$/i.test(header));
      const answer = await send(port, { method, path, headers: kept.flat(), body });
      assert.equal(answer.status, 200, `${name}: ${answer.text}`);
      const eventId = expected.envelope_event_id ?? expected.items[0]?.event_id;
      assert.deepEqual(JSON.parse(answer.text), eventId === undefined ? {} : { id: eventId.replaceAll('-', '') }, name);
      const rows = run.out.headers().slice(before);
      assert.deepEqual(
        rows.map((row) => [row['item_type'], row['project_id'], row['sentry.status'], row['sentry.format']]),
        expected.items.map(({ type }) => [type, '42', 'ok', 'item']),
        name,
      );
      assert.deepEqual(
        run.out.bodies('latin1').slice(before).map(sha256),
        expected.items.map((item) => item.sha256 ?? expected.decoded_sha256),
        name,
      );
      assert.ok(
        rows.every((row) => /^\d{13}$/.test(row['received'] ?? '')),
        name,
      );
    }
  });

  for (const { name, bytes, expected } of sampleEnvelopes()) {
    it(`takes or refuses the sample ${name} as expected`, async () => {
      running = await start({ scrub: 'false', projects: '42:b1946ac92492d2347c6235b4d2611184' });
      const { run, port } = running;
      const isTunnel = name.includes('tunnel');
      const path = isTunnel ? '/tunnel' : '/api/42/envelope/?sentry_key=b1946ac92492d2347c6235b4d2611184';
      const answer = await send(port, { path, headers: {}, body: bytes });
      if (expected.status !== 200) {
        assert.equal(answer.status, 400);
        const { detail } = JSON.parse(answer.text) as { detail: string };
        assert.match(detail, new RegExp(expected.why ?? 'DuplicateItem'));
        assert.equal(run.out.rows, 0);
        assert.equal(run.counters.EventReadFail, 1);
        return;
      }
      assert.equal(answer.status, 200, answer.text);
      const { id } = JSON.parse(answer.text) as { id?: string };
      if (expected.event_id === null) assert.equal(id, undefined);
      else if (expected.event_id?.startsWith('<')) assert.match(id ?? '', /^[0-9a-f]{32}$/);
      else assert.equal(id, expected.event_id);
      const rows = run.out.headers();
      assert.deepEqual(
        rows.map((row, i) => [row['item_type'], Buffer.from(run.out.bodies('latin1')[i]!, 'latin1').length]),
        expected.items,
      );
      for (const row of rows) if (row['item_type'] === 'event') assert.equal(row['event_id'], id);
    });
  }

  it('takes the same envelope in every encoding', async () => {
    running = await start({ scrub: 'false', dedupe: 'false' });
    const { run, port } = running;
    const plain = readSample('e01-python-event-attachment.envelope');
    for (const [encoding, file] of [
      ['gzip', 'e01.envelope.gz'],
      ['deflate', 'e01.envelope.deflate'],
      ['br', 'e01.envelope.br'],
    ] as const) {
      const headers = { 'X-Sentry-Auth': 'Sentry sentry_key=k', 'Content-Encoding': encoding };
      const answer = await send(port, { headers, body: readSample(file) });
      assert.equal(answer.status, 200, answer.text);
    }
    await send(port, { body: plain });
    const bodies = run.out.bodies('latin1');
    assert.equal(bodies.length, 8);
    for (let i = 0; i < 6; i++) assert.equal(bodies[i], bodies[6 + (i % 2)]);
  });
});

function sha256(latin1: string): string {
  return createHash('sha256').update(latin1, 'latin1').digest('hex');
}
