import type { EventBatch } from '../../src/event/event-batch.ts';
import { GivenReader, HEADER } from '../../src/sentry/headers.ts';
import { rowsOf } from '../../src/sentry/rows.ts';
import { sentryRows } from '../../src/serializers/sentry_rows/index.ts';
import { batchOf } from '../support/batches.ts';
import { serializerOf } from '../support/serializer.ts';

/**
 * How fast Sentry's events become rows, without a disk: `node test/bench/sentry-rows.ts`. Events of 4 KB with an exception of eight frames and the headers that the
 * source gives them.
 */

const BATCHES = 16;
const EVENTS = 250;
const EVENT_BYTES = 4096;
const SECONDS = 3;

const hex = (n: number, digits: number) => n.toString(16).padStart(digits, '0');

function bodyOf(n: number): string {
  const frame = (i: number) => ({
    filename: `shop/module_${(n + i) % 97}.py`,
    abs_path: `/srv/app/shop/module_${(n + i) % 97}.py`,
    function: `step_${i}`,
    module: `shop.module_${(n + i) % 97}`,
    lineno: 10 + i,
    in_app: i > 3,
    context_line: `    order = Order.objects.create(id=${n}, user=u)`,
  });
  const event = {
    event_id: hex(n, 32),
    timestamp: 1_795_392_000 + n / 10,
    platform: 'python',
    level: 'error',
    release: `shop@2.3.${n % 7}`,
    environment: 'production',
    server_name: `web-${n % 9}`,
    transaction: '/checkout/{id}',
    user: { id: n % 5000, email: 'a@example.com' },
    tags: { browser: 'Firefox 120', vip: n % 2 === 0, retries: 3 },
    exception: {
      values: [
        {
          type: 'IntegrityError',
          value: `duplicate key, id=${n}\nDETAIL: Key (id)=(${n}) already exists`,
          mechanism: { type: 'django', handled: false },
          stacktrace: { frames: Array.from({ length: 8 }, (_, i) => frame(i)) },
        },
      ],
    },
    contexts: { runtime: { name: 'CPython', version: '3.12.4' }, trace: { trace_id: hex(n, 32), span_id: hex(n, 16) } },
    sdk: { name: 'sentry.python.django', version: '2.68.0' },
    extra: { note: '' },
  };
  event.extra.note = 'x'.repeat(Math.max(0, EVENT_BYTES - JSON.stringify(event).length));
  return JSON.stringify(event);
}

function batchAt(batch: number): EventBatch {
  return batchOf(
    Array.from({ length: EVENTS }, (_, i) => ({
      body: bodyOf(batch * EVENTS + i),
      headers: {
        [HEADER.itemType]: 'event',
        [HEADER.eventId]: hex(batch * EVENTS + i, 32),
        [HEADER.projectId]: '42',
        [HEADER.timestamp]: '1795392000000',
        [HEADER.received]: '1795392000100',
        [HEADER.hash]: hex(i % 20, 32),
        [HEADER.issueId]: `v1-${hex(i % 20, 32)}`,
        [HEADER.format]: 'item',
      },
    })),
  );
}

const batches = Array.from({ length: BATCHES }, (_, i) => batchAt(i));

function bench(name: string, write: (batch: EventBatch) => number): void {
  for (const batch of batches) write(batch);
  let rows = 0;
  let bytes = 0;
  const start = performance.now();
  while (performance.now() - start < SECONDS * 1000) {
    for (const batch of batches) {
      bytes += write(batch);
      rows += batch.length;
    }
  }
  const seconds = (performance.now() - start) / 1000;
  console.log(
    name.padEnd(40),
    `${Math.round(rows / seconds)} rows/s`.padStart(16),
    `${Math.round(bytes / rows)} bytes a row`.padStart(18),
    `RSS ${process.memoryUsage.rss() >> 20} MB`.padStart(12),
  );
}

function serializer(name: string, options: Readonly<Record<string, string>>): void {
  const made = serializerOf(sentryRows, options);
  bench(name, (batch) => made.rows(batch, 0, batch.length).reduce((sum, chunk) => sum + chunk.length, 0));
}

bench('reading alone', (batch) => {
  const given = new GivenReader(batch);
  for (let i = 0; i < batch.length; i++) rowsOf(batch.bodyOf(i), given.of(i), { crash: 'last' });
  return 0;
});
serializer('json', {});
serializer('delimited', { format: 'delimited' });
serializer('delimited, escaped', { format: 'delimited', escape: '\\' });
const columns = 'event_id,project_id,timestamp,platform,message,stacktrace';
serializer('delimited, six columns', { format: 'delimited', delimiter: ',', columns });
