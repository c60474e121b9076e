import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Loaded, loadAgent } from '../../src/config/load.ts';
import { renderProblem } from '../../src/options/problem.ts';
import { registry } from '../../src/registry.ts';
import { DIFFERS, means } from '../compat/lists.ts';
import { fakeRegistry } from './fake-registry.ts';

const CASES = new URL('../fixtures/flume/', import.meta.url).pathname;

/** What is said of each recorded configuration, Flume's opinion of it being in its `expected/log.txt`. */
const SAID: Readonly<Record<string, readonly string[]>> = {
  'errors/avro-port-in-use': [
    `flume.conf:8:1: warning: source s: wants TCP port 4141, which source r has already (give each a port of its own)`,
    `flume.conf:12:1: warning: property a.sources.r.channels: is set again; the value of line 7 is not used`,
  ],
  'errors/batch-too-big': [
    `flume.conf:10:23: error: sink k: its batch of 200 events is larger than the transactionCapacity of channel c, 100 (set a.channels.c.transactionCapacity = 200 or a smaller batch)`,
  ],
  'errors/capacity-negative': [
    `flume.conf:10:25: warning: channel c: capacity: -1 is out of range; 100 is used (at least 1)`,
  ],
  'errors/capacity-small': [`flume.conf:7:1: error: channel c: transactionCapacity: is larger than the capacity, 10`],
  'errors/channel-no-properties': [
    `flume.conf:2:14: warning: channel c: has no type; it is taken for a memory channel (add a.channels.c.type = memory)`,
  ],
  'errors/channel-not-listed': [
    `flume.conf:5:24: error: source r: there is no channel "c" (the agent lists none)`,
    `flume.conf:6:1: error: agent a: lists no channels, but there are keys of c (add a.channels = c)`,
    `flume.conf:8:21: error: sink k: there is no channel "c" (the agent lists none)`,
  ],
  'errors/channel-type-capital': [],
  'errors/channel-type-missing': [
    `flume.conf:7:1: warning: channel c: has no type; it is taken for a memory channel (add a.channels.c.type = memory)`,
    `flume.conf:7:1: error: channel c: transactionCapacity: is larger than the capacity, 10`,
  ],
  'errors/channel-type-unknown': [
    `flume.conf:7:21: error: channel c: there is no channel type "memroy" (did you mean memory?)`,
  ],
  'errors/channel-unused': [
    `flume.conf:10:1: warning: channel d: nothing uses it; it is left out (name it in a source and a sink, or remove it)`,
  ],
  'errors/empty-file': [`error: agent a: there is no property in flume.conf (is it the right file?)`],
  'errors/group-misspelt': [
    `flume.conf:10:1: error: property a.channel.c.capacity: "channel" is not known (did you mean a.channels.c.capacity?)`,
    `flume.conf:11:1: error: property a.source.r.batchSize: "source" is not known (did you mean a.sources.r.batchSize?)`,
  ],
  'errors/group-no-sinks': [`flume.conf:13:1: error: sink group g: has no sinks (add a.sinkgroups.g.sinks = k l)`],
  'errors/group-no-type': [`flume.conf:13:1: error: sink group g: has no type (add a.sinkgroups.g.processor.type = …)`],
  'errors/group-one-sink': [
    `flume.conf:14:33: error: sink group g: load_balance needs more than one sink (add sinks, or remove the group)`,
  ],
  'errors/group-unknown-sink': [`flume.conf:13:24: error: sink group g: there is no sink "x" (known: k, l)`],
  'errors/interceptor-bad-regex': [
    `flume.conf:11:35: error: source r, interceptor i: Flume's interceptor "regex_filter" is not in Sluice (known: static, timestamp)`,
  ],
  'errors/interceptor-no-type': [
    `flume.conf:10:28: error: source r, interceptor i: has no type (add a.sources.r.interceptors.i.type = …)`,
  ],
  'errors/interceptor-unknown': [
    `flume.conf:11:35: error: source r, interceptor i: there is no interceptor type "timstamp" (did you mean timestamp?)`,
  ],
  'errors/no-dot': [
    `flume.conf:10:1: warning: property hello: names no agent and no component, and is ignored (a key reads AGENT.sources.NAME.OPTION)`,
    `flume.conf:11:1: warning: property a.: names no agent and no component, and is ignored (a key reads AGENT.sources.NAME.OPTION)`,
    `flume.conf:12:1: warning: property .x: names no agent and no component, and is ignored (a key reads AGENT.sources.NAME.OPTION)`,
  ],
  'errors/no-name': [],
  'errors/number-channel': [
    `flume.conf:10:25: warning: channel c: capacity: "10k" is not a whole number; 100 is used (digits only, without a unit: 10)`,
  ],
  'errors/number-source': [`flume.conf:10:25: error: source r: batchSize: "ten" is not a whole number (digits only)`],
  'errors/required-avro-ssl': [
    `flume.conf:7:1: warning: source r: unknown option "ssl" is ignored (see: sluice help source avro)`,
  ],
  'errors/required-sink-avro': [
    `flume.conf:8:18: error: sink k: Flume's sink "avro" is not in Sluice (known: null, file_roll, hdfs)`,
  ],
  'errors/required-sink-file_roll': [`flume.conf:8:1: error: sink k: sink.directory is missing`],
  'errors/required-sink-hdfs': [`flume.conf:8:1: error: sink k: hdfs.path is missing`],
  'errors/required-sink-http': [
    `flume.conf:8:18: error: sink k: Flume's sink "http" is not in Sluice (known: null, file_roll, hdfs)`,
  ],
  'errors/required-sink-thrift': [
    `flume.conf:8:18: error: sink k: Flume's sink "thrift" is not in Sluice (known: null, file_roll, hdfs)`,
  ],
  'errors/required-source-avro': [`flume.conf:4:1: error: source r: port is missing`],
  'errors/required-source-exec': [`flume.conf:4:1: error: source r: command is missing`],
  'errors/required-source-http': [`flume.conf:4:1: error: source r: port is missing`],
  'errors/required-source-netcat': [
    `flume.conf:4:20: error: source r: Flume's source "netcat" is not in Sluice (known: seq, exec, avro, http, TAILDIR)`,
  ],
  'errors/required-source-spooldir': [
    `flume.conf:4:20: error: source r: Flume's source "spooldir" is not in Sluice (known: seq, exec, avro, http, TAILDIR)`,
  ],
  'errors/required-source-taildir': [
    `flume.conf:4:1: error: source r: filegroups is missing`,
    `flume.conf:4:1: error: source r: filegroups.* is missing`,
  ],
  'errors/seed': [
    `flume.conf:4:18: warning: channel memory-channel: has no type; it is taken for a memory channel (add agent.channels.memory-channel.type = memory)`,
    `flume.conf:12:1: warning: sink hdfs-sink: has no channel; it takes the only channel there is, memory-channel (add agent.sinks.hdfs-sink.channel = memory-channel)`,
  ],
  'errors/seed-corrected': [],
  'errors/seed-with-channel': [
    `flume.conf:4:18: warning: channel memory-channel: has no type; it is taken for a memory channel (add agent.channels.memory-channel.type = memory)`,
  ],
  'errors/seed-with-type': [
    `flume.conf:12:1: warning: sink hdfs-sink: has no channel; it takes the only channel there is, memory-channel (add agent.sinks.hdfs-sink.channel = memory-channel)`,
  ],
  'errors/selector-load-balancing': [
    `flume.conf:10:29: error: source r, selector: Flume's selector "load_balancing" is not in Sluice (known: replicating)`,
  ],
  'errors/selector-unknown': [
    `flume.conf:10:29: error: source r, selector: there is no selector type "multplexing" (did you mean multiplexing?)`,
  ],
  'errors/sink-channel-unknown': [`flume.conf:9:21: error: sink k: there is no channel "x" (known: c)`],
  'errors/sink-channels-plural': [`flume.conf:9:1: error: sink k: unknown option "channels" (did you mean channel?)`],
  'errors/sink-none': [`flume.conf:7:1: error: agent a: lists no sinks, but there are keys of k (add a.sinks = k)`],
  'errors/sink-type-missing': [`flume.conf:8:1: error: sink k: has no type (add a.sinks.k.type = …)`],
  'errors/sink-type-unknown': [`flume.conf:8:18: error: sink k: there is no sink type "hfds" (did you mean hdfs?)`],
  'errors/source-channel-singular': [
    `flume.conf:6:1: error: source r: unknown option "channel" (did you mean channels?)`,
  ],
  'errors/source-channels-missing': [
    `flume.conf:4:1: warning: source r: has no channels; it takes the only channel there is, c (add a.sources.r.channels = c)`,
  ],
  'errors/source-channels-one-unknown': [`flume.conf:6:24: error: source r: there is no channel "x" (known: c)`],
  'errors/source-channels-unknown': [`flume.conf:6:24: error: source r: there is no channel "x" (known: c)`],
  'errors/source-class-unknown': [
    `flume.conf:4:20: error: source r: there is no source type "org.example.MySource" (known: seq, exec, avro, http, TAILDIR)`,
  ],
  'errors/source-none': [
    `flume.conf:3:1: error: agent a: lists no sources, but there are keys of r (add a.sources = r)`,
  ],
  'errors/source-type-missing': [`flume.conf:4:1: error: source r: has no type (add a.sources.r.type = …)`],
  'errors/source-type-unknown': [
    `flume.conf:4:20: error: source r: there is no source type "exce" (did you mean exec?)`,
  ],
  'errors/two-agents': [],
  'errors/unknown-option': [],
  'errors/variable-unknown': [
    `flume.conf:10:25: warning: property a.sources.r.batchSize: \${env:NO_SUCH_VARIABLE} has no value and stays as it is (set it in the environment of the agent, or give a default: \${env:NO_SUCH_VARIABLE:-default})`,
    `flume.conf:10:25: error: source r: batchSize: "\${env:NO_SUCH_VARIABLE}" is not a whole number (digits only)`,
  ],
  'errors/variable-unknown-prefix': [
    `flume.conf:10:25: error: property a.sources.r.batchSize: there is no \${java:no-such} (known: version, runtime, vm, os, hardware, locale)`,
    `flume.conf:10:25: error: source r: batchSize: "\${java:no-such}" is not a whole number (digits only)`,
  ],
  'config/env-filter': [
    `flume.conf:29:36: warning: property a.sources.r.interceptors.k.value: \${f['NO_SUCH_VARIABLE']} has no value and stays as it is`,
  ],
  'config/external-filter': [],
  'config/lists': [`flume.conf:5:14: warning: agent a: channels: c is listed more than once (once is enough)`],
  'config/values': [
    `flume.conf:42:41: warning: property a.sources.r.interceptors.h_utf8.value: the value holds UTF-8, which is read as ISO-8859-1, as Flume does (write é as \\u00e9)`,
    `flume.conf:61:48: warning: property a.sources.r.interceptors.h_env_missing.value: \${env:NO_SUCH_VARIABLE} has no value and stays as it is (set it in the environment of the agent, or give a default: \${env:NO_SUCH_VARIABLE:-default})`,
    `flume.conf:70:41: warning: property a.sources.r.interceptors.h_bare.value: \${GREETING} has no value and stays as it is (for the environment write \${env:GREETING}; for a literal $\${GREETING})`,
    `flume.conf:83:1: warning: property a.sources.r.interceptors.h_twice.value: is set again; the value of line 82 is not used`,
  ],
};

