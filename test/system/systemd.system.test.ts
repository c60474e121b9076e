/**
 * conf/sluice.service under a real systemd: a minimal Debian is booted by systemd-nspawn, with Sluice installed from
 * the npm package the way an operator would.
 */
import assert from 'node:assert/strict';
import { appendFileSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Child, runChild } from '../support/child.ts';
import { missingLines } from '../support/lines.ts';
import { readmeCommands } from '../support/readme.ts';
import { makeTempDir, removeTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { CHECKOUT, debianTar, run } from './debian.ts';

const SAMPLE = readFileSync(join(CHECKOUT, 'test', 'fixtures', 'sentry', 'sentry-web.log'));
const START = 'systemctl enable --now sluice';

describe('systemd unit', function () {
  this.timeout(300_000);
  let root: string;
  let machine: Child;
  let init: string;
  /** The files that were there when the agent was killed; it could not close them. */
  let leftByKill: string[] = [];

  /** Runs a program inside the booted system. */
  const inside = (...command: string[]) =>
    run('nsenter', ['--target', init, '--all', '--wdns=/', '--', ...command], 60_000);
  const property = (name: string) => inside('systemctl', 'show', '--value', '--property', name, 'sluice');
  const log = () => join(root, 'var/log/sentry/sentry-web.log');
  const lakeFiles = () =>
    globSync('**/*', { cwd: join(root, 'var/lib/private/sluice/lake'), withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  const lakeText = () =>
    lakeFiles()
      .map((file) => readFileSync(file, 'latin1'))
      .join('');
  const missing = () => missingLines(readFileSync(log(), 'latin1'), lakeText());

  async function install(): Promise<void> {
    await run('tar', ['-xf', await debianTar(['systemd', 'systemd-sysv', 'dbus', 'libstdc++6']), '-C', root]);
    for (const folder of ['var/log/sentry', 'etc/systemd/system/sluice.service.d']) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    // As README.md says, into the system's own tree instead of this machine's.
    const commands = readmeCommands().get('As a service') ?? [];
    assert.equal(commands.at(-1), START);
    for (const command of commands.slice(0, -1)) {
      const adapted = command
        .replace('npm pack', `npm pack --pack-destination ${dirname(root)}`)
        .replace('--global ./', `--global --prefix ${root}/usr ${dirname(root)}/`)
        .replace(' /etc/', ` ${root}/etc/`);
      assert.notEqual(adapted, command);
      await run('sh', ['-c', adapted]);
    }
    // Nobody should wait half a minute for a watchdog; all the rest is the unit as it is.
    writeFileSync(join(root, 'etc/systemd/system/sluice.service.d/quick.conf'), '[Service]\nWatchdogSec=3\n');
    writeFileSync(join(root, 'usr/local/bin/node'), '');
    // As Debian keeps logs: for root and the group adm only.
    appendFileSync(log(), SAMPLE);
    await run('chroot', [root, 'chown', '-R', 'root:adm', '/var/log/sentry']);
    await run('chroot', [root, 'chmod', '-R', 'u=rwX,g=rX,o=', '/var/log/sentry']);
  }

  before(async () => {
    root = join(makeTempDir('sluice-systemd-'), 'root');
    mkdirSync(root);
    await install();
    machine = new Child({
      command: 'systemd-nspawn',
      args: [
        ...['--quiet', '--directory', root, '--register=no', '--keep-unit', '--private-network', '--boot'],
        `--bind-ro=${process.execPath}:/usr/local/bin/node`,
      ],
    });
    await waitFor(
      async () => {
        // nspawn's first children only prepare the ground; the one that stays is systemd.
        init = readFileSync(`/proc/${machine.pid}/task/${machine.pid}/children`, 'latin1').trim().split(' ')[0];
        const state = await runChild({
          command: 'nsenter',
          args: ['--target', init, '--all', '--', 'systemctl', 'is-system-running'],
        });
        return ['running', 'degraded'].includes(state.stdout.trim());
      },
      { timeoutMs: 60_000, everyMs: 100, what: 'systemd to be up' },
    );
  });

  after(async () => {
    if (machine?.alive) {
      await runChild({ command: 'nsenter', args: ['--target', init, '--all', '--', 'systemctl', 'poweroff'] });
      await Promise.race([machine.exited, new Promise((resolve) => setTimeout(resolve, 10_000))]);
      await machine.kill();
    }
    removeTempDir(dirname(root));
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      console.log(await inside('journalctl', '--no-pager', '--lines', '60', '--unit', 'sluice').catch(String));
    }
  });

  it('is up when systemctl start returns', async () => {
    await inside(...START.split(' '));
    assert.equal(await property('ActiveState'), 'active');
    await waitFor(() => missing().length === 0, { timeoutMs: 30_000, what: 'the log in the lake' });
  });

  it('runs in the sandbox: a user of its own, no capabilities, no new privileges, filtered system calls', async () => {
    const status = await inside('cat', `/proc/${await property('MainPID')}/status`);
    const value = (name: string) => status.match(new RegExp(`^${name}:\\s*(\\S+)`, 'm'))?.[1];
    assert.notEqual(value('Uid'), '0');
    assert.equal(value('NoNewPrivs'), '1');
    assert.equal(value('Seccomp'), '2');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd']) assert.match(value(set) ?? '', /^0+$/, set);
  });

  it('is restarted by the watchdog when it hangs, and loses no line', async () => {
    const before = await property('MainPID');
    await inside('systemctl', 'kill', '--kill-who=main', '--signal=STOP', 'sluice');
    appendFileSync(log(), SAMPLE.toString('latin1').replace(/^(?=[\s\S])/gm, 'meanwhile: '), 'latin1');
    leftByKill = lakeFiles();
    await waitFor(async () => (await property('NRestarts')) === '1' && (await property('ActiveState')) === 'active', {
      timeoutMs: 30_000,
      everyMs: 100,
      what: 'the restart',
    });
    assert.notEqual(await property('MainPID'), before);
    assert.match(await inside('journalctl', '--no-pager', '--unit', 'sluice'), /Watchdog timeout/);
    await waitFor(() => missing().length === 0, { timeoutMs: 30_000, what: 'what came meanwhile in the lake' });
  });

  it('says how it is, and is not restarted while it is well', async () => {
    const restarts = await property('NRestarts');
    const stamp = await property('WatchdogTimestampMonotonic');
    await waitFor(async () => Number(await property('WatchdogTimestampMonotonic')) > Number(stamp) + 4_000_000, {
      timeoutMs: 30_000,
      everyMs: 200,
      what: 'signs of life over more than the watchdog time',
    });
    assert.equal(await property('NRestarts'), restarts);
    await waitFor(async () => (await property('StatusText')) !== '', { timeoutMs: 15_000, what: 'a line of status' });
  });

  it('stops cleanly: files closed and named, exit code 143 counted as success', async () => {
    await inside('systemctl', 'stop', 'sluice');
    assert.equal(await property('ActiveState'), 'inactive');
    assert.equal(await property('Result'), 'success');
    assert.equal(await property('ExecMainStatus'), '143');
    const files = lakeFiles().filter((file) => !leftByKill.includes(file));
    assert.ok(files.length > 0);
    for (const file of files) assert.match(file, /sentry\.\d+\.log$/);
    assert.deepEqual(missing(), []);
  });

  it('is not started over and over with a wrong configuration', async () => {
    const conf = join(root, 'etc/sluice/flume-conf.properties');
    appendFileSync(conf, 'agent.sinks.lake.hdfs.rollSizes = 1\nagent.sinks.lake.type = hfds\n');
    await assert.rejects(inside('systemctl', 'start', 'sluice'));
    assert.equal(await property('ActiveState'), 'failed');
    assert.equal(await property('ExecMainStatus'), '78');
    assert.equal(await property('NRestarts'), '0');
  });
});
