import assert from 'node:assert/strict';
import { itemRow, pick, rows, sample } from '../rowing.ts';

const lines = (name: string) => sample(name).toString().trim().split('\n');

describe('the row of a message of the topic events', () => {
  it("is the event with Sentry's own issue, hash, title and time of receipt", () => {
    const [first, second] = lines('kafka-events-topic.jsonl').map((line) => rows(line, { format: 'kafka-events' })[0]!);
    const names = [
      'item_type',
      'issue_id',
      'hash',
      'project_id',
      'title',
      'received',
      'timestamp',
      'environment',
      'substatus',
    ] as const;
    assert.deepEqual(pick(first!, ...names), {
      item_type: 'event',
      issue_id: '77',
      hash: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
      project_id: '42',
      title: 't',
      received: '2026-11-23 00:00:10.500000',
      timestamp: '2026-11-23 00:00:04.987654',
      environment: 'production',
      substatus: 'new',
    });
    assert.deepEqual(pick(second!, 'issue_id', 'hash', 'substatus', 'level'), {
      issue_id: '78',
      hash: 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',
      substatus: 'regressed',
      level: 'warning',
    });
  });

  it('is an operation on issues, kept whole, for all else', () => {
    const [, , merge, removal] = lines('kafka-events-topic.jsonl').map(
      (line) => rows(line, { format: 'kafka-events' })[0]!,
    );
    assert.deepEqual(pick(merge!, 'item_type', 'action', 'issue_id', 'at', 'project_id'), {
      item_type: 'issue',
      action: 'end_merge',
      issue_id: '77',
      at: '2026-11-23 00:10:00.000000',
      project_id: '42',
    });
    assert.deepEqual(JSON.parse(merge!.contexts!).previous_group_ids, [78]);
    assert.deepEqual(pick(removal!, 'action', 'issue_id'), { action: 'end_delete_groups', issue_id: '80' });
    const many = rows([2, 'end_unmerge', { group_ids: [1, 2] }], { format: 'kafka-events' })[0]!;
    assert.deepEqual(pick(many, 'issue_id', 'at', 'contexts'), {
      issue_id: undefined,
      at: '2026-11-23 00:30:00.000000',
      contexts: '{"group_ids":[1,2]}',
    });
  });

  it('has the hash by which Sentry found the issue, else the first of the event', () => {
    const [a, b] = ['a'.repeat(32), 'b'.repeat(32)];
    const hash = (fields: object) => rows([2, 'insert', fields], { format: 'kafka-events' })[0]!.hash;
    assert.equal(hash({ primary_hash: b, data: { hashes: [a, b] } }), b);
    assert.equal(hash({ data: { hashes: [a, b] } }), a);
  });

  it('keeps the digits of ids', () => {
    const message = '[2,"insert",{"group_id":90071992547409931,"project_id":1,"data":{"timestamp":1e9}}]';
    const row = rows(message, { format: 'kafka-events' })[0]!;
    assert.equal(row.issue_id, '90071992547409931');
    assert.equal(row.timestamp, '2001-09-09 01:46:40.000000');
  });

  it('is the text of what is none', () => {
    for (const text of ['[2]', '{}', '[2,"insert"]', '["a","insert",{}]', 'x']) {
      assert.equal(rows(text, { format: 'kafka-events' })[0]!.message, text);
    }
  });
});

describe('the row of a message of the topic outcomes', () => {
  it('has words for numbers', () => {
    assert.deepEqual(
      lines('kafka-outcomes-topic.jsonl').map((line) => {
        const { outcome, reason, category, quantity, item_type } = rows(line, { format: 'kafka-outcomes' })[0]!;
        return [item_type, outcome, reason, category, quantity];
      }),
      [
        ['outcome', 'accepted', undefined, 'error', '1'],
        ['outcome', 'filtered', 'filtered-transaction', 'transaction', '5'],
        ['outcome', 'rate_limited', 'key_quota', 'error', '9'],
        ['outcome', 'client_discard', 'sample_rate', 'error', '17'],
      ],
    );
    const read = (outcome: unknown, category: unknown) => {
      const row = rows({ outcome, category, project_id: 1 }, { format: 'kafka-outcomes' })[0]!;
      return [row.outcome, row.category, row.quantity];
    };
    assert.deepEqual(read(3, 4), ['invalid', 'attachment', '1']);
    assert.deepEqual(read(4, 12), ['abuse', 'span', '1']);
    assert.deepEqual(read(6, 33), ['cardinality', 'trace_metric', '1']);
    assert.deepEqual(read(99, 999), ['99', '999', '1']);
    assert.deepEqual(read('accepted', 'error'), ['accepted', 'error', '1']);
    assert.deepEqual(read(null, {}), [undefined, undefined, '1']);
  });
});

