import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runChild } from '../support/child.ts';
import { startSluice } from '../support/run-sluice.ts';
import { makeTempDir, removeTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

async function run(command: string, ...args: string[]): Promise<void> {
  const child = await runChild({ command, args });
  assert.equal(child.code, 0, `${command} ${args.join(' ')}: ${child.log()}`);
}

/** 9 MB. */
const LINES = Array.from({ length: 60_000 }, (_, i) => `${i} ${'x'.repeat(140)}`);

const SINKS: Readonly<Record<string, (folder: string) => readonly string[]>> = {
  file_roll: (folder) => ['type = file_roll', `sink.directory = ${folder}`, 'sink.rollInterval = 0'],
  hdfs: (folder) => [
    'type = hdfs',
    `hdfs.path = file://${folder}`,
    'hdfs.fileType = DataStream',
    'hdfs.rollInterval = 0',
    'hdfs.rollSize = 1000000',
    'hdfs.rollCount = 0',
  ],
};

describe('a disk that fills while it is written to', function () {
  this.timeout(120_000);
  let dir: string;
  let disk: string;

  beforeEach(async () => {
    dir = makeTempDir();
    disk = join(dir, 'disk');
    mkdirSync(disk);
    await run('mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk);
  });

  afterEach(async () => {
    await run('umount', disk);
    removeTempDir(dir);
  });

  for (const [type, options] of Object.entries(SINKS)) {
    it(`stops the ${type} sink with an error that names the file, until there is room: then every line is there once`, async () => {
      const out = join(disk, 'out');
      mkdirSync(out);
      const log = join(dir, 'app.log');
      writeFileSync(log, `${LINES.join('\n')}\n`);
      const conf = [
        'a.sources = r',
        'a.channels = c',
        'a.sinks = k',
        'a.sources.r.type = TAILDIR',
        'a.sources.r.filegroups = f',
        `a.sources.r.filegroups.f = ${log}`,
        `a.sources.r.positionFile = ${dir}/position.json`,
        'a.sources.r.channels = c',
        'a.channels.c.type = memory',
        'a.channels.c.capacity = 100000',
        'a.channels.c.transactionCapacity = 1000',
        'a.sinks.k.channel = c',
        ...options(out).map((option) => `a.sinks.k.${option}`),
      ].join('\n');
      const agent = await startSluice({ dir, conf });
      try {
        const [error] = await agent.waitForLog(/There is no room left: .*/, 60_000);
        assert.ok(error.includes(`${out}/`), error);
        assert.match(error, /Make room or raise the quota; it goes on by itself\./);
        await agent.waitForLog(/There is no room left: .*[\s\S]*There is no room left: /, 60_000);
        assert.ok(agent.alive);

        await run('mount', '-o', 'remount,size=64m', disk);
        const position = (): number => JSON.parse(readFileSync(join(dir, 'position.json'), 'utf8'))[0].pos;
        await waitFor(() => position() === statSync(log).size, { timeoutMs: 60_000, what: 'the last line' });
        assert.equal(await agent.stop(), 143);
      } finally {
        await agent.kill();
      }
      const names = readdirSync(out);
      assert.deepEqual(
        names.filter((name) => name.endsWith('.tmp')),
        [],
      );
      const found = names.flatMap((name) => readFileSync(join(out, name), 'utf8').split('\n').slice(0, -1));
      found.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
      assert.ok(found.length === LINES.length && found.every((line, i) => line === LINES[i]), `${found.length} lines`);
    });
  }
});
