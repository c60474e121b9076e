import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAIN, startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';

const CONF = `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = exec
a.sources.r.command = tail -F /dev/null
a.sources.r.channels = c
a.channels.c.type = memory
a.sinks.k.type = null
a.sinks.k.channel = c
`;

describe('an agent at work', () => {
  const temp = useTempDir();

  it('goes on with the old configuration when the new one is missing, binary or wrong, and takes a good one', async () => {
    const file = join(temp(), 'flume.conf');
    writeFileSync(file, CONF);
    const agent = await startSluice({ dir: temp(), files: [file], ready: /SOURCE, name: r started/ });
    const reload = async (message: RegExp): Promise<void> => {
      const from = agent.log().length;
      agent.signal('SIGHUP');
      await agent.waitForLog(message, 20_000, from);
    };
    rmSync(file);
    await reload(/cannot be run: .*there is no such file/);
    writeFileSync(file, Buffer.alloc(10));
    await reload(/cannot be run: .*NUL byte/);
    writeFileSync(file, CONF.replace('= exec', '= exce'));
    await reload(/not valid, the old one stays/);
    const nowhere = `a.channels.c.checkpointDir = ${file}/c\na.channels.c.dataDirs = ${file}/d\n`;
    writeFileSync(file, `${CONF.replace('= memory', '= file')}${nowhere}`);
    await reload(
      /The configuration cannot be run: .*the directories of channel c(.|\n)*Runs with the old configuration/,
    );
    writeFileSync(file, CONF.replace('/dev/null', '/dev/zero.none'));
    await reload(/Runs with the new configuration/);
    assert.equal(await agent.stop(), 143, agent.log());
  });

  it('outlives the reader of its log', async () => {
    const file = join(temp(), 'flume.conf');
    writeFileSync(file, CONF);
    const args = [MAIN, 'agent', '-n', 'a', '-f', file, '--state-dir', join(temp(), 'state')];
    const agent = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = new Promise((resolve) => agent.once('exit', resolve));
    let log = '';
    for await (const text of agent.stderr.setEncoding('utf8')) {
      log += text;
      // Leaving the loop closes the pipe.
      if (/SOURCE, name: r started/.test(log)) break;
    }
    agent.kill('SIGHUP');
    agent.kill('SIGTERM');
    assert.equal(await ended, 143);
  });
});
