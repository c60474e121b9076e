import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '../../src/errors.ts';
import type { EventBatch } from '../../src/event/event-batch.ts';
import { avroSource } from '../../src/sources/avro.ts';
import { SourceRun } from '../sources/harness.ts';
import { rowsOf } from '../support/batches.ts';
import type { Child } from '../support/child.ts';
import { freePort } from '../support/free-port.ts';
import { startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

/** What the peer got, in order, with what it told the sender that it had not taken. */
class Peer {
  readonly port: number;
  readonly run: SourceRun;
  readonly got: { name: string; body: string }[] = [];
  /** Takes a batch and answers that it failed, so often: the sender sends it again. */
  liesLeft = 0;

  constructor(port: number) {
    this.port = port;
    this.run = new SourceRun(avroSource, { bind: '127.0.0.1', port: `${port}` });
    this.run.out.before = (batch: EventBatch) => {
      for (const { headers, body } of rowsOf(batch)) {
        const { 'sluice.agent': agent, 'sluice.epoch': epoch, 'sluice.sequence': sequence } = headers;
        assert.ok(agent !== undefined && epoch !== undefined && sequence !== undefined);
        this.got.push({ name: `${agent} ${epoch} ${sequence}`, body });
      }
      if (this.liesLeft-- > 0) throw new SluiceError('CHANNEL_FULL', 'says the peer, though it has it');
    };
  }

  /** What a reader has that drops what it has seen. */
  get distinct(): string[] {
    const seen = new Map<string, string>();
    for (const { name, body } of this.got) {
      assert.equal(seen.get(name) ?? body, body, `two events are called ${name}`);
      seen.set(name, body);
    }
    return [...seen.values()];
  }
}

describe('sequence headers behind an avro sink', function () {
  this.timeout(60_000);
  const temp = useTempDir();

  function conf(port: number, source: string): string {
    return `a.sources = r
a.channels = c
a.sinks = k
${source}
a.sources.r.channels = c
a.sources.r.sequenceHeaders = true
a.channels.c.type = memory
a.channels.c.capacity = 10000
a.sinks.k.type = avro
a.sinks.k.hostname = 127.0.0.1
a.sinks.k.port = ${port}
a.sinks.k.batch-size = 50
a.sinks.k.channel = c
`;
  }

  it('let a reader drop exactly what came twice: failed appends, kills, rotations, cuts', async () => {
    const peer = new Peer(await freePort());
    await peer.run.start();
    mkdirSync(join(temp(), 'logs'));
    const log = join(temp(), 'logs', 'app.log');
    const source = `a.sources.r.type = TAILDIR
a.sources.r.filegroups = g
a.sources.r.filegroups.g = ${join(temp(), 'logs')}/app\\\\.log.*
a.sources.r.positionFile = ${join(temp(), 'positions.json')}`;
    const start = (): Promise<Child> =>
      startSluice({ dir: temp(), conf: conf(peer.port, source), ready: /SOURCE, name: r started/ });
    const lines: string[] = [];
    const write = (count: number): void => {
      const more = Array.from({ length: count }, (_, i) => `line ${lines.length + i}`);
      lines.push(...more);
      appendFileSync(log, `${more.join('\n')}\n`);
    };
    const arrived = (): Promise<unknown> =>
      waitFor(() => new Set(peer.got.map(({ body }) => body)).size >= lines.length, {
        what: 'all lines',
        timeoutMs: 20_000,
      });
    let agent = await start();
    for (let round = 0; round < 6; round++) {
      peer.liesLeft = 2;
      write(300);
      if (round === 2) {
        await arrived();
        renameSync(log, `${log}.1`);
        write(10);
      }
      if (round === 4) {
        await arrived();
        truncateSync(log, 0);
      }
      if (round % 2 === 1) {
        // In the middle of the work, so that lines are on their way that no checkpoint knows to be delivered.
        const before = peer.got.length;
        await waitFor(() => peer.got.length > before + 60, { what: 'some lines', everyMs: 1 });
        await agent.kill();
        agent = await start();
      }
      await arrived();
    }
    await agent.stop();
    await peer.run.stop();
    assert.ok(peer.got.length > lines.length, 'something came twice');
    assert.deepEqual(peer.distinct.toSorted(), lines.toSorted());
  });

  it('do so for a source that cannot read again, within its life; no number comes again in the next one', async () => {
    const peer = new Peer(await freePort());
    await peer.run.start();
    const source = 'a.sources.r.type = seq\na.sources.r.totalEvents = 500';
    for (let life = 1; life <= 2; life++) {
      peer.liesLeft = 3;
      const agent = await startSluice({ dir: temp(), conf: conf(peer.port, source) });
      await waitFor(() => peer.run.out.rows >= 500 * life, { what: 'all events', timeoutMs: 20_000 });
      await agent.stop();
      assert.ok(peer.got.length > 500 * life, 'something came twice');
      assert.equal(peer.distinct.length, 500 * life);
    }
    await peer.run.stop();
  });
});
