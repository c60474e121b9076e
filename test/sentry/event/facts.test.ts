import assert from 'node:assert/strict';
import fc from 'fast-check';
import { factsOf } from '../../../src/sentry/event/facts.ts';
import type { Fields } from '../../../src/sentry/payload.ts';
import { given, RECEIVED } from '../rowing.ts';

const ID = '0123456789abcdef0123456789abcdef';
const MINUTE = 60_000;

function facts(payload: Fields, itemType = 'event', more = {}) {
  return factsOf(itemType, payload, given({ format: 'item', ...more }));
}

describe('the facts of an item', () => {
  it('have the id of the header, else of the payload, as 32 digits', () => {
    const own = { event_id: 'A1B2C3D4-E5F6-4711-8AAA-BBBBCCCCDDDD' };
    assert.equal(facts(own).eventId, 'a1b2c3d4e5f647118aaabbbbccccdddd');
    assert.equal(facts(own, 'event', { eventId: ID }).eventId, ID);
    assert.equal(facts(own, 'event', { eventId: '01234567-89AB-cdef-0123-456789abcdef' }).eventId, ID);
    for (const event_id of [undefined, null, 7, '', 'x'.repeat(32), `${ID}0`, {}, '../../etc/passwd']) {
      assert.equal(facts({ event_id }).eventId, undefined);
    }
  });

  it('have the time of the payload in milliseconds', () => {
    assert.equal(facts({ timestamp: 1795392000.123456 }).timestamp, 1795392000123);
    assert.equal(facts({ timestamp: '2026-11-23T01:00:00.999999999+01:00' }).timestamp, 1795392000999);
    assert.equal(facts({ timestamp: 1795392000123 }).timestamp, 1795392000123);
  });

  it('have the time of receipt where there is none, or one that cannot be', () => {
    const seconds = RECEIVED / 1000;
    for (const timestamp of [undefined, null, 'now', seconds + 61, seconds - 31 * 86_400, -1, '2026-02-30T00:00:00Z']) {
      assert.equal(facts({ timestamp }).timestamp, RECEIVED, String(timestamp));
    }
    for (const timestamp of [seconds + 60, seconds - 30 * 86_400]) {
      assert.equal(facts({ timestamp }).timestamp, timestamp * 1000);
    }
  });

  it('believe what Sentry has stored, however old', () => {
    for (const format of ['event', 'kafka-events', 'webhook']) {
      assert.equal(facts({ timestamp: 1_000_000_000 }, 'event', { format, sentAt: 1 }).timestamp, 1e12);
    }
  });

  it('set a clock right that is off by 55 minutes or more', () => {
    const behind = { timestamp: (RECEIVED - 55 * MINUTE - 1_500) / 1000 };
    const off = (ms: number) => facts(behind, 'event', { sentAt: RECEIVED - ms }).timestamp;
    assert.equal(off(55 * MINUTE), RECEIVED - 1_500);
    assert.equal(off(55 * MINUTE - 1), RECEIVED - 55 * MINUTE - 1_500);
    // Set right, it would be in the future.
    assert.equal(off(40 * 86_400_000), RECEIVED);
    const ahead = { timestamp: (RECEIVED + 7_200_000 - 1_500) / 1000 };
    assert.equal(facts(ahead, 'event', { sentAt: RECEIVED + 7_200_000 }).timestamp, RECEIVED - 1_500);
  });

  it('have no time at all when nothing says when', () => {
    const unknown = { received: Number.NaN };
    assert.equal(facts({}, 'event', unknown).timestamp, Number.NaN);
    assert.equal(facts({ timestamp: 1 }, 'event', unknown).timestamp, 1000);
  });

  it('have a platform, other where it is no word', () => {
    assert.equal(facts({ platform: 'python' }).platform, 'python');
    for (const platform of [undefined, null, '', 5, '../..', '..', 'a b', 'x'.repeat(65), {}]) {
      assert.equal(facts({ platform }).platform, 'other');
    }
    assert.equal(facts({ platform: 'python' }, 'session').platform, undefined);
  });

  it('have a level by name or number, else that of the type', () => {
    const levels = {
      fatal: 'fatal',
      critical: 'fatal',
      error: 'error',
      warning: 'warning',
      warn: 'warning',
      info: 'info',
      log: 'info',
      debug: 'debug',
      ' ERROR ': 'error',
    };
    for (const [level, expected] of Object.entries(levels)) assert.equal(facts({ level }).level, expected);
    for (const [level, expected] of [
      [10, 'debug'],
      [20, 'info'],
      [30, 'warning'],
      [40, 'error'],
      [50, 'fatal'],
    ]) {
      assert.equal(facts({ level }, 'transaction').level, expected);
    }
    for (const level of [undefined, null, 45, 'loud', '', {}, true]) {
      assert.equal(facts({ level }).level, 'error');
      assert.equal(facts({ level }, 'transaction').level, 'info');
      assert.equal(facts({ level }, 'attachment').level, undefined);
    }
  });

  it('have release and environment as text', () => {
    const read = (release: unknown, environment: unknown = release) => {
      const all = facts({ release, environment });
      return [all.release, all.environment];
    };
    assert.deepEqual(read('shop@1'), ['shop@1', 'shop@1']);
    assert.deepEqual(read(1234), ['1234', '1234']);
    for (const missing of ['', null, undefined, {}, []]) assert.deepEqual(read(missing), [undefined, undefined]);
    const [release, environment] = read('v'.repeat(999));
    assert.equal(release, `${'v'.repeat(197)}...`);
    assert.equal(environment, `${'v'.repeat(61)}...`);
  });

  it('find release and environment among the tags that Sentry stored', () => {
    const tags = [['environment', 'staging'], null, ['sentry:release', 'v7']];
    const all = facts({ tags });
    assert.deepEqual([all.release, all.environment], ['v7', 'staging']);
  });

  it('have name and version of the SDK, else what the request says', () => {
    assert.equal(facts({ sdk: { name: 'sentry.python', version: '2.75.0' } }).sdk, 'sentry.python/2.75.0');
    assert.equal(facts({ sdk: { name: 'sentry.python' } }).sdk, 'sentry.python');
    assert.equal(facts({ sdk: 'x' }, 'event', { sdk: 'raven/6' }).sdk, 'raven/6');
  });

  it('have hash and issue of errors alone', () => {
    const error = facts({ message: 'a' });
    assert.match(error.hash!, /^[0-9a-f]{32}$/);
    assert.equal(error.issueId, `v1-${error.hash}`);
    assert.equal(facts({ message: 'a' }).hash, error.hash);
    assert.notEqual(facts({ message: 'b' }).hash, error.hash);
    for (const type of ['transaction', 'session', 'log', 'check_in', 'feedback', 'attachment', 'nel']) {
      const all = facts({ message: 'a' }, type);
      assert.deepEqual([all.hash, all.issueId], [undefined, undefined], type);
    }
  });

  it("have Sentry's own id of the issue first, and no id that is none", () => {
    for (const own of [{ group_id: 77 }, { issue_id: '77' }, { issue: { id: '77' } }]) {
      assert.equal(facts({ message: 'a', ...own }).issueId, '77');
    }
    assert.match(facts({ group_id: '../x' }).issueId!, /^v1-/);
    const hashes = ['b'.repeat(32)];
    assert.equal(facts({ hashes }).hash, hashes[0]);
  });

  it('of sessions and containers are those of what is in them', () => {
    const attrs = { release: 'r', environment: 'e' };
    const session = facts({ timestamp: '2026-11-23T00:00:00Z', attrs }, 'session');
    const sessions = facts({ aggregates: [{ started: '2026-11-23T00:00:00Z' }], attrs }, 'sessions');
    const attributes = { 'sentry.release': { value: 'r' }, 'sentry.environment': { value: 'e' } };
    const log = facts({ items: [{ timestamp: 1795392000, attributes }] }, 'log');
    const span = facts({ items: [{ end_timestamp: 1795392000, attributes }] }, 'span');
    for (const all of [session, sessions, log, span]) {
      assert.deepEqual([all.timestamp, all.release, all.environment], [1795392000000, 'r', 'e']);
    }
  });

  it('are read of any JSON without throwing, with a time that is known', () => {
    const types = fc.constantFrom('event', 'transaction', 'session', 'sessions', 'log', 'span', 'csp', 'nel', 'x');
    fc.assert(
      fc.property(types, fc.dictionary(fc.string(), fc.jsonValue()), (type, payload) => {
        assert.ok(Number.isSafeInteger(facts(payload, type).timestamp));
      }),
    );
  });
});
