import { findCodec } from '../../codecs/find.ts';
import type { Codec } from '../../component/codec.ts';
import type { Report } from '../../options/bind.ts';
import {
  bool,
  choice,
  integer,
  nested,
  type OptionValues,
  type Parsed,
  type ScalarOption,
  text,
} from '../../options/option.ts';
import type { Rounding } from './time-escapes.ts';
import { TimeZone } from './time-zone.ts';

const LATER = 'Comes with hdfs: paths; refused until then.';

/** A codec by Hadoop's name. */
const codec: ScalarOption<Codec | undefined> = {
  shape: 'scalar',
  kind: 'codec',
  doc: 'The compression: gzip, bzip2, deflate, default, snappy, lz4, zstandard, or a class name of Hadoop. With CompressedStream and SequenceFile.',
  required: false,
  default: undefined,
  parse: findCodec as (name: string) => Parsed<Codec | undefined>,
};

/** The options of the hdfs sink, as Flume has them. */
export const options = {
  'hdfs.path': text({
    required: true,
    doc: 'The folder, with escapes filled in for each event: file:///lake/%Y-%m-%d/%{project_id}, webhdfs://namenode:9870/logs. Without a scheme it lies in fs.defaultFS of core-site.xml, else on the local disk.',
  }),
  'hdfs.filePrefix': text({
    default: 'FlumeData',
    doc: 'The beginning of file names; escapes are filled in. A slash in a header value becomes an underscore here.',
  }),
  'hdfs.fileSuffix': text({
    default: '',
    doc: "The end of file names, as it stands; when it is given the codec's own extension is left out.",
  }),
  'hdfs.inUsePrefix': text({
    default: '',
    doc: 'Stands before the name of a file that is being written. Hive and Spark skip names that begin with _ or a dot.',
  }),
  'hdfs.inUseSuffix': text({ default: '.tmp', doc: 'Stands behind the name of a file that is being written.' }),
  'hdfs.emptyInUseSuffix': bool({
    default: false,
    doc: 'No suffix for a file that is being written; without inUsePrefix too, it has its final name from the beginning.',
  }),
  'hdfs.rollInterval': integer({
    default: 30,
    unit: 's',
    doc: 'A file is finished after this time. 0 or less: never for its age.',
  }),
  'hdfs.rollSize': integer({
    default: 1024,
    unit: 'bytes',
    doc: 'A file is finished when so many bytes of bodies are in it (before compression) and another event comes. 0 or less: never for its size.',
  }),
  'hdfs.rollCount': integer({
    default: 10,
    unit: 'events',
    doc: 'A file is finished when so many events are in it and another one comes. 0 or less: never for their number.',
  }),
  'hdfs.idleTimeout': integer({
    default: 0,
    unit: 's',
    doc: 'A file is finished when nothing has come for this time. 0 or less: never.',
  }),
  'hdfs.batchSize': integer({
    default: 100,
    min: 1,
    unit: 'events',
    doc: 'How many events may be unflushed at low load; under load one flush confirms all that has gathered.',
  }),
  'hdfs.codeC': codec,
  'hdfs.fileType': choice(['SequenceFile', 'DataStream', 'CompressedStream'], {
    default: 'SequenceFile',
    doc: 'SequenceFile: records with the time as key. DataStream: the bytes of the serializer. CompressedStream: those, compressed by codeC.',
  }),
  'hdfs.writeFormat': text({
    default: 'Writable',
    doc: 'What the values of a SequenceFile are: Writable (BytesWritable) or Text, exactly so. Without effect for the other file types.',
  }),
  'hdfs.maxOpenFiles': integer({
    default: 5000,
    min: 1,
    unit: 'files',
    doc: 'How many files are open at a time; the one that was not written to for longest is finished for another.',
  }),
  'hdfs.minBlockReplicas': integer({
    min: 0,
    doc: 'Has no effect on file: and webhdfs:, which do not tell how many replicas a block in the making has.',
  }),
  'hdfs.round': bool({ default: false, doc: 'Whether times in path and prefix are rounded down.' }),
  'hdfs.roundValue': integer({
    default: 1,
    doc: 'To a multiple of this: second and minute 1 to 60, hour 1 to 24.',
  }),
  'hdfs.roundUnit': text({
    default: 'second',
    doc: 'Of which unit: second, minute or hour. With any other there is no rounding, as in Flume.',
  }),
  'hdfs.timeZone': text({
    doc: 'The time zone of the escapes, as Java names it: Europe/Berlin, GMT+8. Default: that of the process.',
    check: (id) => {
      try {
        new TimeZone(id);
        return undefined;
      } catch {
        return `"${id}" is no time zone`;
      }
    },
  }),
  'hdfs.useLocalTimeStamp': bool({ default: false, doc: 'The clock instead of the timestamp header.' }),
  'hdfs.closeTries': integer({
    default: 0,
    doc: 'How often it is tried to cut, close or rename a file that is done before it is left as it is. 0 or less: until it works.',
  }),
  'hdfs.retryInterval': integer({ default: 180, unit: 's', doc: 'The time between those tries. 0 or less: one try.' }),
  'hdfs.callTimeout': integer({
    default: 30_000,
    unit: 'ms',
    doc: 'How long making, cutting, renaming or removing a file may take. 0 or less: for ever. Writing and flushing have the patience of the file system.',
  }),
  'hdfs.threadsPoolSize': integer({
    default: 10,
    min: 1,
    doc: 'How many files are written to or flushed at the same time.',
  }),
  'hdfs.rollTimerPoolSize': integer({ default: 1, min: 1, doc: 'Has no effect: timers need no threads here.' }),
  'hdfs.kerberosPrincipal': text({ doc: LATER }),
  'hdfs.kerberosKeytab': text({ doc: LATER }),
  'hdfs.proxyUser': text({ doc: LATER }),
  'hdfs.useRawLocalFileSystem': bool({
    default: false,
    doc: 'Has no effect: checksum files (.crc) are never written beside local files.',
  }),
  serializer: nested({
    component: 'serializer',
    default: 'TEXT',
    doc: 'How events become bytes, with DataStream and CompressedStream.',
  }),
};

