import assert from 'node:assert/strict';
import fc from 'fast-check';
import { bodyFacts } from '../../src/sentry/body-facts.ts';
import { COLUMNS, type ColumnName, type SentryRow } from '../../src/sentry/columns.ts';
import { FORMAT_NAMES } from '../../src/sentry/formats.ts';
import { rowsOf } from '../../src/sentry/rows.ts';
import { parseTime, timeText } from '../../src/sentry/time.ts';
import { given, itemRow, pick, rows, sample } from './rowing.ts';

const ITEM_TYPES = [
  'event',
  'transaction',
  'alert',
  'feedback',
  'session',
  'sessions',
  'span',
  'log',
  'otel_log',
  'trace_metric',
  'client_report',
  'check_in',
  'user_report',
  'security',
  'csp',
  'hpkp',
  'expectct',
  'expectstaple',
  'nel',
  'attachment',
  'minidump',
  'replay_event',
  'replay_recording',
  'replay_video',
  'profile',
  'profile_chunk',
  'statsd',
  'metric_buckets',
  'form_data',
  'unreal_report',
  'something_new',
];

const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/;
const SHAPES: Partial<Record<(typeof COLUMNS)[ColumnName]['kind'], RegExp>> = {
  time: TIME,
  boolean: /^(?:true|false)$/,
  integer: /^(?:0|[1-9]\d{0,17})$/,
  number: /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/,
};

/** What every row promises: known columns, texts alone, in the shape of their kind, well-formed and bounded. */
function assertSound(all: readonly SentryRow[]): void {
  assert.ok(all.length > 0);
  for (const row of all) {
    for (const [name, text] of Object.entries(row)) {
      if (text === undefined) continue;
      assert.ok(Object.hasOwn(COLUMNS, name), name);
      assert.equal(typeof text, 'string', name);
      assert.ok(text.isWellFormed(), name);
      assert.ok(text.length < 200_000, name);
      const { kind } = COLUMNS[name as ColumnName];
      const shape = SHAPES[kind];
      if (shape !== undefined) assert.match(text, shape, name);
      if (kind === 'json') JSON.parse(text);
      if (kind === 'map') for (const value of Object.values(JSON.parse(text))) assert.equal(typeof value, 'string');
    }
  }
}

/** JSON with the keys of Sentry in it, so that its readers meet values of every shape. */
const KEYS = [
  'event_id',
  'timestamp',
  'platform',
  'level',
  'release',
  'exception',
  'values',
  'type',
  'value',
  'stacktrace',
  'frames',
  'function',
  'module',
  'filename',
  'lineno',
  'mechanism',
  'handled',
  'message',
  'logentry',
  'formatted',
  'tags',
  'user',
  'id',
  'contexts',
  'trace',
  'trace_id',
  'sdk',
  'name',
  'version',
  'items',
  'attributes',
  'body',
  'aggregates',
  'started',
  'attrs',
  'exited',
  'crashed',
  'discarded_events',
  'quantity',
  'outcome',
  'category',
  'data',
  'issue',
  'project',
  'error',
  'action',
  'csp-report',
  'blocked-uri',
  'violated-directive',
  'threads',
  'status',
  'duration',
  'start_timestamp',
  'end_timestamp',
  '__proto__',
  'log',
  'stream',
  'time',
  'group_id',
  'errors',
  'request',
  'url',
];
const payloads = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.integer(),
      fc.constantFrom(
        null,
        true,
        false,
        1795392000.123456,
        '2026-11-23T00:00:00.1Z',
        'error',
        '\ud83d',
        '{{auto}}',
        40,
      ),
    ),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), fc.string()), tie('value'), { maxKeys: 12 }),
  ),
})).value;

