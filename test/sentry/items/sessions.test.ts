import assert from 'node:assert/strict';
import { itemRow, pick, RECEIVED, rows } from '../rowing.ts';

const ATTRS = { release: 'shop@1.4.2', environment: 'production' };

describe('the row of a session', () => {
  it('has its id, times, state and versions', () => {
    const session = {
      sid: 'FF6B9D91-4778-438c-a77c-e34faf769e76',
      init: true,
      started: '2026-11-23T00:00:00.338842Z',
      timestamp: '2026-11-23T00:00:01.338852Z',
      status: 'exited',
      did: 7,
      errors: 2,
      duration: 0.212,
      attrs: ATTRS,
    };
    assert.deepEqual(itemRow('session', session, { projectId: '42', sdk: 'sentry.java/8' }), {
      project_id: '42',
      timestamp: '2026-11-23 00:00:01.338852',
      release: 'shop@1.4.2',
      environment: 'production',
      sdk: 'sentry.java/8',
      received: '2026-11-23 00:30:00.000000',
      item_type: 'session',
      session_id: 'ff6b9d914778438ca77ce34faf769e76',
      init: 'true',
      started: '2026-11-23 00:00:00.338842',
      duration: '0.212',
      status: 'exited',
      errors: '2',
      user_id: '7',
    });
  });

  it('says that it is an update of now, fine and without errors, where the client does not', () => {
    const row = itemRow('session', { sid: 'x', started: '2026-11-23T00:00:00Z' });
    assert.deepEqual(pick(row, 'session_id', 'init', 'status', 'errors', 'timestamp', 'duration', 'user_id'), {
      session_id: 'x',
      init: 'false',
      status: 'ok',
      errors: '0',
      timestamp: '2026-11-23 00:30:00.000000',
      duration: undefined,
      user_id: undefined,
    });
  });

  it('has the versions of the header where it says none', () => {
    const row = itemRow('session', {}, { release: 'r', environment: 'e' });
    assert.deepEqual(pick(row, 'release', 'environment'), { release: 'r', environment: 'e' });
    assert.equal(itemRow('session', { attrs: ATTRS }, { release: 'r' }).release, 'shop@1.4.2');
  });

  it('is shifted as a whole when the clock of the client is off', () => {
    const session = { started: '2026-11-22T20:00:00Z', timestamp: '2026-11-22T20:00:01Z' };
    const sentAt = RECEIVED - 4 * 3_600_000;
    assert.deepEqual(pick(itemRow('session', session, { sentAt }), 'started', 'timestamp'), {
      started: '2026-11-23 00:00:00.000000',
      timestamp: '2026-11-23 00:00:01.000000',
    });
  });
});

describe('the rows of counted sessions', () => {
  it('are one for each bucket and status, with how many there were', () => {
    const payload = {
      aggregates: [
        { started: '2026-11-23T00:00:00.000Z', exited: 120, errored: 3, crashed: 1 },
        { started: '2026-11-23T00:01:00.000Z', did: 'ann', exited: 0, abnormal: 1, unhandled: '2' },
        null,
        { started: '2026-11-23T00:02:00.000Z', exited: -1, crashed: 'many', other: 7 },
      ],
      attrs: ATTRS,
    };
    const all = rows(payload, { itemType: 'sessions' });
    assert.deepEqual(
      all.map((row) => [row.started, row.status, row.quantity, row.user_id]),
      [
        ['2026-11-23 00:00:00.000000', 'exited', '120', undefined],
        ['2026-11-23 00:00:00.000000', 'errored', '3', undefined],
        ['2026-11-23 00:00:00.000000', 'crashed', '1', undefined],
        ['2026-11-23 00:01:00.000000', 'abnormal', '1', 'ann'],
        ['2026-11-23 00:01:00.000000', 'unhandled', '2', 'ann'],
      ],
    );
    for (const row of all) {
      assert.deepEqual(pick(row, 'release', 'environment', 'item_type'), { ...ATTRS, item_type: 'sessions' });
      assert.equal(row.timestamp, row.started);
    }
  });

  it('are one without a count where there are none', () => {
    for (const payload of [{}, { aggregates: [] }, { aggregates: 'x' }, { aggregates: [{}] }]) {
      assert.deepEqual(pick(itemRow('sessions', payload), 'item_type', 'quantity'), {
        item_type: 'sessions',
        quantity: undefined,
      });
    }
  });
});
