import assert from 'node:assert/strict';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Hook, SECRET, sample, sampleBody, signed } from '../sources/sentry_webhook/harness.ts';
import type { Child } from '../support/child.ts';
import { freePort } from '../support/free-port.ts';
import { startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';

type Row = Readonly<Record<string, unknown>>;

const DAY = Date.parse('2026-11-23T00:00:00Z') / 1000;

/** The issue of the samples again, as it is after another step of its life. */
function later(action: string, seconds: number, over: Row): Hook {
  const payload = JSON.parse(sampleBody('issue-created').toString()) as { data: { issue: Row } };
  const issue = { ...payload.data.issue, ...over };
  return signed(JSON.stringify({ ...payload, action, data: { issue } }), seconds);
}

/** Created a second after midnight, resolved at two, back the next day, put away an hour later. */
const LIFE: readonly Hook[] = [
  sample('issue-created'),
  sample('issue-resolved'),
  later('unresolved', DAY + 86_400, { substatus: 'regressed' }),
  later('ignored', DAY + 90_000, { status: 'ignored', substatus: 'archived_forever' }),
  sample('error-created'),
];

function conf(dir: string): string {
  return `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = sentry_webhook
a.sources.r.channels = c
a.sources.r.port = 0
a.sources.r.path = /sentry
a.sources.r.secretFile = ${dir}/secret
a.sources.r.tolerance = 0
a.sources.r.dedupe = 0
a.channels.c.type = memory
a.sinks.k.type = hdfs
a.sinks.k.channel = c
a.sinks.k.hdfs.path = file://${dir}/lake/day=%Y-%m-%d
a.sinks.k.hdfs.timeZone = UTC
a.sinks.k.hdfs.fileType = DataStream
a.sinks.k.hdfs.inUsePrefix = _
a.sinks.k.serializer = sentry_rows
`;
}

describe('webhooks of Sentry on their way into a table', function () {
  this.timeout(60_000);
  const temp = useTempDir();

  const LISTENING = /listening on [\d.]+:(\d+)\/sentry/;

  async function post(agent: Child, { headers, body }: Hook): Promise<number> {
    const port = LISTENING.exec(agent.log())?.[1];
    const sent = { method: 'POST', headers: headers as Record<string, string>, body: new Uint8Array(body) };
    const response = await fetch(`http://127.0.0.1:${port}/sentry`, sent);
    await response.arrayBuffer();
    return response.status;
  }

  /** The rows that are in the lake after these webhooks, by file of a day. */
  async function rowsAfter(dir: string, hooks: readonly Hook[]): Promise<Map<string, Row[]>> {
    writeFileSync(join(dir, 'secret'), `${SECRET}\n`);
    const agent = await startSluice({ dir, conf: conf(dir), ready: LISTENING });
    for (const hook of hooks) assert.equal(await post(agent, hook), 200);
    await agent.stop();
    assert.ok(!agent.log().includes(SECRET));
    const days = new Map<string, Row[]>();
    for (const file of globSync('lake/day=*/*', { cwd: dir }).sort()) {
      const day = file.split('/')[1]!;
      assert.doesNotMatch(file, /\/_|\.tmp$/);
      const lines = readFileSync(join(dir, file), 'utf8').trimEnd().split('\n');
      days.set(day, [...(days.get(day) ?? []), ...lines.map((line) => JSON.parse(line) as Row)]);
    }
    return days;
  }

  it('are told to come later while the channel is full, though its keep-alive is longer than Sentry waits', async () => {
    const dir = temp();
    writeFileSync(join(dir, 'secret'), `${SECRET}\n`);
    const [sources] = conf(dir).split('a.sinks.k.type');
    const full = `a.channels.c.capacity = 1
a.channels.c.transactionCapacity = 1
a.channels.c.keep-alive = 3600
a.sinks.k.type = avro
a.sinks.k.channel = c
a.sinks.k.hostname = 127.0.0.1
a.sinks.k.port = ${await freePort()}
a.sinks.k.batch-size = 1
`;
    const agent = await startSluice({ dir, conf: sources + full, ready: LISTENING });
    const [created, resolved] = LIFE;
    assert.equal(await post(agent, created!), 200);
    assert.equal(await post(agent, resolved!), 503);
    await agent.kill();
  });

  it('gives a row for each step in the life of an issue, whatever order they come in and however often', async () => {
    const days = await rowsAfter(temp(), [...LIFE, ...LIFE].reverse());
    assert.deepEqual(
      [...days].map(([day, rows]) => `${day} ${rows.length}`),
      ['day=2026-11-22 2', 'day=2026-11-23 4', 'day=2026-11-24 4'],
    );
    const rows = [...days.values()].flat();
    const steps = rows
      .filter((row) => row['item_type'] === 'issue')
      .map((row) =>
        ['at', 'issue_id', 'project_id', 'project', 'action', 'status', 'substatus', 'first_seen', 'actor_type'].map(
          (name) => row[name],
        ),
      );
    const first = '2026-11-22 23:59:59.999999';
    const common = ['77', '42', 'shop'];
    assert.deepEqual(
      [...new Set(steps.map((step) => JSON.stringify(step)))].sort(),
      [
        ['2026-11-23 00:00:01.000000', ...common, 'created', 'unresolved', 'new', first, 'application'],
        ['2026-11-23 02:00:00.000000', ...common, 'resolved', 'resolved', undefined, first, 'user'],
        ['2026-11-24 00:00:00.000000', ...common, 'unresolved', 'unresolved', 'regressed', first, 'application'],
        ['2026-11-24 01:00:00.000000', ...common, 'archived', 'ignored', 'archived_forever', first, 'application'],
      ].map((step) => JSON.stringify(step)),
    );
    const [error] = days.get('day=2026-11-22')!;
    assert.equal(error!['item_type'], 'event');
    assert.equal(error!['issue_id'], '77');
    assert.equal(error!['hash'], 'd'.repeat(32));
    assert.equal(error!['timestamp'], first);
    assert.equal(error!['type'], 'IntegrityError');
    assert.ok(!('action' in error!));
    // But for the time of receipt, repetitions are the same rows.
    const distinct = new Set(rows.map(({ received: _, ...row }) => JSON.stringify(row)));
    assert.equal(distinct.size, LIFE.length);
  });
});