describe('rows', () => {
  it('are sound for any JSON of any item type and format', () => {
    const formats = fc.constantFrom(undefined, ...FORMAT_NAMES);
    const types = fc.constantFrom(undefined, ...ITEM_TYPES);
    fc.assert(
      fc.property(payloads, types, formats, fc.constantFrom('last', 'first'), (payload, itemType, format, crash) => {
        const body = Buffer.from(JSON.stringify(payload) ?? '');
        assertSound(rowsOf(body, given({ itemType, format }), { crash: crash as 'last' | 'first' }));
      }),
      { numRuns: 500 },
    );
  });

  it('are sound for any bytes', () => {
    const formats = fc.constantFrom(undefined, 'nonsense', ...FORMAT_NAMES);
    const types = fc.constantFrom(undefined, ...ITEM_TYPES);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), types, formats, (bytes, itemType, format) => {
        assertSound(rowsOf(Buffer.from(bytes), given({ itemType, format }), { crash: 'last' }));
      }),
    );
  });

  it('are sound for every sample, whole and cut anywhere', () => {
    for (const name of [
      '01-python-django-chained.json',
      'e03-node-sessions-spans-logs.envelope',
      'kafka-outcomes-topic.jsonl',
      'webhook-issue-resolved.json',
    ]) {
      const body = sample(name);
      for (let end = 0; end <= body.length; end += 97) {
        assertSound(rowsOf(body.subarray(0, end), given(), { crash: 'last' }));
      }
      assertSound(rowsOf(body, given(), { crash: 'first' }));
    }
  });

  it('have no time where nothing is known', () => {
    const unknown = { received: Number.NaN };
    assert.deepEqual(pick(itemRow('event', { message: 'm' }, unknown), 'timestamp', 'received'), {
      timestamp: undefined,
      received: undefined,
    });
  });

  it('have what the headers say first', () => {
    const own = { event_id: 'a'.repeat(32), project: 1, group_id: 2, hashes: ['c'.repeat(32)], release: 'own' };
    const said = { eventId: 'b'.repeat(32), projectId: '42', hash: 'd'.repeat(32), issueId: 'v1-x', release: 'theirs' };
    assert.deepEqual(pick(itemRow('event', own, said), 'event_id', 'project_id', 'hash', 'issue_id', 'release'), {
      event_id: 'b'.repeat(32),
      project_id: '42',
      hash: 'd'.repeat(32),
      issue_id: 'v1-x',
      release: 'own',
    });
    assert.equal(itemRow('event', {}, said).release, 'theirs');
  });

  const TOLD: readonly [string, string, Partial<SentryRow>][] = [
    ['an event by its exception', '{"exception":[{"type":"T"}]}', { item_type: 'event', title: 'T' }],
    ['an event by its id', `{"event_id":"${'a'.repeat(32)}","message":"m"}`, { item_type: 'event', message: 'm' }],
    ['a message by its platform', '{"message":"m","platform":"go"}', { item_type: 'event', platform: 'go' }],
    ['a transaction', '{"type":"transaction","transaction":"/","sdk":{}}', { item_type: 'transaction' }],
    [
      'a message of the topic events',
      '[2,"insert",{"group_id":5,"data":{"message":"m"}},{}]',
      { item_type: 'event', issue_id: '5' },
    ],
    [
      'a message of the topic outcomes',
      '{"project_id":1,"outcome":0,"category":1}',
      { item_type: 'outcome', outcome: 'accepted' },
    ],
    [
      'a webhook',
      '{"action":"resolved","data":{"issue":{"id":"7"}},"actor":{}}',
      { item_type: 'issue', issue_id: '7' },
    ],
    ['an envelope', '{}\n{"type":"event"}\n{"message":"m"}', { item_type: 'event', message: 'm' }],
    [
      "an event in docker's wrapper",
      JSON.stringify({ log: '{"event_id":"x","message":"m"}\n', stream: 'stdout', time: '2026-11-23T00:00:00Z' }),
      { item_type: 'event', message: 'm' },
    ],
    [
      'the header of an envelope without items as text',
      '{"event_id":"x"}',
      { item_type: undefined, message: '{"event_id":"x"}' },
    ],
    ['a list as text', '[1,2]', { item_type: undefined, message: '[1,2]' }],
    ['text as text', 'hello', { message: 'hello' }],
    ['nothing as nothing', '', { message: undefined, received: '2026-11-23 00:30:00.000000' }],
  ];
  for (const [what, body, columns] of TOLD) {
    it(`tell ${what} without a header`, () => {
      assert.deepEqual(pick(rows(body)[0]!, ...(Object.keys(columns) as (keyof SentryRow)[])), columns);
    });
  }

  it('of an envelope are those of every item, with what its header says', () => {
    const headers = {
      event_id: 'a'.repeat(32),
      dsn: 'https://k@h/sub/42',
      sdk: { name: 'n', version: '1' },
      trace: { sample_rate: '0.5' },
    };
    const body = [headers, { type: 'transaction' }, {}, { type: 'attachment', length: 2, filename: 'f' }, 0]
      .map((part) => (part === 0 ? 'ab' : JSON.stringify(part)))
      .join('\n');
    assert.deepEqual(
      rows(body, { format: 'envelope' }).map((row) =>
        pick(row, 'event_id', 'project_id', 'sdk', 'item_type', 'message', 'sample_rate'),
      ),
      [
        {
          event_id: 'a'.repeat(32),
          project_id: '42',
          sdk: 'n/1',
          item_type: 'transaction',
          message: undefined,
          sample_rate: '0.5',
        },
        {
          event_id: 'a'.repeat(32),
          project_id: '42',
          sdk: 'n/1',
          item_type: 'attachment',
          message: 'f',
          sample_rate: undefined,
        },
      ],
    );
  });

  it('of an envelope are of the time that they say, however long it lay in a file', () => {
    const items = [{ timestamp: '2026-09-01T00:00:00.000001Z' }, { timestamp: '2026-11-22T20:00:00Z' }];
    for (const payload of items) {
      const body = `{"sent_at":"${payload.timestamp}"}\n{"type":"event"}\n${JSON.stringify(payload)}`;
      const time = timeText(parseTime(payload.timestamp));
      assert.equal(rows(body, { format: 'envelope' })[0]!.timestamp, time);
      assert.equal(rows(body)[0]!.timestamp, time);
      assert.equal(bodyFacts(Buffer.from(body), given(), undefined)?.timestamp, Math.floor(parseTime(time) / 1000));
    }
  });

  it('of an envelope have the project of the header, if there is one', () => {
    const body = '{"dsn":"https://k@h/42"}\n{"type":"event"}\n{}';
    assert.equal(rows(body, { format: 'envelope', projectId: '7' })[0]!.project_id, '7');
  });

  it('of an envelope that cannot be read is its text', () => {
    const row = rows(sample('bad1-length-beyond-eof.envelope'), { format: 'envelope' })[0]!;
    assert.match(row.message!, /"length":9999/);
  });

  it('survive what is hostile, with the rest unharmed', () => {
    const kept = '"message":"kept","platform":"go"';
    const deep = (open: string, close: string) => `${open.repeat(100_000)}1${close.repeat(100_000)}`;
    const hostile = [
      `"contexts":{"a":${deep('[', ']')}}`,
      `"contexts":{"a":${deep('{"a":', '}')}}`,
      `"extra":${deep('[', ']')},"n":12345678901234567890`,
      `"exception":{"values":[${'{},'.repeat(100_000)}{}]}`,
      `"tags":[${'["a","b"],'.repeat(100_000)}["c","d"]]`,
      `"tags":${deep('[', ']')}`,
      '"__proto__":{"platform":"evil","message":"evil"},"constructor":{"prototype":1}',
      '"message":"first","platform":"first"',
      `"release":"${'r'.repeat(1e6)}"`,
      `"timestamp":${'9'.repeat(1e5)}`,
      `"user":{"id":${'9'.repeat(1e5)}}`,
      '"level":"\\u0000","extra":"\\ud800"',
      '"x":NaN,"y":[-Infinity,Infinity]',
    ];
    for (const text of hostile) {
      const row = itemRow('event', `{${text},${kept}}`);
      assertSound([row]);
      assert.deepEqual(pick(row, 'message', 'platform'), { message: 'kept', platform: 'go' }, text.slice(0, 60));
    }
  });

  it('keep NUL and make half a surrogate pair U+FFFD', () => {
    const row = itemRow(
      'event',
      '{"message":"a\\u0000b\\ud83dc","tags":{"\\ud83d":"\\ude00"},"release":"\\ud83d\\ude00"}',
    );
    assert.deepEqual(pick(row, 'message', 'tags', 'release'), {
      message: 'a\0b\ufffdc',
      tags: '{"\ufffd":"\ufffd"}',
      release: '😀',
    });
  });

  it('keep names of tags that objects mean something by, and their order', () => {
    const row = itemRow('event', '{"tags":[["__proto__","p"],["2","b"],["1","a"],["2","c"]]}');
    assert.equal(row.tags, '{"__proto__":"p","2":"b","1":"a"}');
  });
});
