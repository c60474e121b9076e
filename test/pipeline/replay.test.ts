import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const LINES = Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join('');

/** TAILDIR through a memory channel, its positions in `dir`. */
function tail(dir: string): string {
  return `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = TAILDIR
a.sources.r.filegroups = f
a.sources.r.filegroups.f = ${dir}/logs/app.log
a.sources.r.positionFile = ${dir}/positions.json
a.sources.r.writePosInterval = 100
a.sources.r.channels = c
a.channels.c.type = memory
a.channels.c.capacity = 5000
a.sinks.k.channel = c
`;
}

describe('a memory channel behind TAILDIR', () => {
  const temp = useTempDir();

  it('loses nothing at a kill -9: the position stands only behind lines that were delivered', async () => {
    const dir = temp();
    mkdirSync(join(dir, 'logs'));
    mkdirSync(join(dir, 'out'));
    writeFileSync(join(dir, 'logs', 'app.log'), LINES);
    // A peer that takes the connection and never answers: nothing is ever delivered.
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => {
      sockets.add(socket.on('error', () => {}));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as { port: number };
    const stalled = await startSluice({
      dir,
      conf: `${tail(dir)}a.sinks.k.type = avro\na.sinks.k.hostname = 127.0.0.1\na.sinks.k.port = ${port}\n`,
      ready: /SOURCE, name: r started/,
    });
    await waitFor(() => sockets.size > 0);
    await stalled.kill();
    for (const socket of sockets) socket.destroy();
    silent.close();

    const agent = await startSluice({
      dir,
      conf: `${tail(dir)}a.sinks.k.type = file_roll\na.sinks.k.sink.directory = ${dir}/out\na.sinks.k.sink.rollInterval = 0\n`,
      ready: /SOURCE, name: r started/,
    });
    const delivered = (): string =>
      readdirSync(join(dir, 'out'))
        .map((name) => readFileSync(join(dir, 'out', name), 'utf8'))
        .join('');
    await waitFor(() => delivered().length >= LINES.length);
    await agent.stop();
    assert.equal(delivered(), LINES);
  });

  it('delivers a line once over a stop and a start', async () => {
    const dir = temp();
    mkdirSync(join(dir, 'logs'));
    mkdirSync(join(dir, 'out'));
    writeFileSync(join(dir, 'logs', 'app.log'), LINES);
    const conf = `${tail(dir)}a.sinks.k.type = file_roll\na.sinks.k.sink.directory = ${dir}/out\na.sinks.k.sink.rollInterval = 0\n`;
    const delivered = (): string =>
      readdirSync(join(dir, 'out'))
        .sort()
        .map((name) => readFileSync(join(dir, 'out', name), 'utf8'))
        .join('');
    for (let life = 0; life < 3; life++) {
      const agent = await startSluice({ dir, conf, ready: /SOURCE, name: r started/ });
      await waitFor(() => delivered().length > (LINES.length * life) / 3);
      assert.equal(await agent.stop(), 143);
    }
    const last = await startSluice({ dir, conf, ready: /SOURCE, name: r started/ });
    await waitFor(() => delivered().length >= LINES.length);
    await last.stop();
    assert.equal(delivered(), LINES);
  });
});