/** Run with warnings, and are refused when strict, as by Flume. */
const REFUSED_WHEN_STRICT = [
  'errors/channel-no-properties',
  'errors/channel-unused',
  'errors/seed',
  'errors/seed-with-channel',
  'errors/seed-with-type',
  'errors/source-channels-missing',
];

interface Recorded {
  readonly agent?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly jvm?: readonly string[];
}

function load(folder: string, file: string, more: { strict?: boolean; real?: boolean } = {}): Promise<Loaded> {
  const description = join(folder, 'case.json');
  const recorded = existsSync(description) ? (JSON.parse(readFileSync(description, 'utf8')) as Recorded) : {};
  const text = readFileSync(join(folder, file), 'latin1');
  const properties = (recorded.jvm ?? []).map((flag) => flag.replace('-D', '').split('=') as [string, string]);
  const names = new Set([...text.matchAll(/\$\{env:(U?PORT\w*)\}/g)].map((match) => match[1]!));
  const ports = Object.fromEntries([...names].map((name, i) => [name, `${4141 + i}`]));
  return loadAgent({
    files: [file],
    readFile: async () => Buffer.from(text, 'latin1'),
    // The case without -n records an empty name.
    agent: recorded.agent || /^(\w+)\.sources/m.exec(text)?.[1] || 'a',
    strict: more.strict ?? false,
    env: { DIR: '/d', ...ports, ...recorded.env },
    systemProperties: new Map(properties),
    registry: more.real ? registry : fakeRegistry,
  });
}

