import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sentryRows } from '../../../src/serializers/sentry_rows/index.ts';
import { batchOf, type SampleEvent } from '../../support/batches.ts';
import { serializerOf } from '../../support/serializer.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/sentry');
const names = globSync('[0-9][0-9]-*', { cwd: FIXTURES }).sort();
/** The columns of a table with six of them, parted by commas. */
const COLUMNS = 'event_id,project_id,timestamp,platform,message,stacktrace';

function event(file: string): SampleEvent {
  const headers = { item_type: 'event', project_id: '42', 'sentry.format': 'item' };
  return { body: readFileSync(join(FIXTURES, file)), headers };
}

function written(events: readonly SampleEvent[], options: Readonly<Record<string, string>>): string {
  const batch = batchOf(events);
  return Buffer.concat(serializerOf(sentryRows, options).rows(batch, 0, batch.length)).toString();
}

/** As a reader of lines has them that heeds every kind of line end. */
function linesOf(text: string): string[] {
  assert.ok(text.endsWith('\n'));
  return text.slice(0, -1).split(/\r\n|[\n-\r\u0085\u2028\u2029]/);
}

describe('sentry_rows over real payloads', () => {
  it('gives a table of plain commas exactly its columns, a line an event', () => {
    const lines = linesOf(written(names.map(event), { format: 'delimited', columns: COLUMNS, delimiter: ',' }));
    assert.equal(lines.length, names.length);
    for (const [i, line] of lines.entries()) {
      const parts = line.split(',');
      assert.equal(parts.length, 6, names[i]);
      assert.match(parts[0]!, /^[0-9a-f]{32}$/, names[i]);
      assert.equal(parts[1], '42');
      assert.match(parts[2]!, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/, names[i]);
    }
    const [first] = lines;
    assert.match(first!, /,python,IntegrityError: .*id="A;1"/);
    assert.match(first!.split(',')[5]!, /checkout\\n.*save/);
  });

  it('gives the same rows as JSON, and stack traces either way round', () => {
    const last = linesOf(written([event(names[0]!)], {})).map((line) => JSON.parse(line) as Record<string, unknown>);
    const first = JSON.parse(written([event(names[0]!)], { crash: 'first' })) as Record<string, unknown>;
    assert.equal(last.length, 1);
    const [row] = last;
    assert.equal(row!['item_type'], 'event');
    assert.equal(row!['handled'], false);
    assert.equal((row!['tags'] as Record<string, unknown>)['customer,tier'], 'gold "plus"');
    assert.equal(typeof row!['contexts'], 'string');
    const place = (trace: unknown, frame: string) => String(trace).indexOf(frame);
    assert.ok(place(row!['stacktrace'], 'checkout') < place(row!['stacktrace'], 'save'));
    assert.ok(place(first['stacktrace'], 'save') < place(first['stacktrace'], 'checkout'));
    const { stacktrace: _, ...rest } = row!;
    const { stacktrace: __, ...others } = first;
    assert.deepEqual(rest, others);
  });

  it('reads its own JSON back for every sample, whole characters alone', () => {
    const text = written(names.map(event), {});
    assert.ok(Buffer.from(text).toString() === text && text.isWellFormed());
    const ids = linesOf(text).map((line) => (JSON.parse(line) as Record<string, unknown>)['event_id']);
    assert.equal(new Set(ids).size, names.length);
  });

  it('makes several rows of one container', () => {
    const items = [
      { timestamp: 1, level: 'info', body: 'a,\nb' },
      { timestamp: 2, level: 'warn', body: 'c' },
    ];
    const headers = { item_type: 'log', project_id: '42', 'sentry.format': 'item' };
    const container = { body: JSON.stringify({ items }), headers };
    const options = { format: 'delimited', columns: 'item_type,message', delimiter: ',' };
    assert.equal(written([container, container], options), 'log,a;\\nb\nlog,c\nlog,a;\\nb\nlog,c\n');
  });
});
