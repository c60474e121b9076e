import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Loaded, type LoadRequest, loadAgent } from '../../src/config/load.ts';
import { SluiceError } from '../../src/errors.ts';
import { renderProblem } from '../../src/options/problem.ts';
import { registry } from '../../src/registry.ts';
import { makeTempDir, removeTempDir } from '../support/temp-dir.ts';
import { fakeRegistry } from './fake-registry.ts';

const GOOD = `
a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = seq
a.sources.r.channels = c
a.channels.c.type = memory
a.sinks.k.type = null
a.sinks.k.channel = c
`;

/** The configuration that Flume refuses and Sluice runs. */
const SEED = `# 定义数据源
agent.sources = sentry-source
agent.sinks = hdfs-sink
agent.channels = memory-channel

# 配置 Sentry 数据源
agent.sources.sentry-source.type = exec
agent.sources.sentry-source.command = tail -f /path/to/sentry/logs
agent.sources.sentry-source.channels = memory-channel

# 配置 HDFS 数据 sink
agent.sinks.hdfs-sink.type = hdfs
agent.sinks.hdfs-sink.hdfs.path = /path/to/hdfs/directory
agent.sinks.hdfs-sink.hdfs.fileType = DataStream
agent.sinks.hdfs-sink.hdfs.rollSize = 0
agent.sinks.hdfs-sink.hdfs.rollCount = 0
`;

function load(text: string | Record<string, string>, more: Partial<LoadRequest> = {}): Promise<Loaded> {
  const files = typeof text === 'string' ? { 'flume.conf': text } : text;
  return loadAgent({
    files: Object.keys(files),
    readFile: async (path) => Buffer.from(files[path]!),
    agent: 'a',
    strict: false,
    env: {},
    systemProperties: new Map(),
    registry: fakeRegistry,
    ...more,
  });
}

const said = async (text: string | Record<string, string>, more?: Partial<LoadRequest>): Promise<string[]> =>
  (await load(text, more)).problems.map(renderProblem);

