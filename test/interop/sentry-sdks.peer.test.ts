import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Client, goClient, javaClient, pythonClient } from '../../scripts/peers/sdks.ts';
import { readContainer } from '../support/avro-container.ts';
import { Child, runChild } from '../support/child.ts';
import { freePort } from '../support/free-port.ts';
import { type LakeRow, readLake } from '../support/lake.ts';
import { startSluice } from '../support/run-sluice.ts';
import { makeTempDir, removeTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const SDKS = fileURLToPath(new URL('./sdks/', import.meta.url));
const KEY = '0123456789abcdef0123456789abcdef';
/** Relay's limit of a value, and the dots of a cut one. */
const MOST_VALUE = 8192;
/** How many errors are answered in that test, and how often the agent is killed meanwhile. */
const ANSWERS = 600;
const LIVES = 4;

/** What a client says that it handed to its transport. */
interface Told {
  readonly kind: string;
  readonly id?: string;
  readonly level?: string;
  readonly type?: string | null;
  readonly value?: string | null;
  readonly message?: string;
  readonly transaction?: string;
  readonly status?: string | number;
  readonly frames?: number;
}

interface Tried {
  readonly name: string;
  readonly project: string;
  readonly client: () => Promise<Client>;
  /** What the `sdk` column begins with. */
  readonly sdk: string;
  /** Which other things it sends. */
  readonly sends: readonly ('attachment' | 'session' | 'check_in' | 'transaction' | 'segment')[];
}

const node =
  (...args: string[]): (() => Promise<Client>) =>
  async () => ({
    command: process.execPath,
    args: [join(SDKS, ...args)],
  });

const TRIED: readonly Tried[] = [
  {
    name: 'Python',
    project: '1',
    client: pythonClient,
    sdk: 'sentry.python',
    sends: ['attachment', 'session', 'check_in', 'transaction'],
  },
  {
    name: 'Node',
    project: '2',
    client: node('node', 'client.ts'),
    sdk: 'sentry.javascript.node/',
    sends: ['attachment', 'session', 'segment'],
  },
  {
    name: 'browser',
    project: '3',
    client: node('browser', 'client.ts'),
    sdk: 'sentry.javascript.browser/',
    sends: ['session'],
  },
  { name: 'Go', project: '4', client: goClient, sdk: 'sentry.go/', sends: ['attachment', 'check_in', 'transaction'] },
  {
    name: 'Java',
    project: '5',
    client: javaClient,
    sdk: 'sentry.java/',
    sends: ['attachment', 'session', 'check_in', 'transaction'],
  },
];

/** An event as the raw copy of the lake holds it. */
interface RawEvent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

function agentConf(dir: string, port: number): string {
  return `
a.sources = s
a.channels = rows raw
a.sinks = lake copy
a.sources.s.type = sentry
a.sources.s.port = ${port}
a.sources.s.projects = ${TRIED.map(({ project }) => `${project}:${KEY}`).join(' ')}
a.sources.s.ack = durable
a.sources.s.channels = rows raw
a.channels.rows.type = memory
a.channels.raw.type = memory
a.sinks.lake.type = hdfs
a.sinks.lake.channel = rows
a.sinks.lake.hdfs.path = file://${dir}/lake/day=%Y-%m-%d/project=%{project_id}
a.sinks.lake.hdfs.fileType = DataStream
a.sinks.lake.hdfs.inUsePrefix = _
a.sinks.lake.hdfs.rollInterval = 0
a.sinks.lake.hdfs.rollSize = 0
a.sinks.lake.hdfs.rollCount = 0
a.sinks.lake.serializer = sentry_rows
a.sinks.copy.type = hdfs
a.sinks.copy.channel = raw
a.sinks.copy.hdfs.path = file://${dir}/raw
a.sinks.copy.hdfs.fileType = DataStream
a.sinks.copy.hdfs.rollInterval = 0
a.sinks.copy.hdfs.rollSize = 0
a.sinks.copy.hdfs.rollCount = 0
a.sinks.copy.serializer = avro_event
`;
}

function rawEvents(dir: string): RawEvent[] {
  return readdirSync(dir).flatMap((file) =>
    readContainer(readFileSync(join(dir, file))).blocks.flatMap((block) => block as RawEvent[]),
  );
}

describe("Sentry's SDKs", function () {
  this.timeout(240_000);
  const dir = makeTempDir();
  const told = new Map<string, readonly Told[]>();
  let rows: LakeRow[] = [];
  let raw: RawEvent[] = [];

  before('clients send to one agent, which then stops', async () => {
    const port = await freePort();
    const agent = await startSluice({ conf: agentConf(dir, port), dir, ready: /SOURCE, name: s started/ });
    await Promise.all(
      TRIED.map(async ({ name, project, client }) => {
        const { command, args } = await client();
        const dsn = `http://${KEY}@127.0.0.1:${port}/${project}`;
        const child = await runChild({ name, command, args: [...args, dsn] }, 120_000);
        assert.equal(child.code, 0, `${name}: ${child.log()}`);
        assert.doesNotMatch(child.stderr, /^console:/m, name);
        const lines = child.stdout.split('\n').filter((line) => line.startsWith('{'));
        told.set(
          project,
          lines.map((line) => JSON.parse(line) as Told),
        );
      }),
    );
    assert.equal(await agent.stop(60_000), 143, agent.log());
    assert.doesNotMatch(agent.log(), new RegExp(KEY), 'a key in the log');
    rows = readLake(join(dir, 'lake'));
    raw = rawEvents(join(dir, 'raw'));
  });

  after(() => removeTempDir(dir));

  for (const { name, project, sdk, sends } of TRIED) {
    describe(name, () => {
      const ofKind = (kind: string) => told.get(project)!.filter((one) => one.kind === kind);
      const ofType = (type: string) => rows.filter((row) => row['project_id'] === project && row['item_type'] === type);

      it('finds every error and message in the lake, once, as it sent it', () => {
        const sent = ofKind('event');
        assert.ok(sent.length >= 5, 'the client sent events');
        const found = ofType('event');
        assert.deepEqual(found.map((row) => row['event_id']).sort(), sent.map((one) => one.id).sort());
        for (const one of sent) {
          const row = found.find((other) => other['event_id'] === one.id)!;
          assert.equal(row['level'], one.level);
          assert.equal(row['release'], 'shop@1.2.3');
          assert.equal(row['environment'], 'test');
          assert.ok(String(row['sdk']).startsWith(sdk), String(row['sdk']));
          assert.match(String(row['timestamp']), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/);
          assert.match(String(row['issue_id']), /^v1-[0-9a-f]{32}$/);
          if (one.type) assert.equal(row['type'], one.type);
          if (one.value) {
            const value = one.value.toWellFormed();
            if (value.length <= MOST_VALUE) assert.equal(row['value'], value);
            else assert.ok(String(row['value']).endsWith('...') && value.startsWith(String(row['value']).slice(0, -3)));
          }
          if (one.frames) assert.ok(String(row['stacktrace']).length > 0, 'a stack trace');
        }
      });

      it('finds its log messages', () => {
        const messages = ofType('log').map((row) => row['message']);
        assert.deepEqual(
          messages.toSorted(),
          ofKind('log')
            .map((one) => one.message)
            .toSorted(),
        );
      });

      if (sends.includes('transaction'))
        it('finds its transaction', () => {
          const [one] = ofKind('transaction');
          const row = ofType('transaction').find((other) => other['event_id'] === one?.id);
          assert.equal(row?.['transaction'], 'checkout');
        });

      if (sends.includes('segment'))
        it('finds the segment that stands for a transaction, and the span in it', () => {
          const spans = ofType('span');
          assert.deepEqual(
            spans.filter((row) => row['is_segment'] === true).map((row) => row['transaction']),
            ['GET /checkout'],
          );
          assert.equal(spans.length, 2);
        });

      if (sends.includes('session'))
        it('finds its session, begun and ended', () => {
          const session = [...ofType('session'), ...ofType('sessions')];
          assert.ok(session.some((row) => row['status'] === 'exited' || row['init'] === true));
        });

      if (sends.includes('check_in'))
        it('finds its check-in', () => {
          assert.equal(ofType('check_in').length, 1);
          assert.equal(ofType('check_in')[0]!['status'], 'ok');
        });

      if (sends.includes('attachment'))
        it('finds the bytes of its attachment', () => {
          const attachments = raw.filter(
            ({ headers }) => headers['project_id'] === project && headers['item_type'] === 'attachment',
          );
          const state = attachments.find(({ headers }) => headers['filename'] === 'state.bin');
          assert.deepEqual(state?.body, Buffer.from(Uint8Array.from({ length: 1024 }, (_, i) => i % 256)));
        });
    });
  }

  it('keeps what an SDK was told is kept, over a SIGKILL at any moment', async () => {
    const killed = makeTempDir();
    try {
      const port = await freePort();
      const start = () => startSluice({ conf: agentConf(killed, port), dir: killed, ready: /SOURCE, name: s started/ });
      let agent = await start();
      const client = new Child({
        name: 'Node',
        command: process.execPath,
        args: [join(SDKS, 'node', 'client.ts'), `http://${KEY}@127.0.0.1:${port}/2`, String(ANSWERS)],
      });
      const answered = () =>
        client.stdout
          .split('\n')
          .filter((line) => line.includes('"kind":"answer"') && line.endsWith('}'))
          .map((line) => JSON.parse(line) as Told)
          .filter((one) => one.status === 200 && one.id !== undefined)
          .map((one) => one.id!);
      for (let life = 1; life <= LIVES; life++) {
        await waitFor(() => answered().length >= (ANSWERS / (LIVES + 1)) * life || !client.alive, {
          what: `answers in life ${life}`,
          timeoutMs: 30_000,
        });
        await agent.kill();
        agent = await start();
      }
      assert.equal(await client.exited, 0, client.log());
      assert.equal(await agent.stop(60_000), 143, agent.log());
      const lake = readLake(join(killed, 'lake'))
        .filter((row) => row['item_type'] === 'event')
        .map((row) => row['event_id']);
      const kept = new Set(lake);
      assert.equal(kept.size, lake.length, 'an event is there twice');
      assert.ok(answered().length >= ANSWERS, 'the client was answered');
      assert.deepEqual(
        answered().filter((id) => !kept.has(id)),
        [],
      );
    } finally {
      removeTempDir(killed);
    }
  });
});
