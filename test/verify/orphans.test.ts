import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Checkpoint } from '../../src/agent/checkpoint.ts';
import { checkpointPath, readCheckpoints } from '../../src/agent/checkpoint-file.ts';
import { systemClock } from '../../src/agent/clock.ts';
import { memoryLogger } from '../support/context.ts';
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

const UNFINISHED = {
  files: [{ fs: 'file:///', path: '/lake/x.tmp', target: '/lake/x', state: 'open', length: 10, rows: 1 }],
};

describe('an agent whose state knows more components than its configuration', () => {
  const temp = useTempDir();

  it('names those that left something to do, keeps what it knows of them, and counts damage where a dashboard sees it', async () => {
    const stateDir = join(temp(), 'state');
    mkdirSync(stateDir);
    const checkpoint = new Checkpoint({ dir: stateDir, agent: 'a', clock: systemClock, log: memoryLogger() });
    checkpoint.part('sink.old').provide(() => JSON.stringify(UNFINISHED));
    checkpoint.part('sink.done').provide(() => '{"files":[]}');
    checkpoint.part('sink.k').provide(() => '{"files":[]}');
    checkpoint.part('channel.gone').provide(() => '{"checkpointDir":"/c","dataDirs":["/d"],"size":7}');
    checkpoint.part('source.was').provide(() => '{"version":1,"files":[{"path":"/x.log","pos":7}]}');
    await checkpoint.commit();
    await checkpoint.commit();
    await checkpoint.close();
    writeFileSync(checkpointPath(stateDir, 1), 'x');
    const port = await freePort();
    const agent = await startSluice({
      dir: temp(),
      stateDir,
      conf: SEQ,
      args: ['-Dflume.monitoring.type=http', `-Dflume.monitoring.port=${port}`],
      ready: /Counters at/,
    });
    await agent.waitForLog(/SOURCE, name: r started/);
    assert.match(
      agent.log(),
      /WARN.*There is no sink old in this configuration any more; .*: 1 unfinished file, which nobody cuts/,
    );
    assert.match(agent.log(), /WARN.*There is no channel gone in .*: 7 events in its directories/);
    assert.match(agent.log(), /WARN.*There is no source was in .*: where it stood in 1 file/);
    assert.doesNotMatch(agent.log(), /sink (done|k) in this configuration/);
    const counters = (await (await fetch(`http://127.0.0.1:${port}/metrics`)).json()) as Record<string, object>;
    assert.deepEqual(Object.keys(counters).sort(), ['AGENT.a', 'CHANNEL.c', 'SOURCE.r']);
    const { Epoch, CheckpointAgeMs, ...others } = counters['AGENT.a'] as Record<string, string>;
    assert.match(Epoch!, /^\d{13}$/);
    assert.match(CheckpointAgeMs!, /^-?\d+$/);
    assert.deepEqual(others, {
      Type: 'AGENT',
      CheckpointSequence: '2',
      CheckpointFailures: '0',
      CheckpointUnhealthy: '0',
      StateDamaged: '1',
    });
    await agent.stop();
    const found = await readCheckpoints(stateDir);
    const sound = found.flatMap((file) => (file.state === 'sound' ? [file] : []));
    assert.deepEqual(sound.sort((a, b) => b.sequence - a.sequence)[0]?.content.parts['sink.old'], UNFINISHED);
  });
});
