import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { withTmpfs } from '../support/tmpfs.ts';
import { waitFor } from '../support/wait-for.ts';

describe('a position file on a disk that is full', () => {
  const temp = useTempDir();

  it('is said, stops nothing, and is written as soon as there is room', async () => {
    const dir = temp();
    for (const name of ['logs', 'out', 'state']) mkdirSync(join(dir, name));
    await withTmpfs(join(dir, 'state'), '64k', async (state) => {
      writeFileSync(join(dir, 'logs', 'app.log'), 'first\n');
      const fill = join(state, 'fill');
      assert.throws(() => writeFileSync(fill, Buffer.alloc(1 << 20)), /ENOSPC/);
      const agent = await startSluice({
        dir,
        stateDir: join(dir, 'own'),
        conf: `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = TAILDIR
a.sources.r.filegroups = f
a.sources.r.filegroups.f = ${dir}/logs/app.log
a.sources.r.positionFile = ${state}/positions.json
a.sources.r.writePosInterval = 100
a.sources.r.channels = c
a.channels.c.type = memory
a.sinks.k.type = file_roll
a.sinks.k.channel = c
a.sinks.k.sink.directory = ${dir}/out
a.sinks.k.sink.rollInterval = 0
`,
        ready: /SOURCE, name: r started/,
      });
      const delivered = (): string =>
        readdirSync(join(dir, 'out'))
          .map((name) => readFileSync(join(dir, 'out', name), 'utf8'))
          .join('');
      await waitFor(() => delivered() === 'first\n');
      await agent.waitForLog(/positions\.json.*(room|space)/i);
      appendFileSync(join(dir, 'logs', 'app.log'), 'second\n');
      await waitFor(() => delivered() === 'first\nsecond\n');
      rmSync(fill);
      await waitFor(() => readFileSync(join(state, 'positions.json'), 'utf8').includes('"pos":13'));
      assert.equal(await agent.stop(), 143);
    });
  });
});
