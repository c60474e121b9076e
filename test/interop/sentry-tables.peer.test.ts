import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Hdfs, startHdfs } from '../../scripts/peers/hdfs.ts';
import { runHive, type SqlRun } from '../../scripts/peers/hive.ts';
import { runPig } from '../../scripts/peers/pig.ts';
import { runSpark } from '../../scripts/peers/spark.ts';
import { startYarn } from '../../scripts/peers/yarn.ts';
import { EVENT_COLUMN_NAMES } from '../../src/sentry/columns.ts';
import type { Child } from '../support/child.ts';
import { freePorts } from '../support/free-port.ts';
import { startSluice } from '../support/run-sluice.ts';
import { daysBefore, lakeRows } from '../support/sentry-lake.ts';
import { answers, linesOf, RAW_EVENTS } from '../support/sentry-lake-answers.ts';
import { envelopes, send, webhooks } from '../support/sentry-traffic.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const CONF = fileURLToPath(new URL('../../conf/', import.meta.url));
const SECRET = 'secret of the integration';

/** The table and the question that everything began with. */
const DDL = (location: string): string => `CREATE EXTERNAL TABLE sentry_events (
    event_id STRING,
    project_id STRING,
    timestamp TIMESTAMP,
    platform STRING,
    message STRING,
    stacktrace STRING
)
ROW FORMAT DELIMITED
FIELDS TERMINATED BY ','
STORED AS TEXTFILE
LOCATION '${location}';
`;
const QUERY = `SELECT project_id, COUNT(*) AS event_count
FROM sentry_events
GROUP BY project_id;
`;

/** Names are printed ahead of the answers. */
const named = (sql: string): string => sql.replace(/^-- name: (\w+)$/gm, '!echo == $1;');

