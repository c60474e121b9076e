import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

describe('an agent that cannot start', () => {
  const temp = useTempDir();

  async function refused(file: string, code: number, message: RegExp, args: readonly string[] = []): Promise<void> {
    const agent = await startSluice({ dir: temp(), files: [file], args });
    assert.equal(await agent.exited, code, agent.log());
    assert.match(agent.log(), message);
    assert.doesNotMatch(agent.log(), /\n\s+at /, 'no stack trace for what an operator did');
  }

  function write(content: string | Buffer): string {
    const file = join(temp(), `bad-${Math.abs(Buffer.from(content).length)}.conf`);
    writeFileSync(file, content);
    return file;
  }

  it('says that the configuration is missing, unreadable, binary, huge or empty', async () => {
    mkdirSync(join(temp(), 'folder.conf'));
    await refused(join(temp(), 'none.conf'), 78, /none\.conf/);
    await refused(join(temp(), 'folder.conf'), 78, /folder\.conf/);
    await refused(write(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0])), 78, /bad-7\.conf.*/);
    await refused(write(Buffer.alloc(40 << 20, 'a.b = c\n')), 78, /large|MiB|bytes/);
    await refused(write(''), 78, /bad-0\.conf|agent/);
  });

  it('names the agents that are there when its own is not', async () => {
    await refused(write(SEQ.replaceAll('a.', 'other.')), 78, /other/);
  });

  it('says which state directory cannot be used', async () => {
    const dir = temp();
    writeFileSync(join(dir, 'file'), '');
    const agent = await startSluice({ dir, conf: SEQ, stateDir: join(dir, 'file', 'state') });
    assert.equal(await agent.exited, 78);
    assert.match(agent.log(), /The state directory cannot be used: .*file/);
    assert.match(agent.log(), /--state-dir/);
  });

  it('says what is wrong with the command line', async () => {
    const agent = await startSluice({ dir: temp(), conf: SEQ, args: ['--nonsense'] });
    assert.equal(await agent.exited, 64);
    assert.match(agent.log(), /nonsense/);
  });
});
