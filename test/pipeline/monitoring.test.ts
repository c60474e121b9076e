import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { freePort } from '../support/free-port.ts';
import { startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';

const SEQ = `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = seq
a.sources.r.totalEvents = 3
a.sources.r.channels = c
a.channels.c.type = memory
a.sinks.k.type = null
a.sinks.k.channel = c
`;

describe('monitoring an agent', () => {
  const temp = useTempDir();

  it("serves Flume's counters on loopback", async () => {
    const port = await freePort();
    const agent = await startSluice({
      dir: temp(),
      conf: SEQ,
      args: ['-Dflume.monitoring.type=http', `-Dflume.monitoring.port=${port}`],
      ready: /Counters at http:\/\/127\.0\.0\.1:/,
    });
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    const counters = (await answer.json()) as Record<string, Record<string, string>>;
    assert.equal(counters['CHANNEL.c']?.['Type'], 'CHANNEL');
    assert.equal(counters['SOURCE.r']?.['Type'], 'SOURCE');
    await agent.stop();
  });

  it('serves them on every interface when told to', async () => {
    const monitoring = ['type=http', `port=${await freePort()}`, 'bind=0.0.0.0'];
    const agent = await startSluice({
      dir: temp(),
      conf: SEQ,
      args: monitoring.map((setting) => `-Dflume.monitoring.${setting}`),
      ready: /Counters at http:\/\/0\.0\.0\.0:/,
    });
    await agent.stop();
  });

  it('runs on when its port is in use, says so, and serves as soon as it is free', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const agent = await startSluice({
      dir: temp(),
      conf: SEQ,
      args: ['-Dflume.monitoring.type=http', `-Dflume.monitoring.port=${port}`],
      ready: /SOURCE, name: r started/,
    });
    await agent.waitForLog(new RegExp(`The address is in use: monitoring on 127\\.0\\.0\\.1:${port}`));
    await new Promise((resolve) => server.close(resolve));
    await agent.waitForLog(/Counters at/);
    assert.equal(await agent.stop(), 143);
  });
});
