import assert from 'node:assert/strict';
import { read, rowOf, samples } from './reading.ts';

const wrap = (log: string, time = '2026-11-23T23:59:59.123456789Z') =>
  JSON.stringify({ log: `${log}\n`, stream: 'stderr', time });

describe("docker's wrapper", () => {
  it('is taken off, every record of the sample; pieces and lone lines are of no format', () => {
    const rows = samples('docker-json-file.log').map((text) => rowOf(text));
    const log = (row: Record<string, unknown>) => ({
      format: 'sentry',
      item_type: 'log',
      title: row['message'],
      ...row,
    });
    assert.deepEqual(rows, [
      log({
        timestamp: '2026-11-23 00:00:07.000000',
        level: 'info',
        logger: 'sentry.plugins.github',
        message: 'apps-not-configured',
      }),
      log({
        timestamp: '2026-11-23 23:59:59.000000',
        level: 'error',
        logger: 'django.request',
        message: 'Internal Server Error: /x',
        tags: { status_code: '500' },
      }),
      ...Array.from({ length: 9 }, () => undefined),
    ]);
  });

  it('dates lines that have no date, to the microsecond where they have no time at all', () => {
    assert.equal(rowOf(wrap('00:00:01 [INFO] a: b'))?.['timestamp'], '2026-11-24 00:00:01.000000');
    assert.equal(rowOf(wrap('{"name":"a","level":"info","event":"b"}'))?.['timestamp'], '2026-11-23 23:59:59.123456');
    assert.equal(rowOf(wrap('00:00:01 [INFO] a: b', 'never'))?.['timestamp'], '2026-11-23 00:00:01.000000');
  });

  it('may stand round every format', () => {
    for (const [name, format] of [
      ['relay.log', 'relay'],
      ['relay.jsonl', 'relay-json'],
      ['sentry-worker.jsonl', 'sentry-json'],
      ['nginx-access.log', 'nginx'],
    ] as const) {
      const line = samples(name)[0]!;
      const row = rowOf(wrap(line, '2026-11-23T00:00:10.25Z'));
      assert.equal(row?.['format'], format);
      assert.deepEqual(row, rowOf(line));
    }
  });

  it('is known by its members in any order, and by CR LF', () => {
    const line =
      '{"time":"2026-11-23T00:00:09Z","attrs":{"tag":"x"},"stream":"stdout","log":"00:00:07 [INFO] a: b\\r\\n"}';
    assert.equal(rowOf(line)?.['message'], 'b');
    assert.equal(read('{"log":"00:00:07 [INFO] a: b"}'), undefined);
  });
});
