import assert from 'node:assert/strict';
import { EVENT_COLUMN_NAMES, type SentryRow } from '../../../src/sentry/columns.ts';
import { pick, rows, sample } from '../rowing.ts';

interface Normalised {
  readonly level: string;
  readonly handled: boolean | null;
  readonly time: string;
  readonly title?: string;
  readonly event_id?: string;
  readonly release?: string;
}
interface Expected {
  readonly normalised: Readonly<Record<string, Normalised>>;
  readonly grouping: Readonly<Record<string, { readonly hash: string }>>;
}

const { normalised, grouping } = JSON.parse(sample('EXPECTED-events.json').toString()) as Expected;

function rowOfSample(name: string): SentryRow {
  const [row, ...others] = rows(sample(name), { itemType: 'event', format: 'item' });
  assert.equal(others.length, 0);
  return row!;
}

/** `2026-11-23T00:00:02.5Z` as columns write it. */
function column(time: string): string {
  const [, day, clock, digits = ''] = /^(.+)T([^.Z]+)(?:\.(\d+))?Z$/.exec(time)!;
  return `${day} ${clock}.${digits.padEnd(6, '0')}`;
}

describe('the samples', () => {
  for (const [name, expected] of Object.entries(normalised)) {
    it(`${name} is normalised as expected`, () => {
      const row = rowOfSample(`${name}.json`);
      assert.equal(row.level, expected.level.split(' ')[0]);
      assert.equal(row.handled, expected.handled === null ? undefined : String(expected.handled));
      assert.equal(row.timestamp, column(expected.time));
      for (const key of ['title', 'event_id', 'release'] as const) {
        if (key in expected) assert.equal(row[key], expected[key]);
      }
    });
  }

  for (const [name, { hash }] of Object.entries(grouping)) {
    it(`${name} has the hash that is expected`, () => {
      assert.deepEqual(pick(rowOfSample(`${name}.json`), 'hash', 'issue_id'), { hash, issue_id: `v1-${hash}` });
    });
  }

  it('01 has every column', () => {
    const row = rows(sample('01-python-django-chained.json'), { itemType: 'event', projectId: '42' })[0]!;
    const { stacktrace, contexts, ...others } = row;
    assert.deepEqual(others, {
      event_id: '4c79f60c11214eb38604f4ae0781bfb2',
      project_id: '42',
      timestamp: '2026-11-22 23:59:59.999999',
      platform: 'python',
      level: 'error',
      type: 'IntegrityError',
      value: `注文の登録に失敗しました: id="A,1"\tuser='O\\'Brien' 🚨`,
      message: `IntegrityError: 注文の登録に失敗しました: id="A,1"\tuser='O\\'Brien' 🚨`,
      culprit: '/checkout/{id}',
      title: `IntegrityError: 注文の登録に失敗しました: id="A,1"\tuser='O\\'Brien' 🚨`,
      release: 'shop@2.3.4+build.77',
      environment: 'production',
      server_name: 'web-1.東京.example',
      transaction: '/checkout/{id}',
      user_id: '7',
      sdk: 'sentry.python.django/2.68.0',
      handled: 'false',
      tags: '{"customer,tier":"gold \\"plus\\"","is_vip":"True","retries":"3","tab":"a\\tb"}',
      hash: '7ad3c06fdc4cb81156395c2c3a37d54d',
      issue_id: 'v1-7ad3c06fdc4cb81156395c2c3a37d54d',
      received: '2026-11-23 00:30:00.000000',
      item_type: 'event',
      trace_id: '6b1c8c5ea5b94c6b9d7a1f3e2d4c5b6a',
      span_id: 'a1b2c3d4e5f60718',
    });
    assert.match(
      stacktrace!,
      /CONTEXT: a, b, 'c'\n\n {2}File "django\/core\/handlers\/exception.py", line 55, in inner\n/,
    );
    assert.equal(JSON.parse(contexts!).runtime.build, '3.12.4 (main, Jun  8 2026)');
    const empty = ['logger'];
    assert.deepEqual(
      EVENT_COLUMN_NAMES.filter((name) => row[name] === undefined),
      empty,
    );
  });

  const COLUMNS: readonly [string, Partial<SentryRow>][] = [
    [
      '02-python-logging-logentry.json',
      {
        logger: 'billing.retry',
        message: 'payment 8f14e45fceea167a5a36dedd4bea2543 failed for user 1234 after 3.25s',
        title: 'payment 8f14e45fceea167a5a36dedd4bea2543 failed for user 1234 after 3.25s',
        stacktrace: undefined,
      },
    ],
    // The address that the server was to fill in is nobody.
    [
      '03-js-browser-typeerror.json',
      { user_id: undefined, culprit: 'https://cdn.example.com/static/vendor.js in HTMLButtonElement.n' },
    ],
    ['05-node-fingerprint-hybrid.json', { message: 'QueryError: select failed', value: 'select failed' }],
    [
      '06-java-spring-message-object.json',
      {
        message: 'Could not open JPA EntityManager; tenant="Ünïcödé"; cause:\r\n\tat com.acme.Foo.bar(Foo.java:10)',
        title: 'CannotCreateTransactionException: Could not open JPA EntityManager',
        user_id: 'søren',
        handled: 'false',
      },
    ],
    ['07-go-panic-bare-arrays.json', { culprit: 'github.com/acme/ingest/worker in (*Worker).process' }],
    [
      '09-cocoa-tags-pairs.json',
      {
        tags: '{"os.name":"iOS","customer":"A,\\"B\\"","n":"5","dup":"1"}',
        user_id: 'F1E2',
        culprit: '-[Cart 注文:]',
        timestamp: '2026-11-23 00:00:06.700000',
      },
    ],
    [
      '10-legacy-raven-uppercase-uuid.json',
      {
        culprit: 'myapp.tasks in run',
        message: 'NUL [\0] bell [\x07] esc [\x1b[31mred\x1b[0m] tab [\t] cr [\r] ff [\f] del [\x7f]',
        type: 'ValueError',
        title: "ValueError: invalid literal for int() with base 10: 'ぬるぽ'",
      },
    ],
    ['14-dotnet-7digit-time.json', { title: 'System.InvalidOperationException: Sequence contains no elements' }],
    ['20-legacy-nan-infinity.store', { message: 'NaN in text stays', level: 'warning' }],
  ];
  for (const [name, columns] of COLUMNS) {
    it(`${name} has these columns`, () => {
      assert.deepEqual(pick(rowOfSample(name), ...(Object.keys(columns) as (keyof SentryRow)[])), columns);
    });
  }

  it('18 is a transaction', () => {
    const row = rows(sample('18-python-transaction.json'), { format: 'event' })[0]!;
    assert.deepEqual(pick(row, 'item_type', 'level', 'status', 'duration', 'title', 'message', 'hash'), {
      item_type: 'transaction',
      level: 'info',
      status: 'ok',
      duration: '0.500000',
      title: '/checkout/{id}',
      message: undefined,
      hash: undefined,
    });
  });
});
