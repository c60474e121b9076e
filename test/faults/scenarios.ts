import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../support/free-port.ts';
import { FAULT_POINTS } from './fault-points.ts';
import type { AgentSpec } from './lives.ts';
import { READERS, type Reader } from './read-back.ts';
import { folder, type Named, type Prepared, type Scenario } from './scenario.ts';

const STREAMS = ['alpha', 'beta', 'gamma'];
/** What another agent, and a person, may have lying in the same folder. */
const FOREIGN = ['FlumeData.1000000000000.tmp', 'FlumeData.1000000000001', '1000000000000-1', 'notes.txt'];

export type Options = Readonly<Record<string, string | number>>;

/** A component's lines of a configuration. */
function component(prefix: string, options: Options): string[] {
  return Object.entries(options).map(([key, value]) => `a.${prefix}.${key} = ${value}`);
}

/** An agent named `name` of one source, channels, and a sink for each channel. */
export function configuration(source: Options, channels: readonly Options[], sinks: readonly Options[]): string {
  const names = channels.map((_, i) => `c${i}`);
  return [
    'a.sources = r',
    `a.channels = ${names.join(' ')}`,
    `a.sinks = ${names.map((_, i) => `k${i}`).join(' ')}`,
    ...component('sources.r', { ...source, channels: names.join(' ') }),
    ...channels.flatMap((options, i) => component(`channels.c${i}`, options)),
    ...sinks.flatMap((options, i) => component(`sinks.k${i}`, { ...options, channel: `c${i}` })),
    '',
  ].join('\n');
}

/** TAILDIR over the files of all streams; the header `stream` tells which. */
export function taildir(dir: string, streams: readonly string[] = STREAMS): Options {
  const options: Record<string, string | number> = {
    type: 'TAILDIR',
    filegroups: streams.join(' '),
    positionFile: `${dir}/positions.json`,
    writePosInterval: 100,
  };
  for (const stream of streams) {
    options[`filegroups.${stream}`] = `${dir}/logs/${stream}\\\\.log.*`;
    options[`headers.${stream}.stream`] = stream;
  }
  return options;
}

export const memory: Options = { type: 'memory', capacity: 5000, transactionCapacity: 1000 };

export function fileChannel(dir: string): Options {
  return {
    type: 'file',
    checkpointDir: `${dir}/channel/checkpoint`,
    dataDirs: `${dir}/channel/data`,
    capacity: 100_000,
    checkpointInterval: 1000,
    maxFileSize: 1_000_000,
    minimumRequiredSpace: 1_048_576,
  };
}

/** The hdfs sink on a folder of this machine; some file is always being rolled. */
export function hdfs(path: string, more: Options = {}): Options {
  return {
    type: 'hdfs',
    'hdfs.path': `file://${path}/%{stream}`,
    'hdfs.fileType': 'DataStream',
    'hdfs.batchSize': 50,
    'hdfs.rollInterval': 1,
    'hdfs.rollCount': 700,
    'hdfs.rollSize': 80_000,
    ...more,
  };
}

export function fileRoll(path: string, more: Options = {}): Options {
  return { type: 'file_roll', 'sink.directory': path, 'sink.rollInterval': 1, ...more };
}

/** Fault points that only agents with a file channel can come to. */
const OF_FILE_CHANNEL = /channel|segment/;

export function agent(dir: string, conf: string, name = 'a'): AgentSpec {
  const faults = Object.keys(FAULT_POINTS).filter(
    (point) => conf.includes('type = file\n') || !OF_FILE_CHANNEL.test(point),
  );
  return { name, conf: conf.replaceAll(/^a\./gm, `${name}.`), stateDir: join(dir, 'state', name), faults };
}

function load(dir: string): Prepared['load'] {
  return { dir: join(dir, 'logs'), streams: STREAMS, linesPerSecond: 4000, rotateMs: 1500 };
}

