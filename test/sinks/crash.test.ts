import { gunzipSync } from 'node:zlib';
import { fileRoll } from '../../src/sinks/file_roll.ts';
import { hdfs } from '../../src/sinks/hdfs/index.ts';
import { type CrashingSink, crashContract } from '../contract/crash.contract.ts';
import { readContainer } from '../support/avro-container.ts';
import { readSequenceFile } from '../support/sequence-file.ts';
import { sinkOf } from '../support/sinks.ts';

type Options = Readonly<Record<string, string | number | boolean>>;

const textLines = (bytes: Buffer): string[] => bytes.toString().split('\n').slice(0, -1);
const records = (bytes: Buffer): string[] => readSequenceFile(bytes).records.map(({ body }) => body.toString());

function hdfsSink(options: Options, read: CrashingSink['read'] = textLines, suffix = ''): CrashingSink {
  const all = {
    'hdfs.path': '/l/%{h}',
    'hdfs.fileType': 'DataStream',
    'hdfs.retryInterval': 3,
    'hdfs.rollInterval': 5,
    'hdfs.rollSize': 0,
    ...options,
  };
  return {
    make: (context) => sinkOf(hdfs, all, context),
    read,
    isInUse: (path) => path.endsWith('.tmp'),
    foreignPath: (now, number) =>
      `/l/${'abc'[Math.abs(number) % 3]}/FlumeData.${now + number}${suffix}${number % 2 === 0 ? '.tmp' : ''}`,
  };
}

crashContract('hdfs, rolled by events', hdfsSink({ 'hdfs.rollCount': 3 }));
crashContract(
  'hdfs, few open files, small flushes',
  hdfsSink({ 'hdfs.maxOpenFiles': 2, 'hdfs.batchSize': 2, 'hdfs.threadsPoolSize': 1 }),
);
crashContract('hdfs, never renamed', hdfsSink({ 'hdfs.emptyInUseSuffix': true, 'hdfs.rollCount': 4 }));
crashContract(
  'hdfs, gzip',
  hdfsSink(
    { 'hdfs.fileType': 'CompressedStream', 'hdfs.codeC': 'gzip', 'hdfs.rollCount': 6 },
    (bytes) => textLines(gunzipSync(bytes)),
    '.gz',
  ),
);
crashContract('hdfs, SequenceFile', hdfsSink({ 'hdfs.fileType': 'SequenceFile', 'hdfs.rollCount': 6 }, records));
crashContract(
  'hdfs, Avro container',
  hdfsSink({ serializer: 'AVRO_EVENT', 'serializer.syncIntervalBytes': 64, 'hdfs.rollCount': 6 }, (bytes) =>
    readContainer(bytes).blocks.flatMap((block) => block.map((record) => (record as { body: Buffer }).body.toString())),
  ),
);
for (const emptyFiles of [true, false]) {
  crashContract(`file_roll, ${emptyFiles ? 'with' : 'without'} empty files`, {
    make: (context) =>
      sinkOf(
        fileRoll,
        {
          'sink.directory': '/l',
          'sink.rollInterval': 2,
          'sink.batchSize': 3,
          'sink.emptyFiles': emptyFiles,
        },
        context,
      ),
    read: textLines,
    isInUse: () => false,
    foreignPath: (now, number) => `/l/${now - (now % 250)}-${number + 3}`,
  });
}
