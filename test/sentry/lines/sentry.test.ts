import assert from 'node:assert/strict';
import { read, rowOf, samples } from './reading.ts';

const BEGINS = /^(\d\d:\d\d:\d\d \[|\[uWSGI|\*\*\* |WSGI app)/;
const at = (time: string) => ({ timestamp: Date.parse(time) });

const TRACEBACK = `Traceback (most recent call last):
  File "/usr/src/sentry/src/sentry/api/base.py", line 300, in handle_exception
    response = super().handle_exception(exc)
  File "/usr/src/sentry/src/sentry/api/x.py", line 7, in get
    raise ValueError("改行\\tあり")
ValueError: 改行\tあり

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/usr/src/sentry/src/sentry/api/base.py", line 310, in f
    1/0
ZeroDivisionError: division by zero`;

describe("Sentry's log for people", () => {
  const log = (row: Record<string, unknown>) => ({ format: 'sentry', item_type: 'log', title: row['message'], ...row });
  const lines = samples('sentry-web.log', BEGINS);

  it('is read, every line of the sample, each dated by when it was kept', () => {
    const kept = [
      ...Array.from({ length: 5 }, () => '2026-11-23T00:00:08.5Z'),
      '2026-11-23T00:01:03.2Z',
      '2026-11-23T00:01:09.1Z',
      '2026-11-24T00:00:00.1Z',
      '2026-11-24T00:00:00.2Z',
      '2026-11-24T00:00:01.2Z',
    ];
    const rows = lines.map((text, i) => rowOf(text, at(kept[i])));
    const warning = '/usr/src/sentry/src/sentry/conf/server.py:100: UserWarning: a, "b"';
    assert.deepEqual(rows, [
      undefined,
      undefined,
      undefined,
      log({
        timestamp: '2026-11-23 00:00:07.000000',
        level: 'info',
        logger: 'sentry.plugins.github',
        message: 'apps-not-configured',
      }),
      log({
        timestamp: '2026-11-23 00:00:08.000000',
        level: 'warning',
        logger: 'py.warnings',
        message: `${warning}\n  warnings.warn(`,
        title: warning,
      }),
      log({
        timestamp: '2026-11-23 00:01:03.000000',
        level: 'info',
        logger: 'sentry.auth',
        message: 'user.auth.success',
        tags: { ip_address: '192.0.2.133', organization_id: '1', username: 'søren@example.com' },
      }),
      log({
        timestamp: '2026-11-23 00:01:09.000000',
        level: 'info',
        logger: 'sentry.access.api',
        message: 'api.access',
        transaction: 'sentry.api.endpoints.group_details.GroupDetailsEndpoint',
        user_id: '1',
        duration: '0.025217056274414062',
        tags: {
          method: 'GET',
          response: '200',
          is_app: 'None',
          token_type: 'None',
          organization_id: '1',
          path: '/api/0/issues/77/',
          caller_ip: '192.0.2.133',
          user_agent: `Mozilla/5.0 (X11; it's, "odd")`,
          rate_limited: 'False',
        },
      }),
      log({
        timestamp: '2026-11-23 23:59:59.000000',
        level: 'error',
        logger: 'django.request',
        message: 'Internal Server Error: /api/0/projects/',
        title: 'ZeroDivisionError: division by zero',
        type: 'ZeroDivisionError',
        value: 'division by zero',
        stacktrace: TRACEBACK,
        tags: { status_code: '500', request: "<WSGIRequest: GET '/api/0/projects/?q=a%2Cb'>" },
      }),
      log({
        timestamp: '2026-11-24 00:00:00.000000',
        level: 'info',
        logger: 'sentry.tasks.release',
        message: 'midnight rolled over (date is not in the line)',
      }),
      log({
        timestamp: '2026-11-24 00:00:01.000000',
        level: 'fatal',
        logger: 'sentry.utils.kafka',
        message: 'kafka.down',
        tags: { brokers: `["kafka:9092","o'clock"]`, nested: '{"a":[1,2]}' },
      }),
    ]);
  });

  it('rolls over at midnight both ways, at twelve hours', () => {
    const dated = (time: string, near: string) => rowOf(`${time} [INFO] a: b`, at(near))?.['timestamp'];
    assert.equal(dated('23:59:59', '2027-01-01T00:00:02Z'), '2026-12-31 23:59:59.000000');
    assert.equal(dated('00:00:02', '2026-12-31T23:59:59Z'), '2027-01-01 00:00:02.000000');
    assert.equal(dated('12:00:01', '2026-11-23T00:00:00Z'), '2026-11-22 12:00:01.000000');
    assert.equal(dated('11:59:59', '2026-11-23T00:00:00Z'), '2026-11-23 11:59:59.000000');
    assert.equal(dated('11:59:59', '2026-11-22T23:59:58Z'), '2026-11-22 11:59:59.000000');
    assert.equal(dated('11:59:57', '2026-11-22T23:59:58Z'), '2026-11-23 11:59:57.000000');
  });

  it('is dated by the time of receipt where nothing else is known, and not at all without', () => {
    const line = '00:00:07 [INFO] a: b';
    assert.equal(rowOf(line)?.['timestamp'], '2026-11-23 00:00:07.000000');
    assert.equal(read(line)?.row.received, '2026-11-23 00:00:10.250000');
    const none = read(line, { received: Number.NaN });
    assert.equal(none?.row.timestamp, undefined);
    assert.equal(none?.row.message, 'b');
  });

  it('keeps brackets that hold no pairs, and takes the last that do', () => {
    const said = (text: string) => {
      const row = rowOf(`00:00:00 [INFO] a.b: ${text}`);
      return [row?.['message'], row?.['tags']];
    };
    assert.deepEqual(said('x (y=1) z'), ['x (y=1) z', undefined]);
    assert.deepEqual(said('x (y=1) (z=2)'), ['x (y=1)', { z: '2' }]);
    assert.deepEqual(said('f(y=1)'), ['f(y=1)', undefined]);
    assert.deepEqual(said("x (id=UUID('a b') when=datetime.datetime(2026, 1, 2) n=-1.5e-07)"), [
      'x',
      { id: "UUID('a b')", when: 'datetime.datetime(2026, 1, 2)', n: '-1.5e-07' },
    ]);
    assert.deepEqual(said("x (a=<b c=1> t=True d={'__proto__': None, 1: [1.5, {2}]} u='\\u6539\\n')"), [
      'x',
      { a: '<b c=1>', t: 'True', d: '{"__proto__":null,"1":[1.5,[2]]}', u: '改\n' },
    ]);
    assert.deepEqual(said("x (a=b< c=1 d='2')"), ['x', { a: 'b<', c: '1', d: '2' }]);
  });

  it('keeps names that JavaScript takes for something else', () => {
    const tags = read("00:00:00 [INFO] a: b (__proto__='x' constructor=1 2=3)")?.row.tags;
    assert.equal(tags, '{"__proto__":"x","constructor":"1","2":"3"}');
  });

  it('knows ids by their looks', () => {
    const row = rowOf("00:00:00 [INFO] a: b (event_id='x' project_id=0 user_id='None')");
    assert.deepEqual(row?.['tags'], { event_id: 'x', project_id: '0' });
    const id = rowOf("00:00:00 [INFO] a: b (event_id='4C79F60C-1121-4EB3-8604-F4AE0781BFB2' project_id=42)");
    assert.equal(id?.['event_id'], '4c79f60c11214eb38604f4ae0781bfb2');
    assert.equal(id['project_id'], '42');
  });

  it('reads tracebacks of all kinds', () => {
    const raised = (traceback: string) => {
      const row = rowOf(`00:00:00 [ERROR] a: b\n${traceback}`);
      return [row?.['message'], row?.['type'], row?.['value'], row?.['stacktrace']];
    };
    const head = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n';
    assert.deepEqual(raised(`${head}    x\nKeyboardInterrupt\n`), [
      'b',
      'KeyboardInterrupt',
      undefined,
      `${head}    x\nKeyboardInterrupt`,
    ]);
    assert.deepEqual(raised(`${head}django.db.utils.DataError: one\ntwo\n\nfour`).slice(1, 3), [
      'DataError',
      'one\ntwo\n\nfour',
    ]);
    assert.deepEqual(raised(`more said\n${head}ValueError: x`).slice(0, 3), ['b\nmore said', 'ValueError', 'x']);
    assert.deepEqual(raised(`says Traceback (most recent call last):\nno`), [
      'b\nsays Traceback (most recent call last):\nno',
      undefined,
      undefined,
      undefined,
    ]);
    assert.deepEqual(raised(`${head}    x`), ['b', undefined, undefined, `${head}    x`]);
    const group = `  + Exception Group Traceback (most recent call last):
  |   File "a.py", line 1, in <module>
  |     raise ExceptionGroup("eg", [ValueError(1)])
  | ExceptionGroup: eg (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "a.py", line 2, in <module>
    | ValueError: 1
    +------------------------------------`;
    assert.deepEqual(raised(group), ['b', 'ExceptionGroup', 'eg (1 sub-exception)', group]);
  });
});

describe("Sentry's log for machines", () => {
  it('is read, every line of the sample', () => {
    const log = (row: Record<string, unknown>) => ({
      format: 'sentry-json',
      item_type: 'log',
      timestamp: '2026-11-23 00:00:10.250000',
      title: row['message'],
      ...row,
    });
    const rows = samples('sentry-worker.jsonl').map((text) => rowOf(text));
    const long = 'x'.repeat(17_000);
    assert.deepEqual(rows, [
      log({
        level: 'info',
        logger: 'sentry.tasks.process_buffer',
        message: 'process_pending_partition',
        tags: { partition: '0' },
      }),
      log({
        level: 'warning',
        logger: 'taskworker',
        message: 'taskworker.task.failed',
        transaction: 'sentry.tasks.store.save_event',
        project_id: '42',
        event_id: '4c79f60c11214eb38604f4ae0781bfb2',
        tags: { processing_pool: 'default' },
      }),
      log({
        level: 'error',
        logger: 'sentry.errors',
        message: '処理に失敗しました, "quoted"\t\\tab',
        title: "KeyError: 'a'",
        type: 'KeyError',
        value: "'a'",
        stacktrace: `Traceback (most recent call last):
  File "/usr/src/sentry/src/sentry/tasks/store.py", line 9, in save_event
    raise KeyError('a')
KeyError: 'a'`,
      }),
      log({
        level: 'debug',
        logger: 'sentry.ingest',
        message: long,
        title: `${long.slice(0, 253)}...`,
        tags: { note: 'longer than the 16 KiB docker piece' },
      }),
      undefined,
      log({
        level: 'info',
        logger: 'sentry.sentry_apps',
        message: 'integration_platform.webhook',
        tags: { nan: '1.5', deep: '{"a":[1,{"b":null}]}', emoji: '💥\0' },
      }),
    ]);
  });

  it('believes a time that the line has, and keeps what is no traceback', () => {
    const line = '{"name":"a","level":"info","event":"e","timestamp":"2026-11-22T01:02:03.000004Z","exception":"no"}';
    const row = rowOf(line);
    assert.equal(row?.['timestamp'], '2026-11-22 01:02:03.000004');
    assert.deepEqual(row['tags'], { exception: 'no' });
  });

  it('makes lone surrogates harmless and keeps big numbers', () => {
    const tags = read('{"name":"a","level":"info","event":"e","s":"\\ud800","n":12345678901234567890}')?.row.tags;
    assert.equal(tags, '{"s":"\ufffd","n":"12345678901234567890"}');
  });
});
