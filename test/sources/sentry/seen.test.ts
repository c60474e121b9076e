import assert from 'node:assert/strict';
import fc from 'fast-check';
import { factsOf } from '../../../src/sentry/event/facts.ts';
import type { Row } from '../../../src/sources/sentry/rows.ts';
import { keyOf, Seen } from '../../../src/sources/sentry/seen.ts';

const KEPT = Promise.resolve();

describe('what was seen', () => {
  it('is remembered until it is too old, or there is too much', async () => {
    const seen = new Seen(2, 1000);
    seen.add(['a'], KEPT, 0);
    seen.add(['b'], KEPT, 500);
    assert.ok(seen.find('a', 999));
    assert.equal(seen.find('a', 1000), undefined);
    seen.add(['c'], KEPT, 600);
    assert.equal(seen.find('a', 700), undefined);
    assert.ok(seen.find('b', 700) && seen.find('c', 700));
    seen.add([], KEPT, 600);
    seen.add(['d'], KEPT, 5000);
    assert.equal(seen.size, 1);
  });

  it('is what came last, whatever comes again or fails', async () => {
    const step = fc.record({
      keys: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }),
      wait: fc.nat(30),
      fails: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const seen = new Seen(4, 100);
        let expected: { key: string; at: number }[] = [];
        let now = 0;
        for (const { keys, wait, fails } of steps) {
          now += wait;
          const names = keys.map(String);
          const fate = fails ? Promise.reject(new Error('full')) : KEPT;
          seen.add(names, fate, now);
          await fate.catch(() => {});
          await null;
          if (names.length === 0) continue;
          for (const key of names) expected = [...expected.filter((one) => one.key !== key), { key, at: now }];
          const at = now;
          expected = expected.filter((one) => at - one.at < 100).slice(-4);
          if (fails) expected = expected.filter(({ key }) => !names.includes(key));
          assert.equal(seen.size, expected.length);
          for (const { key } of expected) assert.ok(seen.find(key, now), key);
        }
      }),
    );
  });

  it('has the fate of what is under way, and is forgotten when that fails', async () => {
    const seen = new Seen(10, 1000);
    const { promise, resolve } = Promise.withResolvers<void>();
    seen.add(['a'], promise, 0);
    assert.equal(seen.find('a', 1)?.pending, promise);
    resolve();
    await promise;
    await null;
    assert.equal(seen.find('a', 1)?.pending, undefined);
    const failing = Promise.reject(new Error('full'));
    seen.add(['b', 'c'], failing, 0);
    await assert.rejects(failing);
    await null;
    assert.equal(seen.find('b', 1), undefined);
    assert.equal(seen.size, 1);
  });

  it('tells events by their id, attachments by their content too, and sessions not at all', () => {
    const row = (over: Partial<Row>): Row => ({
      itemType: 'event',
      body: Buffer.from('x'),
      projectId: '42',
      eventId: 'e',
      received: 0,
      sentAt: 0,
      facts: factsOf('event', {}, { received: 0, sentAt: 0, timestamp: Number.NaN }),
      release: undefined,
      environment: undefined,
      filename: undefined,
      attachmentType: undefined,
      contentType: undefined,
      sampleRate: undefined,
      parsed: true,
      scrubbed: false,
      ...over,
    });
    const key = (over: Partial<Row>) => keyOf(row(over));
    assert.equal(key({}), key({ body: Buffer.from('y') }));
    assert.notEqual(key({}), key({ projectId: '43' }));
    assert.notEqual(key({}), key({ itemType: 'transaction' }));
    assert.notEqual(key({}), key({ eventId: 'f' }));
    const attachment = { itemType: 'attachment' };
    assert.equal(key(attachment), key(attachment));
    assert.notEqual(key(attachment), key({ ...attachment, body: Buffer.from('y') }));
    assert.notEqual(key(attachment), key({ ...attachment, filename: 'a' }));
    const long = { ...attachment, itemType: 't'.repeat(1000), filename: 'f'.repeat(1000) };
    assert.ok((key(long)?.length ?? 0) < 200);
    assert.notEqual(key(long), key({ ...long, filename: `${long.filename}g` }));
    assert.notEqual(key(long), key({ ...long, itemType: `${long.itemType}u` }));
    const large = Buffer.alloc(300_000);
    const other = Buffer.from(large);
    other[299_999] = 1;
    assert.notEqual(key({ ...attachment, body: large }), key({ ...attachment, body: other }));
    assert.equal(key({ itemType: 'session', eventId: undefined }), undefined);
  });
});
