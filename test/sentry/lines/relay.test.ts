import assert from 'node:assert/strict';
import { read, rowOf, samples } from './reading.ts';

const line = (row: Record<string, unknown>) => ({ item_type: 'log', title: row['message'], ...row });
const UPSTREAM = 'relay_server::services::projects::source::upstream';

describe("relay's log as text", () => {
  const expected = [
    {
      timestamp: '2026-11-23 00:00:01.004213',
      level: 'info',
      logger: 'relay::setup',
      message: 'launching relay from config folder /etc/relay',
    },
    {
      timestamp: '2026-11-23 00:00:01.004301',
      level: 'info',
      logger: 'relay::setup',
      message: 'relay mode: managed',
    },
    {
      timestamp: '2026-11-23 00:00:01.120045',
      level: 'info',
      logger: 'relay_server',
      message: 'relay server starting',
    },
    {
      timestamp: '2026-11-23 00:00:03.665442',
      level: 'error',
      logger: UPSTREAM,
      message: 'error fetching project states',
      tags: { error: 'upstream request returned error 400 Bad Request', 'error.sources': '[no error details]' },
    },
    {
      timestamp: '2026-11-23 00:00:04.010101',
      level: 'warning',
      logger: UPSTREAM,
      message: 'network outage, scheduling another check in 1.5s',
    },
    {
      timestamp: '2026-11-23 00:00:05.000001',
      level: 'error',
      logger: 'relay_server::services::store',
      message: 'failed to produce message to Kafka, topic="ingest-events"',
      event_id: '4c79f60c11214eb38604f4ae0781bfb2',
      project_id: '42',
      tags: {
        error: 'Message production error: MessageTimedOut (Local: Message timed out)',
        'error.sources': '[Message production error: MessageTimedOut (Local: Message timed out), "a, b"]',
      },
    },
    {
      timestamp: '2026-11-23 00:00:06.482910',
      level: 'debug',
      logger: 'tower_http::trace::on_response',
      message: 'finished processing request',
      project_id: '42',
      tags: {
        span: 'request',
        'span.method': 'POST',
        'span.uri': '/api/42/envelope/?sentry_key=[Filtered]&sentry_version=7',
        'span.version': 'HTTP/1.1',
        latency: '0 ms',
        status: '200',
      },
    },
    {
      timestamp: '2023-01-31 05:44:42.000000',
      level: 'debug',
      logger: 'relay_server::utils::envelope_context',
      message: 'dropped envelope: internal error',
      tags: { 'error.sources': '[invalid item header, EOF while parsing an object at line 1 column 18]' },
    },
    {
      timestamp: '2026-11-23 00:00:08.123456',
      level: 'error',
      logger: 'relay_log::panic',
      message: "thread 'tokio-runtime-worker' panicked at relay-server/src/x.rs:10:5: assertion failed 🦀",
      title: 'panic: assertion failed 🦀',
      type: 'panic',
      value: 'assertion failed 🦀',
      stacktrace: [
        '   0: std::backtrace::Backtrace::create',
        '             at /rustc/abc/library/std/src/backtrace.rs:331:13',
        '   1: relay_log::panic::hook',
      ].join('\n'),
    },
    {
      timestamp: '2026-11-23 00:00:09.000000',
      level: 'info',
      logger: 'relay_server::services::server',
      message: 'Shutdown complete',
    },
  ];

  it('is read, every line of the sample', () => {
    const rows = samples('relay.log', /^\d{4}-/).map((text) => rowOf(text));
    assert.deepEqual(
      rows,
      expected.map((row) => ({ format: 'relay', ...line(row) })),
    );
  });

  it('keeps the lines that continue a message', () => {
    const row = rowOf('2026-11-23T00:00:01Z ERROR relay: bad config error=no key\nsecond line\n\nfourth\n');
    assert.equal(row?.['message'], 'bad config\nsecond line\n\nfourth');
    assert.equal(row['title'], 'bad config');
    assert.deepEqual(row['tags'], { error: 'no key' });
  });

  it('takes the innermost of several spans, and the fields of all', () => {
    const row = rowOf('2026-11-23T00:00:01Z  INFO outer{a=1 b=x y}:inner{b=2}: relay::x: said');
    assert.deepEqual(row?.['tags'], { span: 'inner', 'span.b': '2', 'span.a': '1' });
    assert.equal(row['logger'], 'relay::x');
  });

  it('reads an older panic, whose text stands before its place', () => {
    const row = rowOf("2026-11-23T00:00:01Z ERROR relay: thread 'main' panicked at 'it broke', src/x.rs:1:2");
    assert.deepEqual([row?.['type'], row?.['value']], ['panic', 'it broke']);
  });

  it('is refused without a target, a true date or a level', () => {
    for (const text of [
      '2026-11-23T00:00:01Z  INFO ',
      '2026-02-30T00:00:01Z  INFO relay: x',
      '2026-11-23T00:00:01Z relay: x',
      '2026-11-23T00:00:01.000000001Z stderr F 00:00:01 [INFO] a: b',
    ])
      assert.equal(read(text), undefined, text);
  });
});

