import assert from 'node:assert/strict';
import { globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child, runChild } from '../support/child.ts';
import { makeTempDir, removeTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PACKAGE = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

describe('npm package', function () {
  this.timeout(180_000);
  let dir: string;
  let files: string[];

  const run = async (cwd: string, command: string, ...args: string[]) => {
    const child = await runChild({ command, args, cwd }, 150_000);
    assert.equal(child.code, 0, child.log());
    return child.stdout;
  };

  before(async () => {
    dir = makeTempDir('sluice-package-');
    const [packed] = JSON.parse(await run(ROOT, 'npm', 'pack', '--json', '--pack-destination', dir));
    files = packed.files.map((file: { path: string }) => file.path);
    writeFileSync(join(dir, 'package.json'), '{ "private": true }\n');
    await run(dir, 'npm', 'install', '--no-audit', '--no-fund', join(dir, packed.filename));
  });
  after(() => removeTempDir(dir));

  it('holds the program, the examples and the papers, and nothing else', () => {
    for (const wanted of [
      'dist/main.js',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'conf/flume-conf.properties',
      'conf/sluice.service',
    ]) {
      assert.ok(files.includes(wanted), `${wanted} is missing`);
    }
    const strangers = files.filter(
      (file) => !/^(dist\/|conf\/|(package\.json|README\.md|LICENSE|CHANGELOG\.md)$)/.test(file),
    );
    assert.deepEqual(strangers, []);
  });

  it('installs into an empty folder and tells its version', async () => {
    assert.ok(statSync(join(dir, 'node_modules/sluice/dist/main.js')).mode & 0o100, 'main.js is not executable');
    assert.match(
      await run(dir, 'npx', '--no-install', 'sluice', 'version'),
      new RegExp(PACKAGE.version.replaceAll('.', '\\.')),
    );
  });

  it('brings what every built module imports', async () => {
    const dist = join(dir, 'node_modules/sluice/dist');
    const modules = globSync('**/*.js', { cwd: dist }).filter((file) => file !== 'main.js');
    const imports = modules.map((file) => `await import(${JSON.stringify(join(dist, file))});`).join('\n');
    writeFileSync(join(dir, 'all.mjs'), `${imports}\nprocess.exit(0);\n`);
    await run(dir, process.execPath, 'all.mjs');
  });

  it('runs an agent there', async () => {
    mkdirSync(join(dir, 'out'));
    writeFileSync(
      join(dir, 'flume.conf'),
      `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = exec
a.sources.r.command = seq 1 1000
a.sources.r.channels = c
a.channels.c.type = memory
a.channels.c.capacity = 10000
a.sinks.k.type = file_roll
a.sinks.k.channel = c
a.sinks.k.sink.directory = ${dir}/out
`,
    );
    const agent = new Child({
      command: join(dir, 'node_modules/.bin/sluice'),
      args: ['agent', '-n', 'a', '-f', 'flume.conf', '--state-dir', join(dir, 'state')],
      cwd: dir,
    });
    try {
      const wanted = Array.from({ length: 1000 }, (_, i) => `${i + 1}\n`).join('');
      const out = () =>
        globSync('*', { cwd: join(dir, 'out') })
          .sort()
          .map((file) => readFileSync(join(dir, 'out', file), 'utf8'))
          .join('');
      await waitFor(() => out() === wanted, { timeoutMs: 20_000, what: '1000 lines' });
      assert.equal(await agent.stop(), 143);
      assert.equal(out(), wanted);
    } catch (error) {
      console.log(agent.log());
      throw error;
    } finally {
      await agent.kill();
    }
  });
});
