import { basename, dirname } from 'node:path';
import type { BenchData } from './data.ts';

/** What a configuration is made for. */
export interface CaseSettings {
  readonly dir: string;
  readonly data: BenchData;
  /** A free port for a hop between two agents. */
  readonly port: number;
  /** `webhdfs://host:port`, for the row that needs it. */
  readonly webhdfs?: string;
}

/** A row of the table: the configuration of agent `a`, and of `b` behind it where there are two. */
export interface BenchCase {
  readonly name: string;
  readonly conf: (settings: CaseSettings) => { readonly a: string; readonly b?: string };
  /** Whether Flume can run it. */
  readonly peer: boolean;
  /** Flume would take minutes over the short lines. */
  readonly slowPeer?: boolean;
  readonly needsHdfs?: boolean;
}

const BATCH = 5000;

function taildir({ dir, data }: CaseSettings): string {
  return `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = TAILDIR
a.sources.r.channels = c
a.sources.r.filegroups = f
a.sources.r.filegroups.f = ${dirname(data.file)}/${basename(data.file).replaceAll('.', '\\\\.')}
a.sources.r.positionFile = ${dir}/positions.json
a.sources.r.batchSize = ${BATCH}
`;
}

function exec({ data }: CaseSettings): string {
  return `a.sources = r
a.channels = c
a.sinks = k
a.sources.r.type = exec
a.sources.r.command = cat ${data.file}
a.sources.r.channels = c
a.sources.r.batchSize = ${BATCH}
`;
}

function channel(agent: string): string {
  return `${agent}.channels.c.type = memory
${agent}.channels.c.capacity = 200000
${agent}.channels.c.transactionCapacity = ${BATCH}
`;
}

function fileChannel({ dir }: CaseSettings): string {
  return `a.channels.c.type = file
a.channels.c.checkpointDir = ${dir}/channel/checkpoint
a.channels.c.dataDirs = ${dir}/channel/data
a.channels.c.transactionCapacity = ${BATCH}
`;
}

function sink(type: string, lines: readonly string[]): string {
  return [`type = ${type}`, 'channel = c', ...lines].map((line) => `a.sinks.k.${line}\n`).join('');
}

const UNROLLED = ['hdfs.rollInterval = 0', 'hdfs.rollSize = 0', 'hdfs.rollCount = 0', `hdfs.batchSize = ${BATCH}`];

function fileRoll({ dir }: CaseSettings): string {
  return sink('file_roll', [`sink.directory = ${dir}/out`, 'sink.rollInterval = 0', `sink.batchSize = ${BATCH}`]);
}

export const CASES: readonly BenchCase[] = [
  {
    name: 'taildir -> memory -> null',
    peer: false,
    conf: (s) => ({ a: taildir(s) + channel('a') + sink('null', [`batchSize = ${BATCH}`]) }),
  },
  { name: 'taildir -> memory -> file_roll', peer: true, conf: (s) => ({ a: taildir(s) + channel('a') + fileRoll(s) }) },
  {
    name: 'taildir -> file channel -> file_roll',
    peer: true,
    slowPeer: true,
    conf: (s) => ({ a: taildir(s) + fileChannel(s) + fileRoll(s) }),
  },
  {
    name: 'taildir -> memory -> hdfs file:',
    peer: true,
    slowPeer: true,
    conf: (s) => ({
      a:
        taildir(s) +
        channel('a') +
        sink('hdfs', [
          `hdfs.path = file://${s.dir}/out`,
          'hdfs.fileType = DataStream',
          'hdfs.useRawLocalFileSystem = true',
          ...UNROLLED,
        ]),
    }),
  },
  {
    name: 'taildir -> memory -> hdfs file: gzip',
    peer: true,
    slowPeer: true,
    conf: (s) => ({
      a:
        taildir(s) +
        channel('a') +
        sink('hdfs', [
          `hdfs.path = file://${s.dir}/out`,
          'hdfs.fileType = CompressedStream',
          'hdfs.codeC = gzip',
          'hdfs.useRawLocalFileSystem = true',
          ...UNROLLED,
        ]),
    }),
  },
  {
    name: 'taildir -> memory -> avro -> memory -> null',
    peer: true,
    conf: (s) => ({
      a:
        taildir(s) + channel('a') + sink('avro', ['hostname = 127.0.0.1', `port = ${s.port}`, `batch-size = ${BATCH}`]),
      b: `b.sources = r
b.channels = c
b.sinks = k
b.sources.r.type = avro
b.sources.r.bind = 127.0.0.1
b.sources.r.port = ${s.port}
b.sources.r.channels = c
${channel('b')}b.sinks.k.type = null
b.sinks.k.channel = c
b.sinks.k.batchSize = ${BATCH}
`,
    }),
  },
  {
    name: 'taildir -> memory -> hdfs webhdfs:',
    peer: true,
    slowPeer: true,
    needsHdfs: true,
    conf: (s) => ({
      a:
        taildir(s) +
        channel('a') +
        sink('hdfs', [
          `hdfs.path = ${s.webhdfs}${s.dir}`,
          'hdfs.fileType = DataStream',
          'hdfs.callTimeout = 120000',
          ...UNROLLED,
        ]),
    }),
  },
  { name: 'exec cat -> memory -> file_roll', peer: true, conf: (s) => ({ a: exec(s) + channel('a') + fileRoll(s) }) },
];
