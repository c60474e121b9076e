import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Hdfs, startHdfs } from '../../scripts/peers/hdfs.ts';
import type { Child } from '../support/child.ts';
import { type SluiceSpec, startSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

/** What each sink of the agent writes, and how its files end. */
const FORMATS: Readonly<Record<string, { readonly extension: string; readonly options: readonly string[] }>> = {
  plain: { extension: '', options: ['fileType = DataStream'] },
  gzip: { extension: '.gz', options: ['fileType = CompressedStream', 'codeC = gzip'] },
  snappy: { extension: '.snappy', options: ['fileType = CompressedStream', 'codeC = snappy'] },
  lz4: { extension: '.lz4', options: ['fileType = CompressedStream', 'codeC = lz4'] },
  bzip2: { extension: '.bz2', options: ['fileType = CompressedStream', 'codeC = bzip2'] },
  deflate: { extension: '.deflate', options: ['fileType = CompressedStream', 'codeC = deflate'] },
  text: { extension: '', options: ['fileType = SequenceFile', 'writeFormat = Text'] },
  writable: { extension: '', options: ['fileType = SequenceFile', 'writeFormat = Writable'] },
  textBlocks: { extension: '.snappy', options: ['fileType = SequenceFile', 'writeFormat = Text', 'codeC = snappy'] },
  writableBlocks: {
    extension: '.deflate',
    options: ['fileType = SequenceFile', 'writeFormat = Writable', 'codeC = default'],
  },
};

const line = (number: number): string =>
  `{"n":${number},"message":"ошибка ${(number * 2654435761) % 4096}","pad":"${'.'.repeat(number % 200)}"}`;
const linesOf = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => line(from + i));

