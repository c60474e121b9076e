import { gunzipSync } from 'node:zlib';
import { fileRoll } from '../../src/sinks/file_roll.ts';
import { hdfs } from '../../src/sinks/hdfs/index.ts';
import { type FileSinkUnderTest, fileSinkContract } from '../contract/sink.contract.ts';
import { readContainer } from '../support/avro-container.ts';
import { readSequenceFile } from '../support/sequence-file.ts';
import { sinkOf } from '../support/sinks.ts';

type Options = Readonly<Record<string, string | number | boolean>>;

const textLines = (bytes: Buffer): string[] => bytes.toString().split('\n').slice(0, -1);
const records = (bytes: Buffer): string[] => readSequenceFile(bytes).records.map(({ body }) => body.toString());

function hdfsSink(options: Options, read: FileSinkUnderTest['read']): FileSinkUnderTest {
  const all = {
    'hdfs.path': '/l/%{h}',
    'hdfs.retryInterval': 3,
    'hdfs.rollInterval': 5,
    'hdfs.rollSize': 0,
    ...options,
  };
  return { make: (context) => sinkOf(hdfs, all, context), read, isInUse: (path) => path.endsWith('.tmp') };
}

fileSinkContract(
  'hdfs, DataStream, rolled by events',
  hdfsSink({ 'hdfs.fileType': 'DataStream', 'hdfs.rollCount': 3 }, textLines),
);
fileSinkContract(
  'hdfs, DataStream, few open files, small flushes',
  hdfsSink(
    { 'hdfs.fileType': 'DataStream', 'hdfs.maxOpenFiles': 2, 'hdfs.batchSize': 2, 'hdfs.threadsPoolSize': 1 },
    textLines,
  ),
);
fileSinkContract(
  'hdfs, DataStream, never renamed',
  hdfsSink(
    { 'hdfs.fileType': 'DataStream', 'hdfs.emptyInUseSuffix': true, 'hdfs.rollSize': 50, 'hdfs.idleTimeout': 1 },
    textLines,
  ),
);
fileSinkContract(
  'hdfs, DataStream of AVRO_EVENT',
  hdfsSink(
    {
      'hdfs.fileType': 'DataStream',
      serializer: 'AVRO_EVENT',
      'serializer.syncIntervalBytes': 64,
      'hdfs.rollCount': 4,
    },
    (bytes) =>
      readContainer(bytes).blocks.flatMap((block) =>
        block.map((record) => (record as { body: Buffer }).body.toString()),
      ),
  ),
);
fileSinkContract(
  'hdfs, CompressedStream',
  hdfsSink({ 'hdfs.fileType': 'CompressedStream', 'hdfs.codeC': 'gzip', 'hdfs.rollCount': 4 }, (bytes) =>
    textLines(gunzipSync(bytes)),
  ),
);
fileSinkContract('hdfs, SequenceFile', hdfsSink({ 'hdfs.fileType': 'SequenceFile', 'hdfs.rollCount': 4 }, records));
fileSinkContract(
  'hdfs, SequenceFile in blocks',
  hdfsSink(
    { 'hdfs.fileType': 'SequenceFile', 'hdfs.codeC': 'snappy', 'hdfs.writeFormat': 'Text', 'hdfs.rollCount': 4 },
    records,
  ),
);
fileSinkContract('file_roll', {
  make: (context) => sinkOf(fileRoll, { 'sink.directory': '/l', 'sink.rollInterval': 2, 'sink.batchSize': 3 }, context),
  read: textLines,
  isInUse: () => false,
});
