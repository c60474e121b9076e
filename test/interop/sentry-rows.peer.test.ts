import assert from 'node:assert/strict';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runSpark } from '../../scripts/peers/spark.ts';
import { sentryRows } from '../../src/serializers/sentry_rows/index.ts';
import { batchOf, type SampleEvent } from '../support/batches.ts';
import { serializerOf } from '../support/serializer.ts';
import { useTempDir } from '../support/temp-dir.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/sentry');
const HEADERS = { item_type: 'event', 'sentry.format': 'item' };
const HARD = [
  'a, b\r\nc\\',
  '\\N',
  'x\u0001y\tz "q" \\n',
  'u\u2028v\u0085w',
  '\\',
  ',',
  '日本, 😀',
  "it's\\,",
  'NUL \0',
];

/** Every sample of an event, and messages that break rows and columns if anything does. */
const EVENTS: readonly SampleEvent[] = [
  ...globSync('[0-9][0-9]-*', { cwd: FIXTURES })
    .sort()
    .map((file) => ({ body: readFileSync(join(FIXTURES, file)), headers: { ...HEADERS, project_id: '42' } })),
  ...HARD.map((message, i) => ({
    body: JSON.stringify({
      event_id: String(i).padStart(32, '0'),
      timestamp: 1_795_392_000 + i,
      platform: 'c',
      message,
    }),
    headers: { ...HEADERS, project_id: '43' },
  })),
];
const COLUMNS = ['event_id', 'project_id', 'timestamp', 'platform', 'message', 'stacktrace'] as const;
type Row = Readonly<Partial<Record<(typeof COLUMNS)[number], string>>>;

function written(options: Readonly<Record<string, string>>): Buffer {
  const batch = batchOf(EVENTS);
  const serializer = serializerOf(sentryRows, { columns: COLUMNS.join(','), ...options });
  return Buffer.concat(serializer.rows(batch, 0, batch.length));
}

/** How a value stands in a table without an escape. */
function replaced(value: string): string {
  const line = value.replace(/\r\n?|[\n\v\f\u0085\u2028\u2029]/g, '\\n').replace(/[\0-\x08\x0e-\x1f\x7f]/g, ' ');
  return line === '\\N' ? ' \\N' : line;
}

/** Each table, what it says of its rows, how they are written, and how a value comes back. */
const TABLES = {
  plain: {
    rows: "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','",
    options: { delimiter: ',' },
    expected: (value: string) => replaced(value).replaceAll(',', ';'),
  },
  hives_own: { rows: '', options: {}, expected: replaced },
  escaped: {
    rows: `ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe'
WITH SERDEPROPERTIES ('field.delim' = ',', 'escape.delim' = '\\\\', 'serialization.escape.crlf' = 'true')`,
    options: { delimiter: ',', escape: 'backslash' },
    expected: (value: string) => value.replace(/[\v\f\u0085\u2028\u2029]/g, '\n').replaceAll('\0', ' '),
  },
} as const;

describe('delimited rows of sentry_rows in Spark', function () {
  this.timeout(300_000);
  const temp = useTempDir();

  it('come back as they were written, from tables without an escape and with one', async () => {
    const dir = temp();
    const statements = Object.entries(TABLES).map(([name, { rows, options }]) => {
      mkdirSync(join(dir, name));
      writeFileSync(join(dir, name, 'rows.txt'), written({ format: 'delimited', ...options }));
      return `CREATE EXTERNAL TABLE ${name} (event_id STRING, project_id STRING, timestamp TIMESTAMP, platform STRING, message STRING, stacktrace STRING)
${rows} STORED AS TEXTFILE LOCATION 'file://${dir}/${name}';
SELECT '${name}', event_id, project_id, date_format(timestamp, 'yyyy-MM-dd HH:mm:ss.SSSSSS'), platform,
hex(encode(message, 'UTF-8')), hex(encode(stacktrace, 'UTF-8')) FROM ${name} ORDER BY event_id;
`;
    });
    const file = join(dir, 'tables.sql');
    writeFileSync(file, statements.join(''));
    const found = (await runSpark({ file })).trimEnd().split('\n');

    const lines = written({}).toString().trimEnd().split('\n');
    const rows = lines.map((line) => JSON.parse(line) as Row).sort((a, b) => (a.event_id! < b.event_id! ? -1 : 1));
    assert.equal(rows.length, EVENTS.length);
    const bytes = (value: string | undefined) =>
      value === undefined ? 'NULL' : Buffer.from(value).toString('hex').toUpperCase();
    const wanted = Object.entries(TABLES).flatMap(([name, { expected }]) =>
      rows.map((row) => {
        const texts = [row.message, row.stacktrace].map((text) => bytes(text === undefined ? text : expected(text)));
        return [name, row.event_id, row.project_id, row.timestamp, row.platform, ...texts].join('\t');
      }),
    );
    assert.deepEqual(found, wanted);
  });
});
