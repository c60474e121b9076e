import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';

describe('sluice check', () => {
  const temp = useTempDir();

  async function checked(sink: string): Promise<{ code: number | undefined; log: string }> {
    const file = join(temp(), 'flume.conf');
    writeFileSync(
      file,
      `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = seq
a.sources.r.channels = c
a.channels.c.type = memory
a.sinks.k.channel = c
${sink}`,
    );
    const child = await runSluice(['check', '-n', 'a', '-f', file]);
    return { code: child.code, log: child.log() };
  }

  it('finds what only shows when the components are made, with its place', async () => {
    const scheme = await checked('a.sinks.k.type = hdfs\na.sinks.k.hdfs.path = s3a://bucket/logs\n');
    assert.equal(scheme.code, 78, scheme.log);
    assert.match(scheme.log, /flume\.conf:\d+:\d+: sink k: .*unknown scheme s3a:/);
    const store = await checked(
      'a.sinks.k.type = null\na.sources = s\na.sources.s.type = avro\na.sources.s.bind = 127.0.0.1\na.sources.s.port = 4141\na.sources.s.ssl = true\na.sources.s.channels = c\n',
    );
    assert.equal(store.code, 78, store.log);
    assert.match(store.log, /flume\.conf:\d+:\d+: source s: .*keystore/);
  });

  it('says how much an agent is made of', async () => {
    const good = await checked('a.sinks.k.type = null\n');
    assert.equal(good.code, 0, good.log);
    assert.match(good.log, /Agent a can run: 1 source, 1 channel, 1 sink, 0 warnings/);
  });
});
