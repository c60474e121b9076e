import assert from 'node:assert/strict';
import { MOST_ROWS } from '../../../src/sentry/items/entries.ts';
import { itemRow, pick, rows, sample } from '../rowing.ts';

describe('the rows of spans', () => {
  it('are one for each, the segment with the name of the transaction', () => {
    const all = rows(sample('e03-node-sessions-spans-logs.envelope'), { format: 'envelope' });
    const spans = all.filter((row) => row.item_type === 'span');
    assert.deepEqual(
      spans.map((row) => pick(row, 'message', 'is_segment', 'transaction', 'status', 'duration', 'type', 'release')),
      [
        {
          message: 'child',
          is_segment: 'false',
          transaction: undefined,
          status: 'ok',
          duration: '0.100000',
          type: 'db',
          release: undefined,
        },
        {
          message: 'GET /v1/users/:id',
          is_segment: 'true',
          transaction: 'GET /v1/users/:id',
          status: 'error',
          duration: '0.400000',
          type: undefined,
          release: 'api@1.0.0',
        },
      ],
    );
    assert.equal(spans[1]!.timestamp, '2026-11-23 00:00:02.400000');
    assert.deepEqual(pick(spans[1]!, 'trace_id', 'span_id'), {
      trace_id: 'd4bc58b684494651a576b0161f9a0690',
      span_id: 'a8e260ac4a2df542',
    });
  });

  it('are read of a lone span of an older client, too', () => {
    const span = {
      description: 'SELECT 1',
      op: 'db',
      start_timestamp: 1795392000.25,
      timestamp: 1795392000.5,
      data: { 'sentry.release': 'r', n: 1.5 },
    };
    const row = itemRow('span', span, { sampleRate: '0.25' });
    assert.deepEqual(
      pick(row, 'message', 'type', 'duration', 'timestamp', 'release', 'is_segment', 'tags', 'sample_rate'),
      {
        message: 'SELECT 1',
        type: 'db',
        duration: '0.250000',
        timestamp: '2026-11-23 00:00:00.500000',
        release: 'r',
        is_segment: 'false',
        tags: '{"n":"1.5"}',
        sample_rate: '0.25',
      },
    );
  });
});

describe('the rows of logs', () => {
  const log = {
    timestamp: 1795392000.7116363,
    level: 'error',
    body: 'cart c-17\ncould not be priced',
    trace_id: 't',
    attributes: {
      'logger.name': { value: 'shop.cart', type: 'string' },
      'sentry.release': { value: 'shop@1' },
      'sentry.environment': { value: 'prod' },
      'sentry.sdk.name': { value: 'sentry.go' },
      'sentry.sdk.version': { value: '0.50.0' },
      'server.address': { value: 'web-1' },
      'user.id': { value: 5 },
      n: { value: 0.5, type: 'double' },
      big: { value: 12345678901234567n.toString(), type: 'string' },
      yes: { value: true },
      list: { value: [1, 'a'] },
      nil: { value: null },
      bare: 'b',
    },
  };

  it('have text, level, logger, versions and the other attributes', () => {
    assert.deepEqual(itemRow('log', { version: 2, items: [log] }, { projectId: '42' }), {
      project_id: '42',
      timestamp: '2026-11-23 00:00:00.711636',
      release: 'shop@1',
      environment: 'prod',
      sdk: 'sentry.go/0.50.0',
      received: '2026-11-23 00:30:00.000000',
      item_type: 'log',
      server_name: 'web-1',
      user_id: '5',
      trace_id: 't',
      tags: '{"n":"0.5","big":"12345678901234567","yes":"True","list":"[1,\\"a\\"]","bare":"b"}',
      level: 'error',
      logger: 'shop.cart',
      message: 'cart c-17\ncould not be priced',
      title: 'cart c-17',
    });
  });

  it('are those of otel_log, whose text is an object, too', () => {
    const row = itemRow('otel_log', { severity_number: 18, body: { stringValue: 'b' } });
    assert.deepEqual(pick(row, 'item_type', 'level', 'message'), { item_type: 'log', level: 'error', message: 'b' });
  });

  it('have a level by its name, else by its number', () => {
    const level = (entry: object) => itemRow('log', { items: [entry] }).level;
    assert.equal(level({ level: 'warn', severity_number: 1 }), 'warning');
    assert.equal(level({ level: 'trace' }), 'debug');
    for (const [severity_number, expected] of [
      [1, 'debug'],
      [8, 'debug'],
      [9, 'info'],
      [12, 'info'],
      [13, 'warning'],
      [16, 'warning'],
      [17, 'error'],
      [20, 'error'],
      [21, 'fatal'],
      [0, 'info'],
      ['x', 'info'],
    ]) {
      assert.equal(level({ severity_number }), expected);
    }
  });

  it('are bounded; the last says how many are left out', () => {
    const items = Array.from({ length: MOST_ROWS + 7 }, () => ({}));
    const all = rows({ items }, { itemType: 'log' });
    assert.equal(all.length, MOST_ROWS + 1);
    assert.deepEqual(pick(all.at(-1)!, 'item_type', 'reason', 'quantity'), {
      item_type: 'log',
      reason: 'too_many',
      quantity: '7',
    });
  });

  it('are one where there are none, and pass over what is no entry', () => {
    for (const items of [[], null, 'x', {}, [1, null, 'x', []]]) {
      const row = itemRow('log', { items });
      assert.deepEqual(pick(row, 'item_type', 'message'), { item_type: 'log', message: undefined });
    }
    assert.equal(itemRow('log', { items: [1, { body: 'b' }, null] }).message, 'b');
  });
});

describe('the rows of metrics', () => {
  it('have name, kind and value', () => {
    const items = [{ timestamp: 1795392000, name: 'carts', type: 'counter', value: 1.5 }];
    for (const type of ['trace_metric', 'metric']) {
      assert.deepEqual(pick(itemRow(type, { items }), 'item_type', 'message', 'type', 'value'), {
        item_type: 'trace_metric',
        message: 'carts',
        type: 'counter',
        value: '1.5',
      });
    }
  });
});
