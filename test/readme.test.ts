import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DIFFERS, means } from './compat/lists.ts';
import { Child, runChild } from './support/child.ts';
import { freePorts } from './support/free-port.ts';
import { readmeCommands } from './support/readme.ts';
import { useTempDir } from './support/temp-dir.ts';
import { waitFor } from './support/wait-for.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
/** These want root and a machine to spoil; the tests in test/system/ run them. */
const SYSTEM_HEADINGS = ['As a service', 'As a container'];
/** An event as it lies in a lake. */
const ROW = {
  event_id: '9ec79c33ec9942ab8353589fcb2e04dc',
  project_id: '42',
  timestamp: '2026-11-23 08:00:00.000000',
  level: 'error',
  title: 'KeyError: a',
  item_type: 'event',
};

describe('README', function () {
  this.timeout(120_000);
  const dir = useTempDir();

  it('has commands under the headings that a test knows', () => {
    assert.deepEqual(
      [...readmeCommands().keys()],
      [
        'Try it',
        'A first configuration',
        'A DSN that ends in the lake',
        'The same without a cluster',
        'Coming from Flume',
        ...SYSTEM_HEADINGS,
      ],
    );
  });

  for (const [heading, commands] of readmeCommands()) {
    if (SYSTEM_HEADINGS.includes(heading)) continue;
    it(`its commands under "${heading}" work`, async () => {
      const bin = join(dir(), 'bin');
      mkdirSync(bin);
      symlinkSync(join(ROOT, 'scripts', 'sluice'), join(bin, 'sluice'));
      const conf = join(dir(), 'flume-conf.properties');
      cpSync(join(ROOT, 'conf', 'flume-conf.properties'), conf);
      mkdirSync(join(dir(), 'logs'));
      const [port, sentryPort] = await freePorts(2);
      const lake = join(dir(), 'lake');
      const toLake = join(dir(), 'sentry-to-lake.properties');
      const settings = readFileSync(join(ROOT, 'conf', 'sentry-to-lake.properties'), 'utf8');
      assert.match(settings, /SLUICE_LAKE:-file:\/\/\/var\/lib\/sluice\/lake\}\//);
      assert.match(settings, /port = 9000$/m);
      writeFileSync(toLake, settings.replace(/port = 9000$/m, `port = ${sentryPort}`));
      const day = join(lake, 'day=2026-11-23', 'project=42');
      mkdirSync(day, { recursive: true });
      writeFileSync(join(day, 'items.1.json'), `${JSON.stringify(ROW)}\n`);
      const env = {
        ...process.env,
        PATH: `${bin}:${process.env['PATH']}`,
        STATE_DIRECTORY: join(dir(), 'state'),
        // What a command leaves behind goes with this test's own folder.
        TMPDIR: dir(),
        SLUICE_LOGS: join(dir(), 'logs'),
        SLUICE_LAKE: `file://${lake}`,
      };
      // The reader's own files and ports become those of this test, and the suite does not run itself.
      const adapted = commands.map((command) =>
        command
          .replaceAll('/etc/flume/conf/flume-conf.properties', conf)
          .replaceAll('41414', `${port}`)
          .replaceAll('conf/sentry-to-lake.properties', toLake)
          .replaceAll('/var/lib/sluice/lake', lake)
          .replaceAll('report.html', join(dir(), 'report.html'))
          .replace(/^\.\/scripts\/test$/, './scripts/test test/event/receipt'),
      );
      const agents: Child[] = [];
      try {
        for (const command of adapted) {
          const spec = { command: 'bash', args: ['-c', `exec ${command}`], cwd: ROOT, env };
          if (/^\S*sluice agent /.test(command)) {
            const agent = new Child(spec);
            agents.push(agent);
            await agent.waitForLog(/SOURCE, name: \S+ started/);
          } else {
            await waitFor(
              async () => {
                const child = await runChild(spec, 100_000);
                assert.equal(child.code, 0, `${command}\n${child.log()}`);
                return true;
              },
              { timeoutMs: agents.length > 0 ? 10_000 : 0, what: command },
            );
          }
        }
        for (const agent of agents) assert.equal(await agent.stop(), 143, agent.log());
      } finally {
        for (const agent of agents) await agent.kill();
      }
    });
  }

  it('shows the seed configuration as it is in conf/', () => {
    const shown = README.match(/```properties\n([\s\S]*?)```/)?.[1].split('\n');
    const real = readFileSync(join(ROOT, 'conf', 'seed.properties'), 'utf8').split('\n');
    const settings = (lines: string[] | undefined) => lines?.filter((line) => line !== '' && !line.startsWith('#'));
    assert.deepEqual(settings(shown), settings(real));
  });

  it('names in its table each recorded case that differs, no other, and tests that are there', () => {
    const table = README.split('### What differs on purpose')[1].split('\n## ')[0];
    const rows = table.split('\n').filter((line) => line.startsWith('|'));
    const shown = rows.slice(2).flatMap((row) => {
      const names = [...(row.split('|').at(-2) ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1]);
      assert.ok(names.length > 0, `nothing shows: ${row}`);
      return names;
    });
    const cases = DIFFERS.flatMap((entry) => entry.cases);
    for (const name of shown) {
      if (name.startsWith('test/')) assert.ok(existsSync(join(ROOT, name)), name);
      else
        assert.ok(
          cases.some((one) => means(name, one)),
          `no recorded case ${name} differs`,
        );
    }
    for (const one of cases)
      assert.ok(
        shown.some((name) => means(name, one)),
        `no row of the table names ${one}`,
      );
  });

  it('shows a DSN that conf/sentry-to-lake.properties takes', () => {
    const [, key, port, project] = README.match(/dsn="http:\/\/(\w+)@127\.0\.0\.1:(\d+)\/(\d+)"/) ?? [];
    const settings = readFileSync(join(ROOT, 'conf', 'sentry-to-lake.properties'), 'utf8');
    assert.match(settings, new RegExp(`^agent\\.sources\\.sentry\\.projects = ${project}:${key}$`, 'm'));
    assert.match(settings, new RegExp(`^agent\\.sources\\.sentry\\.port = ${port}$`, 'm'));
  });

  it('names npm scripts that are there', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const named = [...README.matchAll(/`npm (?:run (\S+)|(test))`/g)].map((match) => match[1] ?? match[2]);
    assert.ok(named.length > 0);
    for (const name of named) assert.ok(name in scripts, name);
  });

  it('links to files that are there', () => {
    for (const [, target] of README.matchAll(/\]\(([^)#:]+)\)/g)) assert.ok(existsSync(join(ROOT, target)), target);
  });
});