/** `taildir -> CHANNEL -> SINK` into a folder. */
function intoFolder(
  name: string,
  channel: (dir: string) => Options,
  sink: (out: string) => Options,
  reader: Reader = READERS.text,
): Scenario {
  const prepare = async (dir: string): Promise<Prepared> => {
    const out = join(dir, 'out');
    const conf = configuration(taildir(dir), [channel(dir)], [sink(out)]);
    const foreign = [...FOREIGN, ...FOREIGN.map((file) => `alpha/${file}`)];
    return { agents: [agent(dir, conf)], load: load(dir), outputs: [folder(out, reader, foreign)] };
  };
  return { name, prepare };
}

export const compressed = (codec: string): Options => ({ 'hdfs.fileType': 'CompressedStream', 'hdfs.codeC': codec });

/** Lines of a number that ends with 0 begin an event. Written as text, joined lines are lines again. */
const joined: Scenario = {
  name: 'taildir that joins lines -> memory -> hdfs on file:',
  prepare: async (dir) => {
    const out = join(dir, 'out');
    const source = { ...taildir(dir), 'multiline.start': '^\\\\S+ \\\\d*0 ', 'multiline.timeout': 300 };
    const conf = configuration(source, [memory], [hdfs(out)]);
    return { agents: [agent(dir, conf)], load: load(dir), outputs: [folder(out, READERS.text, FOREIGN)] };
  },
};

/** Two take from one channel in turn, each with names of its own: rows are settled in no order. */
const twoSinks: Scenario = {
  name: 'taildir -> file channel -> two hdfs sinks',
  prepare: async (dir) => {
    const out = join(dir, 'out');
    const second = component('sinks.k1', { ...hdfs(out, { 'hdfs.filePrefix': 'second' }), channel: 'c0' });
    const conf = configuration(taildir(dir), [fileChannel(dir)], [hdfs(out)])
      .replace('a.sinks = k0\n', 'a.sinks = k0 k1\n')
      .concat(second.join('\n'), '\n');
    const output = folder(out, READERS.text, FOREIGN, { unordered: true });
    return { agents: [agent(dir, conf)], load: load(dir), outputs: [output] };
  },
};

/** Two agents write to one folder, under names of the same kind: none touches what is the other's. */
const oneFolder: Scenario = {
  name: 'two agents -> hdfs on file:, one folder',
  prepare: async (dir) => {
    const out = join(dir, 'out');
    const sink = hdfs(out, { 'hdfs.path': `file://${out}`, 'hdfs.rollCount': 200 });
    const agents = [['alpha', 'beta'], ['gamma']].map((streams, i) => {
      const source = { ...taildir(dir, streams), positionFile: `${dir}/positions-${i}.json` };
      return agent(dir, configuration(source, [memory], [sink]), `a${i}`);
    });
    // A number that the other one has taken is passed over: then a file may get a later number than the one behind it.
    const output = folder(out, READERS.text, FOREIGN, { unordered: true });
    return { agents, load: load(dir), outputs: [output] };
  },
};

const tailExec: Scenario = {
  name: 'tail -F -> memory -> file_roll',
  prepare: async (dir) => {
    const out = join(dir, 'out');
    const path = join(dir, 'logs', 'alpha.log');
    const spec = agent(
      dir,
      configuration({ type: 'exec', command: `tail -n +1 -F ${path}` }, [memory], [fileRoll(out)]),
    );
    const mayRotate = (): boolean => isKnown(spec.stateDir, path);
    return {
      agents: [spec],
      load: { dir: join(dir, 'logs'), streams: ['alpha'], linesPerSecond: 2000, rotateMs: 1000, mayRotate },
      outputs: [folder(out, READERS.text, FOREIGN)],
    };
  },
};

/** Whether the agent's checkpoint knows the file that bears this name now: else only its name is known, and the next one takes that. */
function isKnown(stateDir: string, path: string): boolean {
  const inode = new RegExp(`\\b${statSync(path).ino}\\b`);
  return ['checkpoint.0', 'checkpoint.1'].every((name) => {
    const file = join(stateDir, name);
    return existsSync(file) && inode.test(readFileSync(file, 'latin1'));
  });
}

