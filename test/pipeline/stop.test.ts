import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../support/free-port.ts';
import { startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';

/** A command that says numbers and then waits. */
function numbers(count: number): string {
  return `a.sources.r.type = exec
a.sources.r.shell = /bin/sh -c
a.sources.r.command = seq 1 ${count}; sleep 1000
a.sources.r.channels = c
`;
}

const LISTS = `a.sources = r
a.channels = c
a.sinks = k
a.channels.c.type = memory
a.channels.c.capacity = 100000
a.sinks.k.channel = c
`;

function out(dir: string): string {
  return readdirSync(join(dir, 'out'))
    .map((name) => readFileSync(join(dir, 'out', name), 'utf8'))
    .join('');
}

function upTo(count: number): string {
  return Array.from({ length: count }, (_, i) => `${i + 1}\n`).join('');
}

describe('stopping an agent', () => {
  const temp = useTempDir();

  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    it(`by ${signal} drains the memory channel, closes the files and exits with ${code}`, async () => {
      const dir = temp();
      mkdirSync(join(dir, 'out'));
      const agent = await startSluice({
        dir,
        conf: `${LISTS}${numbers(50_000)}a.sinks.k.type = hdfs
a.sinks.k.hdfs.path = file://${dir}/out
a.sinks.k.hdfs.fileType = DataStream
a.sinks.k.hdfs.rollCount = 0
a.sinks.k.hdfs.rollSize = 0
a.sinks.k.hdfs.rollInterval = 0
`,
        ready: /SOURCE, name: r started/,
      });
      agent.signal(signal);
      assert.equal(await agent.exited, code, agent.log());
      // Its command may be ended in the middle of a line, which is then the last one.
      const text = out(dir).replace(/\n$/, '');
      const wanted = upTo(50_000).slice(0, text.length);
      assert.equal(text, wanted);
      assert.deepEqual(
        readdirSync(join(dir, 'out')).filter((name) => name.endsWith('.tmp')),
        [],
      );
    });
  }

  it('ends when the drain time is over, and says how many events are left behind', async () => {
    const dir = temp();
    const agent = await startSluice({
      dir,
      conf: `${LISTS}${numbers(500)}a.sinks.k.type = avro
a.sinks.k.hostname = 127.0.0.1
a.sinks.k.port = ${await freePort()}
`,
      args: ['--drain-timeout', '0.2'],
      ready: /Unable to deliver event/,
    });
    agent.signal('SIGTERM');
    assert.equal(await agent.exited, 143);
    assert.match(agent.log(), /left behind in channel c: 500 events/);
  });

  it('ends at once by a second signal, and says what is left behind', async () => {
    const dir = temp();
    const agent = await startSluice({
      dir,
      conf: `${LISTS}${numbers(500)}a.sinks.k.type = avro
a.sinks.k.hostname = 127.0.0.1
a.sinks.k.port = ${await freePort()}
`,
      ready: /Unable to deliver event/,
    });
    agent.signal('SIGTERM');
    await agent.waitForLog(/stopping/);
    agent.signal('SIGTERM');
    assert.equal(await agent.exited, 143);
    assert.match(agent.log(), /Ended at once by a second SIGTERM; left behind: 500 events in channel c/);
  });
});