function recordedConfigurations(): [folder: string, file: string][] {
  return readdirSync(CASES, { withFileTypes: true })
    .filter((group) => group.isDirectory())
    .flatMap((group) => readdirSync(join(CASES, group.name)).map((name) => join(group.name, name)))
    .flatMap((folder) => {
      const files = readdirSync(join(CASES, folder)).filter((name) => name.endsWith('.conf'));
      return files.map((file): [string, string] => [folder, file]);
    });
}

describe('configurations recorded from Flume', () => {
  for (const [folder, said] of Object.entries(SAID)) {
    it(`${folder}: says what is wrong`, async () => {
      const { plan, problems } = await load(join(CASES, folder), 'flume.conf');
      assert.deepEqual(problems.map(renderProblem), said);
      assert.equal(
        plan === undefined,
        said.some((line) => line.includes(' error: ') || line.startsWith('error: ')),
      );
    });
  }

  it('has an opinion on every wrong configuration', () => {
    const folders = readdirSync(join(CASES, 'errors')).map((name) => `errors/${name}`);
    assert.deepEqual(
      Object.keys(SAID)
        .filter((name) => name.startsWith('errors/'))
        .sort(),
      folders.sort(),
    );
  });

  it('refuses when strict what only Sluice makes good', async () => {
    const refused: string[] = [];
    for (const folder of Object.keys(SAID)) {
      const lenient = await load(join(CASES, folder), 'flume.conf');
      const strict = await load(join(CASES, folder), 'flume.conf', { strict: true });
      if (lenient.plan !== undefined && strict.plan === undefined) refused.push(folder);
      assert.ok(!(lenient.plan === undefined && strict.plan !== undefined), folder);
    }
    assert.deepEqual(refused.sort(), REFUSED_WHEN_STRICT);
  });

  it('has no complaint about those that Flume runs, but of what is not there yet or is refused on purpose', async () => {
    const onPurpose = DIFFERS.filter((entry) => entry.exit === 78).flatMap((entry) => entry.cases);
    const complaints: string[] = [];
    for (const [folder, file] of recordedConfigurations()) {
      if (folder.startsWith('errors/') || folder === 'config/two-files') continue;
      if (onPurpose.some((pattern) => means(pattern, folder))) continue;
      const { problems } = await load(join(CASES, folder), file, { real: true });
      for (const problem of problems) {
        if (problem.severity === 'warning' || /(is|are) not in Sluice|: there is no serializer/.test(problem.message))
          continue;
        complaints.push(`${folder}/${renderProblem(problem)}`);
      }
    }
    assert.deepEqual(complaints, []);
  });

  it('merges the two files of config/two-files', async () => {
    const folder = join(CASES, 'config/two-files');
    const files = [join(folder, 'flume.conf'), join(folder, 'input/second.conf')];
    const { plan, problems } = await loadAgent({
      files,
      agent: 'a',
      strict: true,
      env: { DIR: '/d', PORT: '4141' },
      systemProperties: new Map(),
      registry: fakeRegistry,
    });
    assert.deepEqual(problems, []);
    const values = plan?.sources[0]?.interceptors.map(({ options }) => [options['key'], options['value']]);
    assert.deepEqual(values, [
      ['from', 'second file'],
      ['j', 'only in the second'],
    ]);
  });

  it('gives the values of config/values as Flume gave them', async () => {
    const { plan } = await load(join(CASES, 'config/values'), 'flume.conf');
    const [event] = readFileSync(join(CASES, 'config/values/expected/events.k.jsonl'), 'utf8').split('\n');
    const expected = (JSON.parse(event!) as { headers: Record<string, string> }).headers;
    const values = plan?.sources[0]?.interceptors.map(({ options }) => [options['key'], options['value']]) ?? [];
    assert.deepEqual(Object.fromEntries(values), expected);
  });

  for (const name of ['env-filter', 'external-filter']) {
    it(`fills in config/${name} as Flume did`, async () => {
      const { plan } = await load(join(CASES, 'config', name), 'flume.conf');
      const [event] = readFileSync(join(CASES, `config/${name}/expected/events.k.jsonl`), 'utf8').split('\n');
      const expected = (JSON.parse(event!) as { headers: Record<string, string> }).headers;
      const values = plan?.sources[0]?.interceptors.map(({ options }) => [options['key'], options['value']]) ?? [];
      assert.deepEqual(Object.fromEntries(values), expected);
    });
  }
});