const twoRoutes: Scenario = {
  name: 'two routes: memory -> file_roll, file channel -> hdfs',
  prepare: async (dir) => {
    const [roll, lake] = [join(dir, 'roll'), join(dir, 'lake')];
    const conf = configuration(taildir(dir), [memory, fileChannel(dir)], [fileRoll(roll), hdfs(lake)]);
    return {
      agents: [agent(dir, conf)],
      load: load(dir),
      outputs: [folder(roll, READERS.text, FOREIGN), folder(lake, READERS.text, FOREIGN)],
    };
  },
};

/** An event as header_and_text writes it: `{key=value, …} body`; the headers of ours name it. */
function splitHeaders(text: string): Named {
  const end = text.indexOf('} ');
  const headers = new Map(
    text
      .slice(1, end)
      .split(', ')
      .map((header) => header.split('=', 2) as [string, string]),
  );
  const names = ['sluice.agent', 'sluice.epoch', 'sluice.sequence'].map((name) => headers.get(name));
  if (end < 0 || names.includes(undefined)) throw new Error(`no headers that name it: ${text.slice(0, 200)}`);
  return { key: names.join(' '), line: text.slice(end + 2) };
}

const overAvro: Scenario = {
  name: 'avro to a second agent with a file channel',
  prepare: async (dir) => {
    const out = join(dir, 'out');
    const port = await freePort();
    const source = { ...taildir(dir), sequenceHeaders: 'true' };
    const sender = configuration(source, [memory], [{ type: 'avro', hostname: '127.0.0.1', port }]);
    const receiver = configuration(
      { type: 'avro', bind: '127.0.0.1', port },
      [fileChannel(dir)],
      [fileRoll(out, { 'sink.serializer': 'header_and_text' })],
    );
    return {
      agents: [agent(dir, sender, 's'), agent(dir, receiver, 'a')],
      load: load(dir),
      outputs: [folder(out, READERS.text, FOREIGN, { split: splitHeaders })],
      patienceMs: 60_000,
    };
  },
};

/** All that need no peer. */
export const SCENARIOS: readonly Scenario[] = [
  intoFolder(
    'taildir -> memory -> hdfs on file:',
    () => memory,
    (out) => hdfs(out),
  ),
  intoFolder(
    'taildir -> memory -> hdfs on file:, gzip',
    () => memory,
    (out) => hdfs(out, compressed('gzip')),
    READERS.gzip,
  ),
  intoFolder(
    'taildir -> memory -> hdfs on file:, zstd',
    () => memory,
    (out) => hdfs(out, compressed('zstandard')),
    READERS.zstd,
  ),
  intoFolder(
    'taildir -> memory -> hdfs on file:, SequenceFile',
    () => memory,
    (out) => hdfs(out, { 'hdfs.fileType': 'SequenceFile', 'hdfs.writeFormat': 'Text' }),
    READERS.sequence,
  ),
  intoFolder(
    'taildir -> memory -> hdfs on file:, Avro container',
    () => memory,
    (out) => hdfs(out, { serializer: 'avro_event' }),
    READERS.avro,
  ),
  intoFolder(
    'taildir -> memory -> file_roll',
    () => memory,
    (out) => fileRoll(out),
  ),
  intoFolder('taildir -> file channel -> hdfs on file:', fileChannel, (out) => hdfs(out)),
  intoFolder('taildir -> file channel -> file_roll', fileChannel, (out) => fileRoll(out)),
  intoFolder(
    'taildir -> memory -> hdfs on file:, files of 30 lines',
    () => memory,
    (out) => hdfs(out, { 'hdfs.rollCount': 30, 'hdfs.batchSize': 10 }),
  ),
  joined,
  twoSinks,
  oneFolder,
  twoRoutes,
  tailExec,
  overAvro,
];