describe('loading a configuration', () => {
  it('gives the plan of the agent', async () => {
    const { plan, problems, agents } = await load(GOOD);
    assert.deepEqual(problems, []);
    assert.deepEqual(agents, ['a']);
    assert.equal(plan?.name, 'a');
    const [source] = plan.sources;
    assert.deepEqual(
      [source?.name, source?.declaration.type, source?.channels, source?.selector.declaration.type],
      ['r', 'seq', ['c'], 'replicating'],
    );
    assert.deepEqual(source?.options, { totalEvents: 10, batchSize: 1 });
    assert.deepEqual(
      plan.sinks.map(({ name, channel }) => [name, channel]),
      [['k', 'c']],
    );
    assert.deepEqual(
      plan.groups.map(({ name, sinks, processor }) => [name, sinks, processor.declaration.type]),
      [['k', ['k'], 'default']],
    );
    assert.equal(plan.channels[0]?.options['capacity'], 100);
  });

  it('runs the seed configuration with two warnings, and refuses it when strict', async () => {
    const { plan, problems } = await load(SEED, { agent: 'agent' });
    assert.deepEqual(problems.map(renderProblem), [
      'flume.conf:4:18: warning: channel memory-channel: has no type; it is taken for a memory channel (add agent.channels.memory-channel.type = memory)',
      'flume.conf:12:1: warning: sink hdfs-sink: has no channel; it takes the only channel there is, memory-channel (add agent.sinks.hdfs-sink.channel = memory-channel)',
    ]);
    assert.equal(plan?.channels[0]?.declaration.type, 'memory');
    assert.equal(plan.sinks[0]?.channel, 'memory-channel');
    const strict = await load(SEED, { agent: 'agent', strict: true });
    assert.equal(strict.plan, undefined);
    assert.deepEqual(
      strict.problems.map(({ severity }) => severity),
      ['error', 'error'],
    );
  });

  it('has nothing more to say of the seed configuration with the real components', async () => {
    const { problems } = await load(SEED, { agent: 'agent', registry });
    const lines = problems.filter(({ message }) => !/is not in Sluice/.test(message)).map(({ component }) => component);
    assert.deepEqual(lines, ['channel memory-channel', 'sink hdfs-sink']);
  });

  it('merges files in their order; a later one wins', async () => {
    const files = { 'one.conf': `${GOOD}a.sources.r.totalEvents = 1\n`, 'two.conf': 'a.sources.r.totalEvents = 2\n' };
    const { plan, problems } = await load(files);
    assert.deepEqual(problems, []);
    assert.equal(plan?.sources[0]?.options['totalEvents'], 2);
  });

  it('sorts what is wrong by file, line and column, and says it once', async () => {
    const files = {
      'one.conf': `${GOOD}a.sinks.k.bach = 1\na.channels.c.capasity = 1\n`,
      'two.conf': 'a.sources.r.totalEvent = 2\n',
    };
    assert.deepEqual(await said(files), [
      'one.conf:10:1: warning: sink k: unknown option "bach" is ignored (see: sluice help sink null)',
      'one.conf:11:1: error: channel c: unknown option "capasity" (did you mean capacity?)',
      'two.conf:1:1: error: source r: unknown option "totalEvent" (did you mean totalEvents?)',
    ]);
  });

  it('leaves other agents of the file alone', async () => {
    const other = 'b.sources = x\nb.sources.x.type = nonsense\nb.sources.x.y = ${env:NO}\nb.sources.x.y = ${java:no}\n';
    const { plan, problems, agents } = await load(GOOD + other);
    assert.deepEqual(problems, []);
    assert.deepEqual(agents, ['a', 'b']);
    assert.ok(plan);
  });

  it('names the agents that there are when the wanted one is not', async () => {
    assert.deepEqual(await said(GOOD + GOOD.replaceAll('a.', 'agent.'), { agent: 'agnet' }), [
      'error: agent agnet: is not in flume.conf, which has a, agent (did you mean -n agent?)',
    ]);
    assert.deepEqual(await said(GOOD, { agent: 'other' }), [
      'error: agent other: is not in flume.conf, which has a (there: a; choose with -n)',
    ]);
    assert.deepEqual(await said('x.y = 1\n'), [
      'error: agent a: there is no agent in flume.conf (its keys begin with a.sources, a.channels, a.sinks)',
    ]);
    assert.deepEqual(await said('# nothing\n'), [
      'error: agent a: there is no property in flume.conf (is it the right file?)',
    ]);
  });

  it('finds a misspelt name of the agent', async () => {
    const text = GOOD.replaceAll('a.', 'agent.').replace('agent.channels.c', 'agnet.channels.c');
    assert.ok(
      (await said(text, { agent: 'agent' })).includes(
        'flume.conf:7:1: error: agent agnet: has keys but lists no component (did you mean agent?)',
      ),
    );
  });

  it('lets keys without an agent be, when they are variables', async () => {
    const { plan, problems } = await load(
      `many = 7\ncommon.more = 1\n${GOOD}a.sources.r.totalEvents = \${many}\${common.more}\n`,
    );
    assert.deepEqual(problems, []);
    assert.equal(plan?.sources[0]?.options['totalEvents'], 71);
  });

  it('reports malformed escapes together with everything else', async () => {
    assert.deepEqual(await said(`${GOOD}a.sources.r.totalEvents = \\u00g1\na.sinks.k.batchSize = ten\n`), [
      'flume.conf:10:27: error: property a.sources.r.totalEvents: malformed escape "\\u00g1" (four hexadecimal digits follow \\u; a backslash itself is written \\\\)',
      'flume.conf:10:27: error: source r: totalEvents: "\\u00g1" is not a whole number (digits only)',
      'flume.conf:11:23: error: sink k: batchSize: "ten" is not a whole number (digits only)',
    ]);
  });
});

describe('a configuration of great size', () => {
  it('says no more than a person would read', async () => {
    const keys = Array.from({ length: 3000 }, (_, i) => `a.sinks.k.nothing-of-the-kind-${i} = 1\n`).join('');
    const problems = await said(GOOD + keys);
    assert.equal(problems.length, 1001);
    assert.equal(problems.at(-1), 'warning: configuration: and 2000 more');
  });

  it('is refused, not chewed on', async () => {
    const keys = Array.from({ length: 50_001 }, (_, i) => `a.sinks.k.x${i} = 1\n`).join('');
    await assert.rejects(load(keys), /flume\.conf has more than 50000 properties/);
    const names = Array.from({ length: 1001 }, (_, i) => `s${i}`).join(' ');
    assert.match(
      (await said(`${GOOD}b.x = 1\na.sinks = ${names}\n`)).join('\n'),
      /error: .*lists 1001 names; at most 1000 can run/,
    );
    const long = await said(`${GOOD}a.sinks.k.batchSize = ${'1'.repeat(300_000)}\n`);
    assert.match(long[0]!, /flume\.conf:10:1: error: .*the value has 300000 characters; at most 262144 are read/);
  });
});

