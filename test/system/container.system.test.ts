/**
 * The Dockerfile, really built and run. There is no image registry here: buildah makes an image of the official one's
 * name from a minimal Debian and this Node.
 */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  chownSync,
  cpSync,
  globSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { runChild } from '../support/child.ts';
import { missingLines } from '../support/lines.ts';
import { readmeCommands } from '../support/readme.ts';
import { makeTempDir, removeTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { CHECKOUT, debianTar, run } from './debian.ts';

const BASE = 'docker.io/library/node:24-bookworm-slim';
const IMAGE = 'localhost/sluice:ci';
const SAMPLE = readFileSync(join(CHECKOUT, 'test', 'fixtures', 'sentry', 'sentry-web.log'));
/** No network; and no systemd for timers, no setrlimit above what this container host grants. */
const ENGINE = ['--network', 'none', '--no-healthcheck', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096'];
/** The user `node` of the official image. */
const UID = 1000;

/** All that lies in a lake, in the order of the file names. */
function lakeText(lake: string): string {
  return globSync('**/*', { cwd: lake, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => readFileSync(file, 'latin1'))
    .join('');
}

describe('container image', function () {
  this.timeout(300_000);
  let dir: string;
  let storage: string[];
  const buildah = (...args: string[]) => run('buildah', [...storage, ...args]);
  const podman = (...args: string[]) =>
    run('podman', [...storage, '--cgroup-manager', 'cgroupfs', '--runtime', '/usr/sbin/runc', ...args]);

  async function makeBase(): Promise<void> {
    const container = await buildah('from', 'scratch');
    await buildah('add', container, await debianTar(['ca-certificates', 'libstdc++6']), '/');
    const root = await buildah('mount', container);
    cpSync(process.execPath, join(root, 'usr/local/bin/node'));
    const npm = dirname(dirname(realpathSync((await run('sh', ['-c', 'command -v npm'])).trim())));
    cpSync(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
    await run('ln', ['-s', '../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm')]);
    await run('chroot', [root, 'useradd', '--uid', `${UID}`, '--create-home', '--shell', '/bin/bash', 'node']);
    await buildah('umount', container);
    await buildah('commit', '--quiet', '--rm', container, BASE);
  }

  before(async () => {
    dir = makeTempDir('sluice-oci-');
    storage = ['--root', join(dir, 'root'), '--runroot', join(dir, 'run'), '--storage-driver', 'overlay'];
    await makeBase();
    const certificates = '/etc/ssl/certs/ca-certificates.crt';
    const npmrc = join(dir, 'npmrc');
    writeFileSync(npmrc, `registry=${await run('npm', ['config', 'get', 'registry'])}\ncafile=${certificates}\n`);
    await buildah(
      ...['build', '--isolation', 'chroot', '--pull-never', '--format', 'docker', '--network', 'host'],
      ...['--volume', '/etc/ssl/certs:/etc/ssl/certs:ro', '--volume', `${npmrc}:/root/.npmrc:ro`],
      ...['--tag', IMAGE, CHECKOUT],
    );
  });

  after(async () => {
    await runChild({
      command: 'podman',
      args: [
        ...storage,
        '--cgroup-manager',
        'cgroupfs',
        '--runtime',
        '/usr/sbin/runc',
        'rm',
        '--all',
        '--force',
        '--time',
        '0',
      ],
    });
    await runChild({ command: 'buildah', args: [...storage, 'rmi', '--all', '--force'] });
    await runChild({ command: 'umount', args: [join(dir, 'root', 'overlay')] });
    removeTempDir(dir);
  });

  /** Starts a container the way a careful operator would: nothing to write to but its volumes, no rights, no network. */
  async function start(name: string) {
    const volumes: Record<string, string> = Object.fromEntries(
      ['logs', 'state', 'lake'].map((volume) => [volume, join(dir, name, volume)]),
    );
    for (const folder of Object.values(volumes)) {
      mkdirSync(folder, { recursive: true });
      chownSync(folder, UID, UID);
    }
    // As README.md says, with folders of this test as volumes, and what podman wants where there is no systemd.
    const sources: Record<string, string> = { '/var/log/sentry': 'logs', state: 'state', lake: 'lake' };
    const [, ...command] = readmeCommands().get('As a container')?.at(-1)?.split(' ') ?? [];
    assert.equal(command.shift(), 'run');
    assert.equal(command.pop(), 'sluice');
    const args = command.map((arg) => {
      const [source, target] = arg.split(/:(.*)/);
      if (arg === 'sluice') return name;
      return sources[source] ? `${volumes[sources[source]]}:${target}` : arg;
    });
    await podman('run', ...args, ...ENGINE, '--memory', '256m', '--security-opt', 'no-new-privileges', IMAGE);
    return volumes;
  }

  it('adds little to its base image', async () => {
    const size = async (image: string) => Number(await podman('image', 'inspect', '--format', '{{.Size}}', image));
    const own = (await size(IMAGE)) - (await size(BASE));
    console.log(`      image: ${Math.round((await size(IMAGE)) / 1e6)} MB, of it Sluice ${Math.round(own / 1e6)} MB`);
    assert.ok(own < 60e6, `Sluice's own layers take ${own} bytes`);
  });

  it('holds no npm settings of the machine that built it', async () => {
    const found = await podman(
      ...['run', '--rm', ...ENGINE, '--user', '0', '--entrypoint', '/bin/sh', IMAGE],
      ...['-c', 'cat /root/.npmrc /home/node/.npmrc 2>/dev/null; ls /usr/lib/sluice'],
    );
    assert.deepEqual(found.split('\n'), ['LICENSE', 'dist', 'node_modules', 'package.json']);
  });

  it('holds every package the program may import, in a form that loads', async () => {
    const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8'));
    const names = Object.keys({ ...dependencies, ...optionalDependencies });
    const code = `for (const name of ${JSON.stringify(names)}) await import(name.replace(/^properties-file$/, '$&/parser'));`;
    await podman(
      ...['run', '--rm', ...ENGINE, '--workdir', '/usr/lib/sluice', '--entrypoint', 'node', IMAGE],
      ...['--input-type=module', '--eval', code],
    );
  });

  it('follows a mounted log into the lake, read-only and not as root, and ends cleanly on SIGTERM', async () => {
    const volumes = await start('tail');
    const log = join(volumes.logs, 'sentry-web.log');
    try {
      appendFileSync(log, SAMPLE);
      await waitFor(() => lakeText(volumes.lake) === SAMPLE.toString('latin1'), {
        timeoutMs: 30_000,
        what: 'the log in the lake',
      });

      assert.equal(await podman('exec', 'tail', 'id', '-u'), `${UID}`);
      const [executable] = (await podman('exec', 'tail', 'cat', '/proc/1/cmdline')).split('\0');
      assert.equal(executable, 'node');
      await assert.rejects(podman('exec', 'tail', 'touch', '/usr/lib/sluice/x'), /Read-only file system/);

      const check: string[] = JSON.parse(
        await podman('image', 'inspect', '--format', '{{json .HealthCheck.Test}}', IMAGE),
      );
      assert.equal(check[0], 'CMD');
      await podman('exec', 'tail', ...check.slice(1));

      await podman('kill', '--signal', 'TERM', 'tail');
      assert.equal(await podman('wait', 'tail'), '143');
      const names = globSync('**/*.log*', { cwd: volumes.lake });
      assert.equal(names.length, 1);
      assert.match(names[0], /^\d{4}-\d\d-\d\d\/sentry\.\d+\.log$/);
      assert.equal(lakeText(volumes.lake), SAMPLE.toString('latin1'));
    } catch (error) {
      console.log((await runChild({ command: 'podman', args: [...storage, 'logs', 'tail'] })).log());
      throw error;
    }
  });

  it('loses no line when it is killed and started again', async () => {
    const volumes = await start('again');
    const log = join(volumes.logs, 'sentry-web.log');
    const missing = () => missingLines(readFileSync(log, 'latin1'), lakeText(volumes.lake));
    appendFileSync(log, SAMPLE);
    await waitFor(() => missing().length === 0, { timeoutMs: 30_000, what: 'the log in the lake' });
    await podman('kill', '--signal', 'KILL', 'again');
    await podman('wait', 'again');
    appendFileSync(log, SAMPLE.toString('latin1').replace(/^(?=[\s\S])/gm, 'again: '), 'latin1');
    await podman('start', 'again');
    await waitFor(() => missing().length === 0, { timeoutMs: 30_000, what: 'the rest in the lake' });
    await podman('kill', '--signal', 'TERM', 'again');
    assert.equal(await podman('wait', 'again'), '143');
    assert.deepEqual(missing(), []);
  });

  it('tells the health check when the agent does not answer', async () => {
    const check: string[] = JSON.parse(
      await podman('image', 'inspect', '--format', '{{json .HealthCheck.Test}}', IMAGE),
    );
    const [, program, ...args] = check;
    await assert.rejects(podman('run', '--rm', ...ENGINE, '--entrypoint', program, IMAGE, ...args), /ended with 1:/);
  });
});