describe("relay's log as JSON", () => {
  it('is read, every line of the sample', () => {
    const rows = samples('relay.jsonl').map((text) => rowOf(text));
    const message = 'failed to produce message to Kafka, topic="ingest-events"';
    assert.deepEqual(
      rows,
      [
        {
          timestamp: '2026-11-23 00:00:03.665442',
          level: 'error',
          logger: UPSTREAM,
          message: 'error fetching project states',
          tags: {
            error: 'upstream request returned error 400 Bad Request',
            filename: 'relay-server/src/services/projects/source/upstream.rs',
            line_number: '300',
          },
        },
        {
          timestamp: '2026-11-23 00:00:05.000001',
          level: 'error',
          logger: 'relay_server::services::store',
          message: `${message}\n2nd line`,
          title: message,
          event_id: '4c79f60c11214eb38604f4ae0781bfb2',
          project_id: '42',
          tags: {
            filename: 'relay-server/src/services/store.rs',
            line_number: '77',
            span: 'request',
            'span.method': 'POST',
          },
        },
        {
          timestamp: '2026-11-23 00:00:09.000000',
          level: 'info',
          logger: 'relay_server',
          message: 'Shutdown complete',
        },
      ].map((row) => ({ format: 'relay-json', ...line(row) })),
    );
  });

  it("is read in tracing's own form and with the names of older builds", () => {
    const fields = '{"timestamp":"2026-11-23T00:00:01Z","level":"WARN","fields":{"message":"m","n":1},"target":"t"}';
    assert.deepEqual(rowOf(fields), {
      format: 'relay-json',
      ...line({
        timestamp: '2026-11-23 00:00:01.000000',
        level: 'warning',
        logger: 't',
        message: 'm',
        tags: { n: '1' },
      }),
    });
    const old =
      '{"timestamp":"2026-11-23T00:00:01Z","level":"INFO","logger":"relay","message":"m","module_path":"a::b","lineno":3}';
    assert.deepEqual(rowOf(old)?.['tags'], { module_path: 'a::b', lineno: '3' });
  });

  it('is about an event where it has the id of one beside its target', () => {
    const span = { name: 'request', uri: '/api/42/envelope/' };
    const told = { timestamp: '2026-11-23T00:00:00Z', level: 'ERROR', message: 'm', event_id: 'a'.repeat(32) };
    const expected = {
      format: 'relay-json',
      ...line({
        timestamp: '2026-11-23 00:00:00.000000',
        level: 'error',
        logger: 't',
        message: 'm',
        event_id: 'a'.repeat(32),
        project_id: '42',
        // What is a column is no tag, though the spans say it again.
        tags: { span: 'request', 'span.uri': '/api/42/envelope/' },
      }),
    };
    assert.deepEqual(rowOf(JSON.stringify({ ...told, target: 't', span, spans: [span, span] })), expected);
  });

  it('is no event: those have an id', () => {
    const event = '{"event_id":"a","timestamp":"2026-11-23T00:00:01Z","level":"info","logger":"x","message":"m"}';
    assert.equal(read(event), undefined);
  });
});