describe('configuration files', () => {
  let dir: string;
  before(() => {
    dir = makeTempDir();
  });
  after(() => removeTempDir(dir));

  const read = (...files: string[]): Promise<Loaded> => load({}, { files, readFile: undefined });
  const unreadable = (promise: Promise<unknown>, message: RegExp): Promise<void> =>
    assert.rejects(promise, (error) => {
      assert.ok(error instanceof SluiceError);
      assert.equal(error.code, 'CONFIG_UNREADABLE');
      assert.match(error.message, message);
      return true;
    });

  it('are read from disk', async () => {
    const path = join(dir, 'good.conf');
    writeFileSync(path, GOOD);
    assert.deepEqual((await read(path)).problems, []);
  });

  it('that are missing, a folder, binary or huge give clear errors', async () => {
    await unreadable(read(join(dir, 'none.conf')), /none\.conf: there is no such file/);
    const folder = join(dir, 'folder.conf');
    mkdirSync(folder);
    await unreadable(read(folder), /folder\.conf: it is a folder/);
    const binary = join(dir, 'binary.conf');
    writeFileSync(binary, Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0]));
    await unreadable(read(binary), /binary\.conf is not a text file: there is a NUL byte at offset 4/);
    const huge = join(dir, 'huge.conf');
    writeFileSync(huge, Buffer.alloc((16 << 20) + 1, 0x61));
    await unreadable(read(huge), /huge\.conf has 16777217 bytes/);
    await unreadable(read('/dev/null'), /\/dev\/null: it is no file/);
  });

  it('without permission give a clear error', async () => {
    if (process.getuid?.() === 0) {
      // Root may read everything: the refusal is played.
      const refuse = async (): Promise<Buffer> => {
        throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
      };
      await unreadable(load({}, { files: ['f.conf'], readFile: refuse }), /f\.conf: permission denied/);
      return;
    }
    const path = join(dir, 'secret.conf');
    writeFileSync(path, GOOD);
    chmodSync(path, 0);
    await unreadable(read(path), /secret\.conf: permission denied/);
  });

  it('come from file: and http: addresses, too', async () => {
    const path = join(dir, 'by-address.conf');
    writeFileSync(path, GOOD);
    assert.deepEqual((await load({}, { uris: [`file://${path}`], readFile: undefined })).problems, []);
    const answer: RequestListener = (request, response) => {
      if (request.headers.authorization !== `Basic ${Buffer.from('u:p').toString('base64')}`)
        response.writeHead(401).end();
      else response.end(request.url === '/good' ? GOOD : Buffer.alloc((16 << 20) + 1, 0x61));
    };
    const server = createServer(answer).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const login = { user: 'u', password: 'p' };
      assert.deepEqual((await load({}, { uris: [`${url}/good`], login })).problems, []);
      await unreadable(load({}, { uris: [`${url}/good`] }), /\/good: the server answers 401/);
      const withUser = `${url.replace('//', '//u:p@')}/good`;
      assert.deepEqual((await load({}, { uris: [withUser] })).problems, []);
      const { problems } = await load({}, { uris: [withUser], agent: 'nobody' });
      assert.doesNotMatch(JSON.stringify(problems), /u:p@/, 'no password in messages');
      await unreadable(load({}, { uris: [`${url}/huge`], login }), /\/huge has more than 16777216 bytes/);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await unreadable(load({}, { uris: ['http://127.0.0.1:1/x'] }), /http:\/\/127\.0\.0\.1:1\/x cannot be fetched/);
    await unreadable(
      load({}, { uris: ['http://u:p@127.0.0.1:1/x?key=k'] }),
      /: http:\/\/127\.0\.0\.1:1\/x cannot be fetched/,
    );
    await unreadable(load({}, { uris: ['classpath:x.conf'] }), /classpath: is not read/);
  });
});
