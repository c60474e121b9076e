import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { Interceptor } from '../../src/component/interceptor.ts';
import type { EventBatch } from '../../src/event/event-batch.ts';
import { TextColumn } from '../../src/event/header-columns.ts';
import { sentryInterceptor } from '../../src/interceptors/sentry.ts';
import { bind } from '../../src/options/bind.ts';
import { GivenReader } from '../../src/sentry/headers.ts';
import { rowsOf as sentryRows } from '../../src/sentry/rows.ts';
import { batchOf, batchOfLines, rowsOf, type SampleEvent } from '../support/batches.ts';
import { componentContext, FakeClock, memoryLogger } from '../support/context.ts';

const NOW = Date.parse('2026-11-23T00:00:10.250Z');
const time = (text: string) => String(Date.parse(text));

const fixture = (name: string) => readFileSync(fileURLToPath(new URL(`../fixtures/sentry/${name}`, import.meta.url)));
const lines = (name: string) => fixture(name).toString().trimEnd().split('\n');

function make(settings: Record<string, string> = {}, clock = new FakeClock(NOW), log = memoryLogger()): Interceptor {
  const raw = new Map(Object.entries(settings).map(([key, text]) => [key, { text }]));
  const { values, problems } = bind(sentryInterceptor, raw, 'interceptor i', () => ({ known: [] }));
  assert.deepEqual(problems, []);
  return sentryInterceptor.create(values, componentContext('r.i', { clock, log }));
}

/** The headers after the interceptor, of events as they come. */
function headersOf(events: readonly (string | Buffer | SampleEvent)[], settings: Record<string, string> = {}) {
  const batch = batchOf(
    events.map((event) => (typeof event === 'object' && 'body' in event ? event : { body: event })),
  );
  return rowsOf(make(settings).intercept(batch).batch).map(({ headers }) => headers);
}

const RECEIVED = { received: String(NOW), 'sentry.status': 'ok' };