export type HdfsValues = OptionValues<typeof options>;

/** The rounding that the options ask for. */
export function roundingOf(values: HdfsValues): Rounding | undefined {
  const unit = values['hdfs.roundUnit'].toLowerCase();
  if (!values['hdfs.round'] || (unit !== 'second' && unit !== 'minute' && unit !== 'hour')) return undefined;
  return { unit, value: values['hdfs.roundValue'] };
}

/** Flume's names for the values of a SequenceFile. */
const WRITE_FORMATS: Readonly<Record<string, 'Writable' | 'Text'>> = {
  Writable: 'Writable',
  Text: 'Text',
  'org.apache.flume.sink.hdfs.HDFSWritableSerializer$Builder': 'Writable',
  'org.apache.flume.sink.hdfs.HDFSTextSerializer$Builder': 'Text',
};

/** What the values of a SequenceFile are; for other files it does not matter. */
export function writeFormatOf(values: HdfsValues): 'Writable' | 'Text' {
  return WRITE_FORMATS[values['hdfs.writeFormat']] ?? 'Writable';
}

/** Rules between the options. */
export function checkOptions(values: HdfsValues, report: Report): void {
  const type = values['hdfs.fileType'];
  if (type === 'CompressedStream' && values['hdfs.codeC'] === undefined) {
    report('error', 'hdfs.codeC', 'is missing: the file type CompressedStream needs a codec', 'hdfs.codeC = gzip');
  }
  if (type === 'DataStream' && values['hdfs.codeC'] !== undefined) {
    report('error', 'hdfs.codeC', 'a DataStream is not compressed', 'hdfs.fileType = CompressedStream');
  }
  if (type === 'SequenceFile' && !Object.hasOwn(WRITE_FORMATS, values['hdfs.writeFormat'])) {
    report('error', 'hdfs.writeFormat', `"${values['hdfs.writeFormat']}" is not known`, 'Writable or Text, exactly so');
  }
  for (const name of ['hdfs.path', 'hdfs.filePrefix'] as const) {
    for (const [unknown, host] of values[name].matchAll(/%\[(\w+)\]/g)) {
      if (!/^(localhost|ip|fqdn)$/i.test(host!))
        report('error', name, `${unknown} is not known`, '%[localhost], %[IP] or %[FQDN]');
    }
  }
  if (/^[^/]*%/.test(values['hdfs.path'].replace(/^[a-z][a-z0-9+.-]*:\/\//i, ''))) {
    report('error', 'hdfs.path', 'an event must not choose the host: an escape stands before the first / of the path');
  }
  if (values['hdfs.round'] && roundingOf(values) === undefined) {
    report(
      'warning',
      'hdfs.roundUnit',
      `"${values['hdfs.roundUnit']}" is not known; times are not rounded`,
      'second, minute or hour',
    );
  }
  const rounding = roundingOf(values);
  const most = rounding?.unit === 'hour' ? 24 : 60;
  if (rounding !== undefined && (rounding.value < 1 || rounding.value > most)) {
    report('error', 'hdfs.roundValue', `${rounding.value} is out of range`, `1 to ${most} for ${rounding.unit}`);
  }
  for (const name of ['hdfs.kerberosPrincipal', 'hdfs.kerberosKeytab', 'hdfs.proxyUser'] as const) {
    if (values[name] !== undefined) report('error', name, 'is not in Sluice yet: it comes with hdfs: paths');
  }
  if (/^hdfs:/i.test(values['hdfs.path'])) {
    report('error', 'hdfs.path', 'paths of hdfs: are not in Sluice yet', `use ${webHdfsUrl(values['hdfs.path'])}`);
  }
  checkTables(values, report);
}

/** What Flume's defaults do to rows that are made for tables. */
function checkTables(values: HdfsValues, report: Report): void {
  if (values.serializer.declaration.type !== 'sentry_rows') return;
  if (values['hdfs.fileType'] === 'SequenceFile') {
    const message = 'a SequenceFile does not take the serializer sentry_rows: it would hold the bodies as they are';
    report('error', 'hdfs.fileType', message, 'DataStream, or CompressedStream with hdfs.codeC = gzip');
  }
  if (!/^[_.]/.test(values['hdfs.inUsePrefix'])) {
    const message = 'Hive and Spark count files that are still being written, those that end in .tmp too';
    report('warning', 'hdfs.inUsePrefix', message, 'hdfs.inUsePrefix = _ hides them until they are whole');
  }
}

/** The WebHDFS URL of the same place, with the port that NameNodes serve it on. */
function webHdfsUrl(path: string): string {
  const authority = /^hdfs:\/\/([^/]*)/i.exec(path)?.[1]?.replace(/:\d+$/, '') ?? '';
  return `webhdfs://${authority === '' ? 'namenode' : authority}:9870${path.replace(/^hdfs:(\/\/[^/]*)?/i, '')}`;
}
