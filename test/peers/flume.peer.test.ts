import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { avroClient, startFlume } from '../../scripts/peers/flume.ts';
import { freePort } from '../support/free-port.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const CONF = `
a.sources = v
a.channels = c
a.sinks = k
a.sources.v.type = avro
a.sources.v.bind = 127.0.0.1
a.sources.v.port = \${env:PORT}
a.sources.v.channels = c
a.channels.c.type = memory
a.channels.c.keep-alive = 60
a.sinks.k.type = file_roll
a.sinks.k.channel = c
a.sinks.k.sink.directory = \${env:DIR}
a.sinks.k.sink.batchSize = 1
a.sinks.k.sink.rollInterval = 0
`;

describe('the real Flume', function () {
  this.timeout(180_000);
  const dir = useTempDir();

  it('takes events from its own client and ends with 143', async () => {
    const port = await freePort();
    const agent = await startFlume({
      conf: CONF,
      dir: dir(),
      env: { PORT: String(port) },
      ready: /Avro source v started/,
    });
    const client = await avroClient(['-H', '127.0.0.1', '-p', String(port)], 'one\ntwo\n');
    assert.equal(client.code, 0, client.log());
    await waitFor(() => {
      const text = readdirSync(dir())
        .filter((name) => /^\d/.test(name))
        .map((name) => readFileSync(join(dir(), name), 'utf8'));
      return text.join('') === 'one\ntwo\n';
    });
    assert.equal(await agent.stop(), 143);
  });
});
