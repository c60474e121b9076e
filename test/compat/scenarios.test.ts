import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Child } from '../support/child.ts';
import { freePort, waitForPort } from '../support/free-port.ts';
import { startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { CASES } from './case.ts';
import { sendHttp } from './clients.ts';
import { readFolderEvents } from './observed.ts';
import { withoutInodes } from './steps.ts';

// The stories of several agents that were recorded from Flume, retold.
describe('the stories recorded from Flume', function () {
  this.timeout(60_000);
  const dir = useTempDir();
  const agents: Child[] = [];

  afterEach(async () => {
    await Promise.all(agents.splice(0).map((agent) => agent.kill()));
  });

  async function start(file: string, name: string, env: Record<string, string>, args: string[] = []): Promise<Child> {
    const ready = /Component type: SOURCE, name: \S+ started/;
    const agent = await startSluice({
      files: [file],
      dir: join(dir(), name),
      env: { DIR: dir(), ...env },
      ready,
      args,
    });
    agents.push(agent);
    return agent;
  }

  const bodies = (folder: string) => readFolderEvents(join(dir(), folder)).map(({ body }) => body.toString());

  it('two hops: 20 000 lines in order, once, and the position file of the end', async () => {
    const story = join(CASES, 'scenarios', 'two-hops');
    mkdirSync(join(dir(), 'logs'));
    mkdirSync(join(dir(), 'out-b'));
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}`);
    writeFileSync(join(dir(), 'logs', 'a.log'), `${lines.join('\n')}\n`);
    const env = { PORTB: String(await freePort()) };
    await start(join(story, 'b.conf'), 'b', env);
    await waitForPort(Number(env.PORTB));
    await start(join(story, 'sender.conf'), 'sender', env);
    await waitFor(() => bodies('out-b').length >= lines.length, {
      timeoutMs: 30_000,
      what: '20 000 events',
      everyMs: 200,
    });
    assert.deepEqual(bodies('out-b'), lines);
    const size = readFileSync(join(dir(), 'logs', 'a.log')).length;
    const expected = `[{"inode":N,"pos":${size},"file":"${join(dir(), 'logs', 'a.log')}"}]`;
    const positions = () => withoutInodes(readFileSync(join(dir(), 'taildir_position.json'), 'utf8'));
    await waitFor(() => positions() === expected, { what: `the position file ${expected}` });
  });

  it('reload: a changed file takes effect, a wrong one does not, and a good one again does', async () => {
    const conf = readFileSync(join(CASES, 'scenarios', 'reload', 'sender.conf'), 'latin1');
    const file = join(dir(), 'flume.conf');
    writeFileSync(file, conf, 'latin1');
    mkdirSync(join(dir(), 'out-sender'));
    const port = await freePort();
    const agent = await start(file, 'sender', { PORT: String(port) }, ['-i', '1']);
    const post = async (body: string) => {
      await waitForPort(port);
      const reply = await sendHttp(port, { body: Buffer.from(JSON.stringify([{ body }])) });
      assert.equal(reply.status, 200);
      await waitFor(() => bodies('out-sender').includes(body), { what: `event ${body}` });
    };
    const headersOf = (body: string) =>
      Object.fromEntries(
        readFolderEvents(join(dir(), 'out-sender')).find((event) => event.body.toString() === body)?.headers ?? [],
      );
    const change = async (more: string, seen: RegExp) => {
      const from = agent.log().length;
      writeFileSync(file, `${conf}\n${more}\n`, 'latin1');
      await agent.waitForLog(seen, 15_000, from);
    };
    const restarted = /Component type: SOURCE, name: r started/;
    await post('e1');
    const adds = (value: string) =>
      `a.sources.r.interceptors = i\na.sources.r.interceptors.i.type = static\na.sources.r.interceptors.i.key = new\na.sources.r.interceptors.i.value = ${value}`;
    await change(adds('yes'), restarted);
    await post('e2');
    assert.deepEqual([headersOf('e1'), headersOf('e2')], [{}, { new: 'yes' }]);
    await change('a.channels.c.type = nonsense', /not valid|nonsense/);
    await post('e3');
    assert.deepEqual(headersOf('e3'), { new: 'yes' });
    // Flume would not see this one any more: a wrong file ends its reloading.
    await change(adds('again'), restarted);
    await post('e4');
    assert.deepEqual(headersOf('e4'), { new: 'again' });
    assert.equal(await agent.stop(), 143);
  });

  it('a file channel whose agent is killed: the events arrive after the restart', async () => {
    const story = join(CASES, 'scenarios', 'file-channel-killed');
    mkdirSync(join(dir(), 'out-b'));
    const port = await freePort();
    const env = { PORT: String(port), PORTB: String(await freePort()) };
    const sender = await start(join(story, 'sender.conf'), 'sender', env);
    await waitForPort(port);
    const sent = ['e1', 'e2', 'e3'];
    const reply = await sendHttp(port, { body: Buffer.from(JSON.stringify(sent.map((body) => ({ body })))) });
    assert.equal(reply.status, 200);
    await sender.kill();
    await start(join(story, 'b.conf'), 'b', env);
    const again = await start(join(story, 'sender.conf'), 'sender', env);
    await waitFor(() => bodies('out-b').length >= 3, { timeoutMs: 20_000, what: 'three events' });
    assert.deepEqual(bodies('out-b'), sent);
    assert.equal(await again.stop(), 143);
  });
});