describe("Sentry's data, from SDKs over Sluice into HDFS", function () {
  this.timeout(300_000);
  const temp = useTempDir();
  const days = daysBefore(Date.now());
  const expected = answers(days);
  let hdfs: Hdfs;
  let agent: Child | undefined;

  /** Everything into JSON and delimited rows by day and project; what comes to the second port into rows for the table of the beginning. */
  function agentConf(port: number, seedPort: number, hookPort: number): string {
    const columns = [...EVENT_COLUMN_NAMES, 'trace_id', 'span_id', 'is_segment'].join(',');
    const sinks: Readonly<Record<string, readonly string[]>> = {
      json: ['hdfs.path = lake/json/day=%Y-%m-%d/project=%{project_id}'],
      text: [
        'hdfs.path = lake/text/day=%Y-%m-%d/project=%{project_id}',
        'serializer.format = delimited',
        `serializer.columns = ${columns}`,
      ],
      seed: [
        'hdfs.path = lake/seed',
        'serializer.format = delimited',
        'serializer.delimiter = ,',
        'serializer.columns = event_id,project_id,timestamp,platform,message,stacktrace',
      ],
    };
    const root = `webhdfs://127.0.0.1:${hdfs.httpPort}/`;
    return `
a.sources = s e w
a.channels = ${Object.keys(sinks).join(' ')}
a.sinks = ${Object.keys(sinks).join(' ')}
a.sources.s.type = sentry
a.sources.s.port = ${port}
a.sources.s.dedupe = false
a.sources.s.channels = json text
a.sources.e.type = sentry
a.sources.e.port = ${seedPort}
a.sources.e.dedupe = false
a.sources.e.channels = seed
a.sources.w.type = sentry_webhook
a.sources.w.port = ${hookPort}
a.sources.w.secret = ${SECRET}
a.sources.w.tolerance = 0
a.sources.w.dedupe = 0
a.sources.w.channels = json text
${Object.entries(sinks)
  .map(([name, options]) => {
    const common = ['type = hdfs', `channel = ${name}`, 'serializer = sentry_rows'];
    const files = ['fileType = DataStream', 'timeZone = UTC', 'inUsePrefix = _', 'batchSize = 5000'];
    const never = ['rollInterval = 0', 'rollSize = 0', 'rollCount = 0'];
    const own = options.map((option) => option.replace('path = ', `path = ${root}`));
    const channel = [`type = memory`, 'capacity = 20000', 'transactionCapacity = 5000'];
    return [
      ...channel.map((line) => `a.channels.${name}.${line}`),
      ...[...common, ...[...files, ...never].map((line) => `hdfs.${line}`), ...own].map(
        (line) => `a.sinks.${name}.${line}`,
      ),
    ].join('\n');
  })
  .join('\n')}
`;
  }

  before(async () => {
    const delay = { 'dfs.client.block.write.locateFollowingBlock.initial.delay.ms': '10' };
    hdfs = await startHdfs({ hdfsSite: delay });
    const [port, seedPort, hookPort] = (await freePorts(3)) as [number, number, number];
    const conf = agentConf(port, seedPort, hookPort);
    const rows = lakeRows(days);
    const events = rows.filter((row) => row.item_type === 'event');
    agent = await startSluice({ conf, ready: /SOURCE, name: w started/ });
    await send(envelopes(rows), port);
    await send(envelopes(events), seedPort);
    await send(webhooks(rows, SECRET), hookPort);
    assert.equal(await agent.stop(60_000), 143, agent.log());

    // Another agent that has just written some rows and is lost: its files are still in use, and count nowhere.
    agent = await startSluice({ conf, ready: /SOURCE, name: w started/ });
    await send(envelopes(events.slice(0, 3)), port);
    await send(envelopes(events.slice(0, 3)), seedPort);
    const inUse = async () => {
      const open = [...(await hdfs.list('/lake'))].filter(([path, length]) => /\/_[^/]*$/.test(path) && length > 0);
      return ['json', 'text', 'seed'].every((name) => open.some(([path]) => path.startsWith(`/lake/${name}/`)));
    };
    await waitFor(inUse, { timeoutMs: 30_000, what: 'files in use', everyMs: 100 });
    await agent.kill();
  });

  after(async () => {
    await agent?.kill();
    await hdfs?.stop();
  });

  /** Every statement of an engine in one run, for its start takes longest; the answers by their names. */
  async function ask(engine: 'hive' | 'spark', run: (run: SqlRun) => Promise<string>): Promise<Map<string, string[]>> {
    const root = `hdfs://127.0.0.1:${hdfs.rpcPort}/lake`;
    // The word that Hive has for itself.
    const ddl = engine === 'hive' ? DDL(`${root}/seed`).replace('timestamp ', '`timestamp` ') : DDL(`${root}/seed`);
    const [tables, queries] = ['tables', 'queries'].map((name) =>
      readFileSync(join(CONF, engine, `${name}.sql`), 'utf8'),
    ) as [string, string];
    const file = join(temp(), 'all.sql');
    writeFileSync(file, `${tables}\n${ddl}\n!echo == seed;\n${QUERY}\n!echo == settings;\n${named(queries)}`);
    const variables = { lake: `${root}/json`, delimited: `${root}/text`, from: days.first, to: days.second };
    const printed = await run({ file, hadoopConf: hdfs.confDir, variables });
    const found = new Map<string, string[]>();
    for (const section of printed.split(/^== /m).slice(1)) {
      const end = section.indexOf('\n');
      found.set(section.slice(0, end), linesOf(section.slice(end + 1)));
    }
    found.delete('settings');
    return found;
  }

  function compare(found: Map<string, string[]>): void {
    assert.deepEqual(found.get('seed')?.sort(), RAW_EVENTS);
    for (const [name, lines] of Object.entries(expected)) assert.deepEqual(found.get(name), lines, name);
    assert.deepEqual([...found.keys()].sort(), ['seed', ...Object.keys(expected)].sort());
  }

  it('gives the right answers in Hive', async () => {
    compare(await ask('hive', runHive));
  });

  it('gives the same answers in Spark', async () => {
    compare(await ask('spark', runSpark));
  });

  it('gives the same rates in Pig', async () => {
    await runPig({
      file: join(CONF, 'pig', 'error-rate.pig'),
      hadoopConf: hdfs.confDir,
      parameters: { lake: `/lake/text/day={${days.first},${days.second}}/project=*`, out: '/pig' },
    });
    const stored = async (folder: string): Promise<string[]> => {
      const parts = [...(await hdfs.list(`/pig/${folder}`)).keys()].filter((path) => path.includes('/part-')).sort();
      const texts = await Promise.all(parts.map((path) => hdfs.read(path)));
      return linesOf(texts.join(''));
    };
    assert.deepEqual(await stored('by_hour'), expected['events_by_hour']);
    assert.deepEqual(
      (await stored('by_project')).map((line) => line.replace(/(\.\d{6})\d+$/, '$1')),
      expected['error_rate_delimited'],
    );
  });

  it('gives the same counts by MapReduce on YARN', async () => {
    const yarn = await startYarn(hdfs.confDir);
    try {
      // How often each project stands in the second column.
      await yarn.example('grep', '/lake/seed', '/counted', '^[^,]*,([0-9]+),', '1');
    } finally {
      await yarn.stop();
    }
    const counted = linesOf((await hdfs.read('/counted/part-r-00000')).toString());
    assert.deepEqual(counted.map((line) => line.split(', ').reverse().join(', ')).sort(), RAW_EVENTS);
  });
});