describe('Sluice into a real HDFS over WebHDFS', function () {
  this.timeout(240_000);
  const temp = useTempDir();
  let hdfs: Hdfs;
  let agent: Child | undefined;

  before(async () => {
    hdfs = await startHdfs();
  });

  afterEach(async () => {
    await agent?.kill();
    agent = undefined;
  });

  after(async () => {
    await hdfs?.stop();
  });

  /** An agent that tails `DIR/app.log` into a sink for each of these; `path` without a slash at its end. */
  function conf(dir: string, sinks: Readonly<Record<string, readonly string[]>>, path: string): string {
    const names = Object.keys(sinks);
    return [
      'a.sources = r',
      `a.channels = ${names.map((name) => `c-${name}`).join(' ')}`,
      `a.sinks = ${names.join(' ')}`,
      'a.sources.r.type = TAILDIR',
      'a.sources.r.filegroups = f',
      `a.sources.r.filegroups.f = ${dir}/app.log`,
      `a.sources.r.positionFile = ${dir}/position.json`,
      `a.sources.r.channels = ${names.map((name) => `c-${name}`).join(' ')}`,
      ...names.flatMap((name) => [
        `a.channels.c-${name}.type = memory`,
        `a.channels.c-${name}.capacity = 100000`,
        `a.channels.c-${name}.transactionCapacity = 1000`,
        `a.sinks.${name}.type = hdfs`,
        `a.sinks.${name}.channel = c-${name}`,
        `a.sinks.${name}.hdfs.path = ${path}/${name}`,
        `a.sinks.${name}.hdfs.rollInterval = 0`,
        `a.sinks.${name}.hdfs.rollSize = 0`,
        ...sinks[name]!.map((option) => `a.sinks.${name}.hdfs.${option}`),
      ]),
      '',
    ].join('\n');
  }

  async function start(spec: SluiceSpec): Promise<Child> {
    agent = await startSluice({ ready: /SOURCE, name: r started/, ...spec });
    return agent;
  }

  async function bytesBelow(path: string): Promise<number> {
    return [...(await hdfs.list(path)).values()].reduce((sum, length) => sum + length, 0);
  }

  /** Resolves when everything written to the log has become durable: the position is behind it. */
  async function allDurable(dir: string, bytes: number, timeoutMs: number): Promise<void> {
    const isThere = (): boolean => {
      const positions = JSON.parse(readFileSync(join(dir, 'position.json'), 'utf8')) as { pos: number }[];
      return positions.some(({ pos }) => pos >= bytes);
    };
    await waitFor(isThere, { timeoutMs, what: 'the position behind the last line', everyMs: 100 });
  }

  it('writes each file type and codec so that Hadoop reads every line back, in order, under names as of Flume', async () => {
    const dir = temp();
    const lines = linesOf(0, 3000);
    writeFileSync(join(dir, 'app.log'), `${lines.slice(0, 1000).join('\n')}\n`);
    const sinks = Object.fromEntries(
      Object.entries(FORMATS).map(([name, { options }]) => [name, [...options, 'rollCount = 1100']]),
    );
    const started = Date.now();
    const agent = await start({ dir, conf: conf(dir, sinks, `webhdfs://127.0.0.1:${hdfs.httpPort}/formats`) });
    for (const from of [1000, 2000])
      appendFileSync(join(dir, 'app.log'), `${lines.slice(from, from + 1000).join('\n')}\n`);
    await allDurable(dir, Buffer.byteLength(lines.join('\n')) + 1, 60_000);
    assert.ok([...(await hdfs.list('/formats/plain')).keys()].some((name) => name.endsWith('.tmp')));
    assert.equal(await agent.stop(), 143, agent.log());

    for (const [name, { extension }] of Object.entries(FORMATS)) {
      const paths = [...(await hdfs.list(`/formats/${name}`)).keys()];
      assert.equal(paths.length, 3, `${paths}`);
      const numbers = paths.map((path) => Number(/\/FlumeData\.(\d{13})/.exec(path)?.[1]));
      for (const [i, path] of paths.entries())
        assert.equal(path, `/formats/${name}/FlumeData.${numbers[i]}${extension}`);
      assert.ok(numbers[0]! > started && numbers[0]! <= Date.now() + 1);
      assert.deepEqual(
        numbers,
        [0, 1, 2].map((i) => numbers[0]! + i),
      );
      const read = await hdfs.shell('-text', ...paths);
      assert.equal(read.code, 0, read.log());
      let found = read.stdout.split('\n').slice(0, -1);
      if (/^(text|writable)/.test(name)) found = found.map((record) => record.slice(record.indexOf('\t') + 1));
      if (name.startsWith('writable')) {
        found = found.map((hex) => Buffer.from(hex.replaceAll(' ', ''), 'hex').toString());
      }
      assert.deepEqual(found, lines, name);
    }
  });

  it('goes to fs.defaultFS of core-site.xml when the path has no scheme, and refuses hdfs: there, naming webhdfs:', async () => {
    const dir = temp();
    writeFileSync(join(dir, 'app.log'), `${line(1)}\n`);
    const site = (url: string): string =>
      `<configuration><property><name>fs.defaultFS</name><value>${url}</value></property></configuration>`;
    mkdirSync(join(dir, 'hadoop'));
    writeFileSync(join(dir, 'hadoop', 'core-site.xml'), site(`webhdfs://127.0.0.1:${hdfs.httpPort}`));
    const sinks = { plain: ['fileType = DataStream'] };
    const agent = await start({
      dir,
      conf: conf(dir, sinks, '/default'),
      env: { HADOOP_CONF_DIR: join(dir, 'hadoop') },
    });
    await waitFor(async () => (await bytesBelow('/default')) > 0, { timeoutMs: 30_000 });
    await agent.stop();
    const [path] = [...(await hdfs.list('/default/plain')).keys()];
    assert.equal((await hdfs.read(path!)).toString(), `${line(1)}\n`);

    writeFileSync(join(dir, 'hadoop', 'core-site.xml'), site(`hdfs://127.0.0.1:${hdfs.rpcPort}`));
    const refused = await startSluice({
      dir,
      conf: conf(dir, sinks, '/default'),
      env: { HADOOP_CONF_DIR: join(dir, 'hadoop') },
    });
    assert.equal(await refused.exited, 78, refused.log());
    assert.match(refused.log(), /hdfs: .*write webhdfs:\/\/127\.0\.0\.1:\d+\/default\/plain/);
  });

  it('goes on by itself after safe mode, a restart of the NameNode and a killed DataNode, with every line once', async () => {
    const dir = temp();
    let written = 0;
    let bytes = 0;
    const write = (count: number): void => {
      const text = `${linesOf(written, written + count).join('\n')}\n`;
      appendFileSync(join(dir, 'app.log'), text);
      written += count;
      bytes += Buffer.byteLength(text);
    };
    write(2000);
    const sinks = {
      plain: ['fileType = DataStream', 'rollCount = 3000'],
      gzip: ['fileType = CompressedStream', 'codeC = gzip', 'rollCount = 0', 'rollInterval = 3'],
    };
    const agent = await start({ dir, conf: conf(dir, sinks, `webhdfs://127.0.0.1:${hdfs.httpPort}/faults`) });
    await allDurable(dir, bytes, 30_000);

    await hdfs.safeMode(true);
    write(2000);
    await agent.waitForLog(/afe mode|FILE_SYSTEM_BUSY|not ready for this/, 30_000);
    await hdfs.safeMode(false);
    await allDurable(dir, bytes, 60_000);

    write(1000);
    await hdfs.stopNameNode(true);
    write(1000);
    await hdfs.startNameNode();
    await hdfs.waitUntilReady();
    write(1000);
    await allDurable(dir, bytes, 90_000);

    write(1000);
    await hdfs.stopDataNode(true);
    write(1000);
    await hdfs.startDataNode();
    write(1000);
    await allDurable(dir, bytes, 150_000);

    assert.ok(agent.alive);
    assert.equal(await agent.stop(60_000), 143, agent.log());
    for (const name of Object.keys(sinks)) {
      const paths = [...(await hdfs.list(`/faults/${name}`)).keys()];
      assert.deepEqual(
        paths.filter((path) => path.endsWith('.tmp')),
        [],
        agent.log(),
      );
      const read = await hdfs.shell('-text', ...paths);
      assert.equal(read.code, 0, read.log());
      const found = read.stdout.split('\n').slice(0, -1);
      const number = (text: string): number => Number(/"n":(\d+)/.exec(text)?.[1]);
      assert.deepEqual(
        found.toSorted((a, b) => number(a) - number(b)),
        linesOf(0, written),
        `${name}\n${agent.log()}`,
      );
    }
  });
});