describe('the row of a webhook', () => {
  const hook = (name: string, timestamp: number) => rows(sample(name), { format: 'webhook', timestamp })[0]!;

  it('says what happened to an issue, and when', () => {
    const row = hook('webhook-issue-resolved.json', 1795399200000);
    const { contexts, ...others } = row;
    assert.deepEqual(others, {
      project_id: '42',
      timestamp: '2026-11-23 02:00:00.000000',
      received: '2026-11-23 00:30:00.000000',
      item_type: 'issue',
      action: 'resolved',
      at: '2026-11-23 02:00:00.000000',
      actor_type: 'user',
      issue_id: '77',
      project: 'shop',
      status: 'resolved',
      first_seen: '2026-11-22 23:59:59.999999',
      level: 'error',
      platform: 'python',
      title: 'IntegrityError: 注文の登録に失敗しました, "A,1" 🚨',
      culprit: '/checkout/{id}',
      type: 'IntegrityError',
      value: '注文の登録に失敗しました',
      handled: 'false',
    });
    assert.deepEqual(JSON.parse(contexts!).statusDetails, { inRelease: 'shop@2.3.5' });
    assert.equal(JSON.parse(contexts!).resolution_type, 'in_release');
    assert.deepEqual(
      pick(hook('webhook-issue-created.json', 1795392001000), 'action', 'substatus', 'actor_type', 'at'),
      {
        action: 'created',
        substatus: 'new',
        actor_type: 'application',
        at: '2026-11-23 00:00:01.000000',
      },
    );
  });

  it('calls ignoring archiving', () => {
    const body = { action: 'ignored', data: { issue: { id: 5 } }, actor: {} };
    assert.deepEqual(pick(rows(body, { format: 'webhook' })[0]!, 'action', 'issue_id', 'item_type'), {
      action: 'archived',
      issue_id: '5',
      item_type: 'issue',
    });
  });

  it('is the event of an error', () => {
    const row = hook('webhook-error-created.json', 1795392001000);
    assert.deepEqual(pick(row, 'item_type', 'issue_id', 'hash', 'project_id', 'timestamp', 'received', 'action'), {
      item_type: 'event',
      issue_id: '77',
      hash: 'dddddddddddddddddddddddddddddddd',
      project_id: '42',
      timestamp: '2026-11-22 23:59:59.999999',
      received: '2026-11-23 00:00:00.300000',
      action: undefined,
    });
  });

  it('of an alert is no event, which was counted when it happened', () => {
    const event = { event_id: '0123456789abcdef0123456789abcdef', issue_id: '7', message: 'm' };
    const alert = rows(
      { action: 'triggered', data: { event }, actor: {} },
      { format: 'webhook', timestamp: 1795392001000 },
    );
    assert.deepEqual(pick(alert[0]!, 'item_type', 'action', 'issue_id', 'at', 'message'), {
      item_type: 'alert',
      action: 'triggered',
      issue_id: '7',
      at: '2026-11-23 00:00:01.000000',
      message: 'm',
    });
    assert.deepEqual(
      pick(hook('webhook-legacy-plugin.json', Number.NaN), 'item_type', 'issue_id', 'project', 'culprit'),
      {
        item_type: 'alert',
        issue_id: '77',
        project: 'shop',
        culprit: '/checkout/{id}',
      },
    );
  });

  it('of another kind is not taken for an issue', () => {
    for (const [data, type] of [
      [{ comment_id: 1, issue_id: 77 }, 'comment'],
      [{ metric_alert: {} }, 'metric_alert'],
      [{ installation: {} }, 'installation'],
      [{}, 'webhook'],
      [undefined, 'webhook'],
    ] as const) {
      assert.equal(rows({ action: 'created', data }, { format: 'webhook' })[0]!.item_type, type);
    }
  });
});

describe('an item', () => {
  it('has the project that the header says', () => {
    assert.equal(itemRow('event', { project: 7 }, { projectId: '42' }).project_id, '42');
    assert.equal(itemRow('event', { project: 7 }).project_id, '7');
  });
});