describe('interceptor sentry', () => {
  it('gives lines the headers of their rows', () => {
    const headers = headersOf([
      lines('relay.log')[5]!,
      lines('relay.jsonl')[0]!,
      lines('sentry-web.log')[3]!,
      lines('sentry-worker.jsonl')[1]!,
      lines('nginx-access.log')[0]!,
      lines('docker-json-file.log')[1]!,
    ]);
    assert.deepEqual(headers, [
      {
        ...RECEIVED,
        'sentry.format': 'relay',
        item_type: 'log',
        level: 'error',
        event_id: '4c79f60c11214eb38604f4ae0781bfb2',
        project_id: '42',
        timestamp: time('2026-11-23T00:00:05.000Z'),
      },
      {
        ...RECEIVED,
        'sentry.format': 'relay-json',
        item_type: 'log',
        level: 'error',
        timestamp: time('2026-11-23T00:00:03.665Z'),
      },
      {
        ...RECEIVED,
        'sentry.format': 'sentry',
        item_type: 'log',
        level: 'info',
        timestamp: time('2026-11-23T00:00:07Z'),
      },
      {
        ...RECEIVED,
        'sentry.format': 'sentry-json',
        item_type: 'log',
        level: 'warning',
        event_id: '4c79f60c11214eb38604f4ae0781bfb2',
        project_id: '42',
        timestamp: String(NOW),
      },
      {
        ...RECEIVED,
        'sentry.format': 'nginx',
        item_type: 'access',
        project_id: '42',
        sdk: 'sentry.python.django/2.68.0',
        timestamp: time('2026-11-23T00:00:01Z'),
      },
      {
        ...RECEIVED,
        'sentry.format': 'sentry',
        item_type: 'log',
        level: 'error',
        timestamp: time('2026-11-23T23:59:59Z'),
      },
    ]);
  });

  it("gives messages of Sentry's topics theirs, with Sentry's own issue", () => {
    const [first, second, merged] = headersOf(lines('kafka-events-topic.jsonl'));
    assert.deepEqual(first, {
      ...RECEIVED,
      'sentry.format': 'kafka-events',
      item_type: 'event',
      event_id: '2f1e0d9c8b7a4655a4b3c2d1e0f9a8b7',
      project_id: '42',
      timestamp: time('2026-11-23T00:00:04.987Z'),
      platform: 'go',
      level: 'fatal',
      release: 'v1.4.2-13-gdeadbee',
      environment: 'production',
      sdk: 'sentry.go/0.40.0',
      hash: 'a'.repeat(32),
      issue_id: '77',
    });
    assert.equal(second?.['issue_id'], '78');
    assert.deepEqual(merged, {
      ...RECEIVED,
      'sentry.format': 'kafka-events',
      item_type: 'issue',
      project_id: '42',
      timestamp: time('2026-11-23T00:10:00Z'),
      issue_id: '77',
    });
    assert.deepEqual(headersOf(lines('kafka-outcomes-topic.jsonl'))[0], {
      ...RECEIVED,
      'sentry.format': 'kafka-outcomes',
      item_type: 'outcome',
      event_id: '2f1e0d9c8b7a4655a4b3c2d1e0f9a8b7',
      project_id: '42',
      timestamp: time('2026-11-23T00:00:05.100Z'),
    });
  });

  it('gives envelopes the headers of their event, and events their own, also in the wrapper of docker', () => {
    const event = `{"event_id":"${'b'.repeat(32)}","timestamp":1795392000,"platform":"python","level":"warning"}`;
    const envelope = `{"event_id":"${'b'.repeat(32)}","dsn":"https://k@host/7"}\n{"type":"attachment","length":2}\nab\n{"type":"event"}\n${event}\n`;
    const [bare, whole, wrapped] = headersOf([
      event,
      envelope,
      JSON.stringify({ log: `${event}\n`, stream: 'stdout', time: '2026-11-23T00:00:09Z' }),
    ]);
    assert.equal(bare?.['sentry.format'], 'event');
    assert.equal(bare['timestamp'], '1795392000000');
    for (const name of ['item_type', 'event_id', 'platform', 'level', 'hash', 'issue_id', 'timestamp']) {
      assert.equal(whole?.[name], bare[name], name);
      assert.equal(wrapped?.[name], bare[name], name);
    }
    assert.equal(whole?.['sentry.format'], 'envelope');
    assert.equal(whole['project_id'], '7');
  });

  it('agrees with the rows that a serializer makes of the same events', () => {
    const bodies = [
      ...['relay.log', 'relay.jsonl', 'nginx-access.log', 'sentry-web.log', 'sentry-worker.jsonl'].flatMap(lines),
      ...['kafka-events-topic.jsonl', 'kafka-outcomes-topic.jsonl'].flatMap(lines),
      ...['e01-python-event-attachment', 'e11-python-transaction'].map((name) => fixture(`${name}.envelope`)),
    ];
    const { batch } = make().intercept(batchOf(bodies.map((body) => ({ body }))));
    const given = new GivenReader(batch);
    const rows = rowsOf(batch);
    for (const [i, { headers }] of rows.entries()) {
      const [row] = sentryRows(batch.bodyOf(i), given.of(i), { crash: 'last' });
      if (headers['sentry.status'] !== 'ok') continue;
      for (const name of ['item_type', 'event_id', 'project_id', 'level', 'platform', 'hash', 'issue_id'] as const)
        assert.equal(row?.[name], headers[name], `${name} of ${bodies[i]}`);
      const told = Date.parse(`${row?.timestamp?.replace(' ', 'T')}Z`);
      assert.equal(told, Number(headers['timestamp']), `${bodies[i]}`);
    }
  });

  it('lets pass what it cannot read, marks and counts it, and says so once', async () => {
    const clock = new FakeClock(NOW);
    const log = memoryLogger();
    const interceptor = make({}, clock, log);
    const bodies = ['WSGI app 0 ready', 'Traceback (most recent call last):', '', '{"a":1}', '00:00:07 [INFO] a: b'];
    const { batch, rows } = interceptor.intercept(batchOfLines(bodies));
    assert.equal(rows, undefined);
    assert.equal(batch.delimiter, 0x0a);
    const after = rowsOf(batch);
    assert.deepEqual(
      after.map(({ body }) => body),
      bodies,
    );
    assert.deepEqual(after[0]!.headers, {
      received: String(NOW),
      timestamp: String(NOW),
      'sentry.status': 'unparsed',
    });
    assert.deepEqual(
      after.map(({ headers }) => headers['sentry.status']),
      ['unparsed', 'unparsed', 'unparsed', 'unparsed', 'ok'],
    );
    assert.deepEqual(interceptor.counters, { EventReadCount: 1, EventUnparsedCount: 4, EventScrubbedCount: 0 });
    interceptor.intercept(batchOfLines(bodies));
    assert.equal(log.lines.length, 1);
    assert.match(log.lines[0]!, /^WARN .*unparsed: 4 of them/);
    await clock.advance(600_000);
    interceptor.intercept(batchOfLines(bodies));
    assert.match(log.lines[1]!, /8 of them/);
  });

  it('dates lines by the header of the tail, then by timestamp, then by now', () => {
    const body = '23:59:59 [INFO] a: b';
    const machine = '{"name":"a","level":"info","event":"b"}';
    const times = headersOf([
      { body, headers: { time: '2026-11-20T23:59:59.5Z', timestamp: '5' } },
      { body, headers: { timestamp: time('2026-11-19T00:00:01Z') } },
      { body },
      { body: machine, headers: { time: '2026-11-20T23:59:59.567891234Z' } },
      { body: 'not known', headers: { time: '2026-11-20T23:59:59.567891234Z' } },
    ]).map((headers) => headers['timestamp']);
    assert.deepEqual(times, [
      // It was there already.
      '5',
      time('2026-11-19T00:00:01Z'),
      time('2026-11-22T23:59:59Z'),
      time('2026-11-20T23:59:59.567Z'),
      time('2026-11-20T23:59:59.567Z'),
    ]);
    const [first] = headersOf([{ body, headers: { at: '2026-11-20T23:59:59.5Z', timestamp: '5' } }], {
      preserveExisting: 'false',
      timeHeader: 'at',
    });
    assert.equal(first?.['timestamp'], time('2026-11-20T23:59:59Z'));
  });

  it('leaves headers alone that are there, or not, as it is told', () => {
    const headers = { item_type: 'mine', project_id: '7', level: 'odd', received: '3', host: 'web-1' };
    const body = lines('relay.log')[5]!;
    const [kept] = headersOf([{ body, headers }]);
    assert.deepEqual({ ...kept, ...headers }, kept);
    assert.equal(kept?.['event_id'], '4c79f60c11214eb38604f4ae0781bfb2');
    const [set] = headersOf([{ body, headers }], { preserveExisting: 'false' });
    assert.equal(set?.['level'], 'error');
    assert.equal(set['host'], 'web-1');
  });

  it('does not read again what was read before, by itself or another Sluice', () => {
    const interceptor = make();
    const once = interceptor.intercept(batchOfLines(lines('relay.log'))).batch;
    const twice = interceptor.intercept(once).batch;
    assert.deepEqual(rowsOf(twice), rowsOf(once));
    const headers = { 'sentry.status': 'ok', item_type: 'event' };
    const [other] = headersOf([{ body: lines('relay.log')[0]!, headers }]);
    assert.deepEqual(other, headers);
  });

  it('reads as the format that it is told', () => {
    const [relay, web] = headersOf([lines('relay.log')[0]!, lines('sentry-web.log')[3]!], { format: 'relay' });
    assert.equal(relay?.['sentry.status'], 'ok');
    assert.equal(web?.['sentry.status'], 'unparsed');
    const [item] = headersOf(
      [{ body: '{"sid":"x","status":"ok","started":"2026-11-23T00:00:00Z"}', headers: { item_type: 'session' } }],
      { format: 'item' },
    );
    assert.equal(item?.['sentry.format'], 'item');
    assert.equal(item['item_type'], 'session');
  });

  it('has one value for a batch whose events agree', () => {
    const { batch } = make().intercept(batchOfLines(['00:00:07 [INFO] a: b', '00:00:07 [INFO] c: d']));
    for (const name of ['item_type', 'level', 'sentry.format', 'sentry.status', 'timestamp', 'received'])
      assert.notEqual(batch.header(name)?.constant, undefined, name);
    assert.equal(batch.header('event_id'), undefined);
  });

  it('takes secrets out of lines, JSON and envelopes, and leaves the rest byte for byte', () => {
    const line = "00:00:00 [INFO] a: b (password='hunter2' x=1)";
    const event = '{"event_id":"x","message":"m","platform":"js","extra":{"password":"hunter2"}}';
    const envelope = `{"event_id":"${'b'.repeat(32)}"}\n{"type":"attachment","length":16,"filename":"a"}\npassword=hunter2\n{"type":"event","length":${event.length}}\n${event}`;
    const clean = lines('relay.log')[0]!;
    const interceptor = make();
    const bodiesAfter = (delimited: boolean): string[] => {
      const bodies = [clean, line, event, envelope, clean];
      const batch: EventBatch = delimited ? batchOfLines(bodies) : batchOf(bodies.map((body) => ({ body })));
      const { batch: scrubbed } = interceptor.intercept(batch);
      assert.equal(scrubbed.delimiter, batch.delimiter);
      return rowsOf(scrubbed).map(({ body }) => body);
    };
    const cleanEvent = event.replace('hunter2', '[Filtered]');
    const expected = [
      clean,
      line.replace('hunter2', '[Filtered]'),
      cleanEvent,
      `{"event_id":"${'b'.repeat(32)}"}\n{"type":"attachment","length":16,"filename":"a"}\npassword=hunter2\n{"type":"event","length":${cleanEvent.length}}\n${cleanEvent}\n`,
      clean,
    ];
    assert.deepEqual(bodiesAfter(false), expected);
    assert.deepEqual(bodiesAfter(true), expected);
    assert.equal(interceptor.counters?.['EventScrubbedCount'], 6);
    const off = make({ scrub: 'false' }).intercept(batchOfLines([line])).batch;
    assert.equal(rowsOf(off)[0]?.body, line);
  });

  it('leaves attachments alone', () => {
    const events = [{ body: 'password=hunter2', headers: { item_type: 'attachment' } }];
    const { batch } = make().intercept(batchOf(events));
    assert.equal(rowsOf(batch)[0]?.body, 'password=hunter2');
    assert.equal(rowsOf(batch)[0]?.headers['sentry.status'], 'ok');
  });

  it('never throws, and loses no event, whatever the bytes and headers', () => {
    const interceptor = make();
    const header = fc.option(
      fc.constantFrom('event', 'item', 'envelope', 'log', 'nginx', '', '\0', '12', '-1', 'x'.repeat(99)),
    );
    const names = ['item_type', 'event_id', 'project_id', 'timestamp', 'received', 'time', 'sentry.format'];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.uint8Array({ maxLength: 80 }), fc.tuple(...names.map(() => header))), { maxLength: 8 }),
        (events) => {
          const columns = names.map(
            (name, i) =>
              new TextColumn(
                name,
                events.map(([, headers]) => headers[i] ?? undefined),
              ),
          );
          const batch = batchOfLines(
            events.map(([bytes]) => Buffer.from(bytes)),
            columns,
          );
          const { batch: after } = interceptor.intercept(batch);
          assert.equal(after.length, batch.length);
          for (let row = 0; row < after.length; row++) {
            assert.ok(!Number.isNaN(after.header('received')?.number(row)));
            assert.match(after.header('sentry.status')?.value(row) ?? '', /^(ok|unparsed)$/);
          }
        },
      ),
    );
  });

  it('never throws for samples that are cut anywhere', () => {
    const interceptor = make();
    const samples = ['kafka-events-topic.jsonl', 'kafka-outcomes-topic.jsonl', 'relay.jsonl', 'nginx-access.log'];
    for (const body of samples.flatMap(lines)) {
      const bytes = Buffer.from(body);
      const cuts = Array.from({ length: Math.min(bytes.length, 300) }, (_, i) =>
        bytes.subarray(0, Math.floor((i * bytes.length) / 300)),
      );
      assert.equal(interceptor.intercept(batchOfLines(cuts)).batch.length, cuts.length);
    }
  });
});
