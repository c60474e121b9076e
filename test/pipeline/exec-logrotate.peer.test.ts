import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runChild } from '../support/child.ts';
import { startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

describe('exec with tail -F over a log that the real logrotate rotates', () => {
  const temp = useTempDir();

  it('delivers every line once that the real tail prints', () => deliversAll('-F', 'false'));

  for (const flag of ['-F', '-f'])
    it(`delivers every line once with ${flag} and without the command`, () => deliversAll(flag, 'true'));

  async function deliversAll(flag: string, nativeTail: string): Promise<void> {
    const dir = temp();
    const log = join(dir, 'app.log');
    const out = join(dir, 'out');
    mkdirSync(out);
    writeFileSync(log, '');
    const conf = join(dir, 'logrotate.conf');
    writeFileSync(conf, `"${log}" {\n  rotate 10\n  missingok\n  create 0640\n}\n`, { mode: 0o644 });
    const agent = await startSluice({
      dir,
      conf: `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = exec
a.sources.r.command = tail -n +1 ${flag} ${log}
a.sources.r.nativeTail = ${nativeTail}
a.sources.r.channels = c
a.channels.c.type = memory
a.sinks.k.type = file_roll
a.sinks.k.channel = c
a.sinks.k.sink.directory = ${out}
a.sinks.k.sink.rollInterval = 0
`,
      ready: /SOURCE, name: r started/,
    });
    const delivered = (): string =>
      readdirSync(out)
        .map((name) => readFileSync(join(out, name), 'utf8'))
        .join('');
    let expected = '';
    for (let rotation = 0; rotation < 5; rotation++) {
      for (let i = 0; i < 200; i++) {
        const line = `rotation ${rotation} line ${i}\n`;
        appendFileSync(log, line);
        expected += line;
        // A file that is rotated away before anybody has seen its name is nobody's.
        if (i === 0) await waitFor(() => delivered().length >= expected.length);
      }
      // tail itself may lose what is written to a file that is renamed under it; what it prints must not be lost.
      if (nativeTail === 'false') await waitFor(() => delivered().length >= expected.length);
      const rotated = await runChild({
        command: '/usr/sbin/logrotate',
        args: ['-f', '-s', join(dir, 'logrotate.state'), conf],
      });
      assert.equal(rotated.code, 0, rotated.log());
    }
    assert.ok(readdirSync(dir).includes('app.log.5'));
    await waitFor(() => delivered().length >= expected.length);
    await agent.stop();
    assert.equal(delivered(), expected);
  }
});
