import assert from 'node:assert/strict';
import type { SentryRow } from '../../../src/sentry/columns.ts';
import { itemRow, pick, rows, sample } from '../rowing.ts';

const ID = '0123456789abcdef0123456789abcdef';

describe('the rows of a client report', () => {
  it('are one for each entry of its lists', () => {
    const payload = {
      timestamp: 1795392020.25,
      discarded_events: [
        { reason: 'sample_rate', category: 'error', quantity: 17 },
        { reason: 'network_error', category: 'session' },
        'x',
      ],
      rate_limited_events: [{ reason: 'quota', category: 'error', quantity: '2' }],
      filtered_events: [{ reason: 'ip', category: 'error', quantity: -2 }],
      filtered_sampling_events: null,
    };
    assert.deepEqual(
      rows(payload, { itemType: 'client_report' }).map((row) =>
        pick(row, 'outcome', 'reason', 'category', 'quantity', 'timestamp'),
      ),
      [
        ['client_discard', 'sample_rate', 'error', '17'],
        ['client_discard', 'network_error', 'session', '0'],
        ['rate_limited', 'quota', 'error', '2'],
        ['filtered', 'ip', 'error', '0'],
      ].map(([outcome, reason, category, quantity]) => ({
        outcome,
        reason,
        category,
        quantity,
        timestamp: '2026-11-23 00:00:20.250000',
      })),
    );
  });
});

describe('the row of a', () => {
  it('check-in has name, state and duration of the task', () => {
    const payload = {
      check_in_id: ID,
      monitor_slug: 'nightly',
      status: 'ok',
      duration: 0.0002089910003633122,
      release: 'r',
      contexts: { trace: { trace_id: 't' } },
    };
    const row = itemRow('check_in', payload);
    assert.deepEqual(pick(row, 'message', 'status', 'duration', 'release', 'trace_id', 'tags', 'event_id'), {
      message: 'nightly',
      status: 'ok',
      duration: '0.0002089910003633122',
      release: 'r',
      trace_id: 't',
      tags: `{"check_in_id":"${ID}"}`,
      event_id: undefined,
    });
  });

  it('feedback has what was said, and by whom', () => {
    const contexts = { feedback: { message: 'a\nb', contact_email: 'a@b.example', name: 'Ann' } };
    const row = itemRow('feedback', { contexts, platform: 'javascript' });
    assert.deepEqual(pick(row, 'message', 'title', 'user_id', 'level', 'platform', 'hash'), {
      message: 'a\nb',
      title: 'a',
      user_id: 'a@b.example',
      level: 'info',
      platform: 'javascript',
      hash: undefined,
    });
    assert.equal(itemRow('feedback', { message: 'm', user: { id: 1 } }).user_id, '1');
  });

  it("user's report has the same, and the event it is about", () => {
    const row = itemRow('user_report', { event_id: ID, name: 'Jane', comments: 'it broke' });
    assert.deepEqual(pick(row, 'event_id', 'message', 'user_id'), {
      event_id: ID,
      message: 'it broke',
      user_id: 'Jane',
    });
  });

  it('replay or profile has the fields of an event that it has', () => {
    const replay = { platform: 'javascript', timestamp: 1795392000, release: 'r', user: { id: 3 }, tags: { a: 1 } };
    assert.deepEqual(pick(itemRow('replay_event', replay), 'platform', 'timestamp', 'release', 'user_id', 'tags'), {
      platform: 'javascript',
      timestamp: '2026-11-23 00:00:00.000000',
      release: 'r',
      user_id: '3',
      tags: '{"a":"1"}',
    });
    const profile = { transaction: { name: '/a' }, timestamp: '2026-11-23T00:00:00Z', platform: 'python' };
    assert.deepEqual(pick(itemRow('profile', profile), 'transaction', 'timestamp'), {
      transaction: '/a',
      timestamp: '2026-11-23 00:00:00.000000',
    });
    const chunk = { client_sdk: { name: 'sentry.python', version: '2' }, platform: 'python', release: 'r' };
    assert.equal(itemRow('profile_chunk', chunk).sdk, 'sentry.python/2');
  });

  const RAW: readonly [string, Buffer, Partial<SentryRow>, object?][] = [
    [
      'attachment',
      Buffer.from('text'),
      { message: 'debug, "v1".log', type: 'event.attachment' },
      { filename: 'debug, "v1".log', attachmentType: 'event.attachment' },
    ],
    ['attachment', Buffer.from('text'), { message: undefined }],
    ['minidump', Buffer.from('MDMP\0'), { message: 'crash.dmp' }, { filename: 'crash.dmp' }],
    ['replay_recording', Buffer.from('{"segment_id":0}\n\u0000\u0001'), { message: undefined }],
    ['replay_video', Buffer.from([0xff, 0xfe]), { message: undefined }],
    ['statsd', Buffer.from('a:1|c'), { message: 'a:1|c' }],
    ['metric_buckets', Buffer.from('[{"name":"a"}]'), { message: '[{"name":"a"}]' }],
    ['form_data', Buffer.from('[["a","b"]]'), { message: '[["a","b"]]' }],
    ['something_new', Buffer.from('{"event_id":"x"}'), { message: '{"event_id":"x"}' }],
    ['something_new', Buffer.from([0, 1, 2]), { message: undefined }],
    ['something_new', Buffer.from([0xff]), { message: undefined }],
    ['something_new', Buffer.alloc(0), { message: undefined }],
    ['statsd', Buffer.from('é'.repeat(40_000)), { message: `${'é'.repeat(8189)}...` }],
  ];
  for (const [type, body, columns, headers] of RAW) {
    it(`${type} is what the headers say: ${body.length} bytes`, () => {
      const row = itemRow(type, body, { eventId: ID, projectId: '42', ...headers });
      assert.deepEqual(pick(row, 'item_type', 'event_id', 'project_id', 'timestamp'), {
        item_type: type,
        event_id: ID,
        project_id: '42',
        timestamp: '2026-11-23 00:30:00.000000',
      });
      assert.deepEqual(pick(row, ...(Object.keys(columns) as (keyof SentryRow)[])), columns);
    });
  }

  it('payload that is no JSON is its text', () => {
    for (const type of ['event', 'transaction', 'session', 'sessions', 'span', 'client_report', 'check_in', 'csp']) {
      assert.deepEqual(pick(itemRow(type, '{"a":'), 'item_type', 'message'), { item_type: type, message: '{"a":' });
    }
    assert.equal(itemRow('event', '[1]').message, '[1]');
    assert.equal(itemRow('event', Buffer.from([0xff])).message, '\ufffd');
  });

  it('transaction has the share that was sampled', () => {
    const all = rows(sample('e11-python-transaction.envelope'), { format: 'envelope' });
    assert.equal(all[0]!.sample_rate, '0.25');
    assert.equal(itemRow('transaction', { contexts: { trace: { client_sample_rate: 0.5 } } }).sample_rate, '0.5');
    assert.equal(itemRow('event', {}, { sampleRate: '1' }).sample_rate, undefined);
  });
});
