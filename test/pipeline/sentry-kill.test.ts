import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import type { Child } from '../support/child.ts';
import { freePort } from '../support/free-port.ts';
import { startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const KEY = '0123456789abcdef0123456789abcdef';
const CLIENTS = 8;
/** Answers between two kills. */
const ANSWERS = 150;

/** Clients that post one event after another, each once, as SDKs do; knows which were answered 200. */
class Load {
  readonly answered = new Set<string>();
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true });
  #posted = 0;
  #ended = false;

  constructor(port: number) {
    this.#port = port;
    for (let i = 0; i < CLIENTS; i++) void this.#run();
  }

  /** Resolves when no client has anything under way. */
  end(): void {
    this.#ended = true;
    this.#agent.destroy();
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      const id = (++this.#posted).toString(16).padStart(32, '0');
      const status = await this.#post(id);
      if (status === 200) this.answered.add(id);
      else await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  #post(id: string): Promise<number> {
    return new Promise((resolve) => {
      const options = {
        agent: this.#agent,
        port: this.#port,
        path: `/api/42/envelope/?sentry_key=${KEY}`,
        method: 'POST',
      };
      const call = request(options, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      });
      call.on('error', () => resolve(0));
      call.end(`{"event_id":"${id}"}\n{"type":"event"}\n{"message":"event ${id}"}\n`);
    });
  }
}

describe('an agent with a sentry source, ack = durable', function () {
  this.timeout(60_000);
  const temp = useTempDir();
  let agent: Child;

  afterEach(() => agent.kill());

  const channels: Readonly<Record<string, (dir: string) => string>> = {
    'a memory channel': () => 'a.channels.c.type = memory\na.channels.c.capacity = 10000\n',
    'a file channel': (dir) =>
      `a.channels.c.type = file\na.channels.c.checkpointDir = ${dir}/fc/checkpoint\na.channels.c.dataDirs = ${dir}/fc/data\n`,
  };

  for (const [name, channel] of Object.entries(channels)) {
    it(`has every event that was answered 200 in the lake, however often it is killed, with ${name}`, async () => {
      const dir = temp();
      const port = await freePort();
      const conf = `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = sentry
a.sources.r.port = ${port}
a.sources.r.projects = 42:${KEY}
a.sources.r.ack = durable
a.sources.r.channels = c
${channel(dir)}
a.sinks.k.type = hdfs
a.sinks.k.channel = c
a.sinks.k.hdfs.path = file://${dir}/lake/project=%{project_id}
a.sinks.k.hdfs.fileType = DataStream
a.sinks.k.hdfs.inUsePrefix = _
a.sinks.k.hdfs.rollInterval = 1
a.sinks.k.hdfs.batchSize = 100
a.sinks.k.serializer = sentry_rows
a.sinks.k.serializer.columns = event_id,message
`;
      const start = (): Promise<Child> =>
        startSluice({ dir, stateDir: join(dir, 'state'), conf, ready: /SOURCE, name: r started/ });
      agent = await start();
      const load = new Load(port);
      try {
        for (let kill = 1; kill <= 2; kill++) {
          const wanted = load.answered.size + ANSWERS;
          await waitFor(() => load.answered.size >= wanted, { what: `${wanted} answers`, timeoutMs: 20_000 });
          await agent.kill();
          agent = await start();
        }
        const wanted = load.answered.size + ANSWERS;
        await waitFor(() => load.answered.size >= wanted, { what: `${wanted} answers`, timeoutMs: 20_000 });
      } finally {
        load.end();
      }
      const inLake = (): Set<string> => {
        const ids = new Set<string>();
        for (const file of globSync('lake/**/*', { cwd: dir, withFileTypes: true })) {
          if (!file.isFile() || file.name.startsWith('_')) continue;
          for (const line of readFileSync(join(file.parentPath, file.name), 'utf8').split('\n')) {
            if (line === '') continue;
            const row = JSON.parse(line) as { event_id: string; message: string };
            assert.equal(row.message, `event ${row.event_id}`);
            ids.add(row.event_id);
          }
        }
        return ids;
      };
      const missing = (): string[] => [...load.answered].filter((id) => !ids.has(id));
      let ids = inLake();
      await waitFor(
        () => {
          ids = inLake();
          return missing().length === 0;
        },
        { what: 'all that was answered', timeoutMs: 15_000, everyMs: 200 },
      );
      assert.equal(await agent.stop(), 143);
    });
  }
});
