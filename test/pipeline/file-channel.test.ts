import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sendHttp } from '../compat/clients.ts';
import type { Child } from '../support/child.ts';
import { freePort, waitForPort } from '../support/free-port.ts';
import { startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

describe('an agent with a file channel', function () {
  this.timeout(30_000);
  const temp = useTempDir();

  function start(port: number, sink: string, ready: RegExp | undefined = /SOURCE, name: r started/): Promise<Child> {
    const dir = temp();
    return startSluice({
      dir,
      stateDir: join(dir, `state-${port}`),
      conf: `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = http
a.sources.r.bind = 127.0.0.1
a.sources.r.port = ${port}
a.sources.r.channels = c
a.channels.c.type = file
a.channels.c.checkpointDir = ${dir}/fc/checkpoint
a.channels.c.dataDirs = ${dir}/fc/data
a.sinks.k.channel = c
${sink}`,
      ready,
    });
  }

  it('stops at once though nothing is taken from it, and delivers after the restart', async () => {
    const dir = temp();
    mkdirSync(join(dir, 'out'));
    const port = await freePort();
    const nobody = await freePort();
    const first = await start(
      port,
      `a.sinks.k.type = avro\na.sinks.k.hostname = 127.0.0.1\na.sinks.k.port = ${nobody}\n`,
    );
    await waitForPort(port);
    const bodies = ['e1', 'e2', 'e3'];
    const reply = await sendHttp(port, { body: Buffer.from(JSON.stringify(bodies.map((body) => ({ body })))) });
    assert.equal(reply.status, 200);
    // It would wait for 30 s to drain.
    assert.equal(await first.stop(), 143);
    assert.match(first.log(), /kept in channel c: 3 events/);
    const second = await start(port, `a.sinks.k.type = file_roll\na.sinks.k.sink.directory = ${dir}/out\n`);
    const delivered = (): string =>
      readdirSync(join(dir, 'out'))
        .map((name) => readFileSync(join(dir, 'out', name), 'utf8'))
        .join('');
    await waitFor(() => delivered() === 'e1\ne2\ne3\n');
    assert.equal(await second.stop(), 143);
  });

  it('refuses directories that another agent uses, and says which process it is', async () => {
    const port = await freePort();
    const first = await start(port, 'a.sinks.k.type = null\n');
    const second = await start(await freePort(), 'a.sinks.k.type = null\n', /in use by channel/);
    assert.notEqual(await second.exited, 0);
    assert.match(second.log(), new RegExp(`in use by channel c of agent a, process ${first.pid}`));
    await first.stop();
  });
});
