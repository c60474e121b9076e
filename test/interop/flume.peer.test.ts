import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { avroClient, makeKeyStores, startFlume } from '../../scripts/peers/flume.ts';
import { readFolderEvents } from '../compat/observed.ts';
import type { Child } from '../support/child.ts';
import { freePort, waitForPort } from '../support/free-port.ts';
import { startSluice } from '../support/run-sluice.ts';
import { makeTempDir, removeTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

/** A way of talking: what both ends add to their configuration. */
type Variant = { name: string; source: string; sink: string };

const BATCH = 50;

/** Lines of a configuration, from `key = value` pairs of one component. */
function part(prefix: string, options: Record<string, string | number>): string {
  return Object.entries(options)
    .map(([key, value]) => `${prefix}.${key} = ${value}\n`)
    .join('');
}

/** An agent that receives by avro and writes each event with its headers. `channel` keeps them on disk where that is wanted. */
function receiver(port: number, folder: string, more: string, channel?: string): string {
  return (
    'a.sources = v\na.channels = d\na.sinks = k\n' +
    part('a.sources.v', { type: 'avro', bind: '127.0.0.1', port, channels: 'd' }) +
    more +
    (channel ??
      part('a.channels.d', { type: 'memory', capacity: 100_000, transactionCapacity: 1000, 'keep-alive': 60 })) +
    part('a.sinks.k', {
      type: 'file_roll',
      channel: 'd',
      'sink.directory': folder,
      'sink.rollInterval': 0,
      'sink.batchSize': 1,
      'sink.serializer': 'avro_event',
    })
  );
}

/** An agent that tails a folder and sends by avro; its events have the header `sent = yes`. */
function sender(port: number, dir: string, more: string): string {
  return (
    'a.sources = r\na.channels = c\na.sinks = o\n' +
    part('a.sources.r', {
      type: 'TAILDIR',
      positionFile: `${dir}/position.json`,
      filegroups: 'f',
      'filegroups.f': `${dir}/logs/.*log`,
      'headers.f.sent': 'yes',
      batchSize: BATCH,
      channels: 'c',
    }) +
    part('a.channels.c', { type: 'memory', capacity: 100_000, transactionCapacity: 1000 }) +
    part('a.sinks.o', { type: 'avro', channel: 'c', hostname: '127.0.0.1', port, 'batch-size': BATCH }) +
    more
  );
}

describe('with a real Flume', function () {
  this.timeout(180_000);
  let stores: { keystore: string; truststore: string };
  let storesDir: string;
  let dir: string;
  let port: number;
  const running: Child[] = [];

  before(async () => {
    storesDir = makeTempDir();
    stores = await makeKeyStores(storesDir);
  });

  after(() => removeTempDir(storesDir));

  beforeEach(async () => {
    dir = makeTempDir();
    port = await freePort();
    for (const folder of ['logs', 'out']) mkdirSync(join(dir, folder));
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((child) => child.kill()));
    removeTempDir(dir);
  });

  async function flume(conf: string, ready: RegExp, heap?: string): Promise<Child> {
    const child = await startFlume({ conf, dir: join(dir, 'flume'), ready, heap });
    running.push(child);
    return child;
  }

  async function sluice(conf: string): Promise<Child> {
    const ready = /Component type: SOURCE, name: \S+ started/;
    const child = await startSluice({ conf, dir: join(dir, 'sluice'), ready });
    running.push(child);
    return child;
  }

  const arrived = () => readFolderEvents(join(dir, 'out'));
  const write = (from: number, to: number) => {
    const lines = Array.from({ length: to - from }, (_, i) => `line ${from + i} é 日本`);
    appendFileSync(join(dir, 'logs', 'a.log'), `${lines.join('\n')}\n`);
    return lines;
  };

  function variants(): Variant[] {
    const none = { name: 'plain', source: '', sink: '' };
    const deflate = {
      name: 'deflate',
      source: part('a.sources.v', { 'compression-type': 'deflate' }),
      sink: part('a.sinks.o', { 'compression-type': 'deflate', 'compression-level': 6 }),
    };
    const tls = {
      name: 'TLS',
      get source() {
        return part('a.sources.v', { ssl: 'true', keystore: stores.keystore, 'keystore-password': 'changeit' });
      },
      get sink() {
        return part('a.sinks.o', { ssl: 'true', truststore: stores.truststore, 'truststore-password': 'changeit' });
      },
    };
    return [none, deflate, tls];
  }

  /**
   * Waits until every line has arrived; fails with what is missing or was not sent. `order`: the very lines, once;
   * `batches`, once, which may overtake each other, as Flume answers requests of one connection at the same time; or a
   * number: in any order, and at most so many twice.
   */
  async function all(lines: readonly string[], order: 'lines' | 'batches' | number = 'lines'): Promise<void> {
    const bodies = () => arrived().map(({ body }) => body.toString());
    await waitFor(() => new Set(bodies()).size >= lines.length, {
      timeoutMs: 60_000,
      what: `${lines.length} different lines`,
      everyMs: 100,
    }).catch((error) => {
      throw new Error(
        `${error.message}; ${new Set(bodies()).size} came. ${running.map((c) => c.log().slice(-1500)).join('\n')}`,
      );
    });
    const got = bodies();
    const wanted = new Set(lines);
    assert.deepEqual(got.filter((body) => !wanted.has(body)).slice(0, 5), [], 'bodies that nobody sent');
    const twice = got.length - lines.length;
    const most = typeof order === 'number' ? order : 0;
    assert.ok(twice <= most, `${twice} lines came twice, at most ${most} may`);
    for (const { headers } of arrived()) assert.deepEqual(headers, [['sent', 'yes']]);
    if (order === 'lines') {
      const disorder = got.findIndex((body, i) => body !== lines[i]);
      assert.equal(disorder, -1, `place ${disorder} holds ${got[disorder]}, not ${lines[disorder]}`);
    } else if (order === 'batches') {
      for (let i = 0; i < got.length; i += BATCH) {
        const from = lines.indexOf(got[i]);
        assert.deepEqual(got.slice(i, i + BATCH), lines.slice(from, from + BATCH));
      }
    }
  }

  for (const variant of variants()) {
    it(`sends to its avro source, ${variant.name}: every line once, with its headers`, async () => {
      await flume(receiver(port, join(dir, 'out'), variant.source), /Avro source v started/);
      const lines = write(0, 2000);
      const agent = await sluice(sender(port, dir, variant.sink));
      await all(lines, 'batches');
      assert.equal(await agent.stop(), 143);
    });

    it(`receives from its avro sink, ${variant.name}: every line once, in order, with its headers`, async () => {
      const agent = await sluice(receiver(port, join(dir, 'out'), variant.source));
      await waitForPort(port);
      const lines = write(0, 2000);
      await flume(sender(port, dir, variant.sink), /Component type: SOURCE, name: r started/);
      await all(lines);
      assert.equal(await agent.stop(), 143);
    });
  }

  it('sends to its avro source in order when one batch is in flight at a time', async () => {
    await flume(receiver(port, join(dir, 'out'), ''), /Avro source v started/);
    const lines = write(0, 2000);
    await sluice(sender(port, dir, part('a.sinks.o', { 'max-in-flight': 1 })));
    await all(lines);
  });

  it('receives from its avro-client', async () => {
    await sluice(receiver(port, join(dir, 'out'), ''));
    await waitForPort(port);
    writeFileSync(join(dir, 'headers'), 'sent = yes\n');
    const lines = write(0, 500);
    const client = await avroClient([
      '-H',
      '127.0.0.1',
      '-p',
      String(port),
      '-F',
      join(dir, 'logs', 'a.log'),
      '-R',
      join(dir, 'headers'),
    ]);
    assert.equal(client.code, 0, client.log());
    await all(lines);
  });

  it('loses nothing when the Flume it sends to is killed and comes back', async () => {
    // A file channel, so that what Flume has acknowledged outlives it.
    const channel = part('a.channels.d', {
      type: 'file',
      checkpointDir: join(dir, 'checkpoint'),
      dataDirs: join(dir, 'data'),
      transactionCapacity: 1000,
    });
    const conf = receiver(port, join(dir, 'out'), '', channel);
    const first = await flume(conf, /Avro source v started/);
    const lines = write(0, 1000);
    const agent = await sluice(sender(port, dir, ''));
    await waitFor(() => arrived().length > 100, { timeoutMs: 30_000, what: 'the first events' });
    lines.push(...write(1000, 3000));
    await first.kill();
    lines.push(...write(3000, 4000));
    await flume(conf, /Avro source v started/);
    // Twice may come the batches in flight, eight, and what the sink of Flume had written but not committed.
    await all(lines, 9 * BATCH);
    assert.equal(await agent.stop(), 143);
  });

  it('loses nothing of what a Flume sends while it is restarted', async () => {
    const conf = receiver(port, join(dir, 'out'), '');
    const first = await sluice(conf);
    await waitForPort(port);
    const lines = write(0, 1000);
    await flume(sender(port, dir, ''), /Component type: SOURCE, name: r started/);
    await waitFor(() => arrived().length > 100, { timeoutMs: 30_000, what: 'the first events' });
    lines.push(...write(1000, 3000));
    assert.equal(await first.stop(), 143);
    lines.push(...write(3000, 4000));
    await sluice(conf);
    await all(lines, 2 * BATCH);
  });

  it('goes on receiving when the Flume that sends is killed and comes back', async () => {
    await sluice(receiver(port, join(dir, 'out'), ''));
    await waitForPort(port);
    const conf = sender(port, dir, '').replace(
      /a\.channels\.c\.type = memory\na\.channels\.c\.capacity = 100000\n/,
      part('a.channels.c', { type: 'file', checkpointDir: join(dir, 'checkpoint'), dataDirs: join(dir, 'data') }),
    );
    const first = await flume(conf, /Component type: SOURCE, name: r started/);
    const lines = write(0, 1000);
    await waitFor(() => arrived().length >= 1000, { timeoutMs: 30_000, what: 'the first thousand' });
    lines.push(...write(1000, 3000));
    await waitFor(() => arrived().length > 1100, { timeoutMs: 30_000, what: 'more events' });
    await first.kill();
    lines.push(...write(3000, 4000));
    await flume(conf, /Component type: SOURCE, name: r started/);
    // Its taildir writes positions every few seconds and reads again from there.
    await all(lines, lines.length);
  });
});
