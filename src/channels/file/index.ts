import { declare } from '../../component/declaration.ts';
import { bool, entries, integer, text, words } from '../../options/option.ts';
import { FileChannel } from './channel.ts';

/*
 * The file channel: a queue on disk that outlives the process. Its format is its own (segment.ts, record.ts, payload.ts, checkpoint.ts); a file channel of
 * Flume's is not read. What it says in the agent's checkpoint stands in log-state.ts, and how a start puts all that together in recover.ts.
 */

/** Flume's default of maxFileSize, and its ceiling. */
const FLUME_FILE_BYTES = 1_623_195_647;
/** Small enough that what is committed gives its room back soon. */
const SEGMENT_BYTES = 64 * 1024 * 1024;
const LEAST_FREE_BYTES = 1_048_576;

const NO_EFFECT = 'Accepted; without effect:';

const options = {
  checkpointDir: text({
    default: '~/.flume/file-channel/checkpoint',
    doc: 'The directory of the checkpoints. Each file channel needs one of its own.',
  }),
  dataDirs: words({
    default: ['~/.flume/file-channel/data'],
    separator: /\s*,\s*/,
    doc: 'The directories of the events, separated by commas; segments go to them in turn. Each file channel needs its own.',
  }),
  capacity: integer({
    default: 1_000_000,
    min: 1,
    unit: 'events',
    lenient: true,
    doc: 'How many events the channel holds at the most; a source waits when it is full.',
  }),
  transactionCapacity: integer({
    default: 10_000,
    min: 1,
    unit: 'events',
    lenient: true,
    doc: 'How many events a batch of a client (avro, thrift, http) may have; larger ones are refused. Other sources are not bound by it.',
  }),
  'keep-alive': integer({
    default: 3,
    min: 0,
    unit: 's',
    lenient: true,
    doc: 'How long a client (avro, thrift, http) waits for room before it is refused. Other sources wait as long as it takes.',
  }),
  checkpointInterval: integer({
    default: 30_000,
    min: 1,
    unit: 'ms',
    lenient: true,
    doc: 'How often the channel writes a checkpoint of its own; what came after it is read from the segments at a start.',
  }),
  maxFileSize: integer({
    default: FLUME_FILE_BYTES,
    min: 1,
    unit: 'bytes',
    doc: 'A segment of this size is not written to any more; at 64 MiB none is, so that disk space is given back soon.',
  }),
  minimumRequiredSpace: integer({
    default: 524_288_000,
    min: 0,
    unit: 'bytes',
    doc: 'So much is to stay free on the disk, 1 MiB at the least: with less, puts wait. They go on by themselves.',
  }),
  useDualCheckpoints: bool({ default: false, doc: `${NO_EFFECT} the checkpoint before the last is always kept.` }),
  backupCheckpointDir: text({ doc: `${NO_EFFECT} see useDualCheckpoints.` }),
  compressBackupCheckpoint: bool({ default: false, doc: `${NO_EFFECT} see useDualCheckpoints.` }),
  checkpointOnClose: bool({ default: true, doc: `${NO_EFFECT} a checkpoint is always written at the end.` }),
  'use-fast-replay': bool({ default: false, doc: `${NO_EFFECT} a start reads only what came after the checkpoint.` }),
  'use-log-replay-v1': bool({ default: false, doc: `${NO_EFFECT} there is no replay.` }),
  'write-timeout': integer({ default: 10, unit: 's', doc: `${NO_EFFECT} a checkpoint never waits for puts.` }),
  'checkpoint-timeout': integer({ default: 600, unit: 's', doc: `${NO_EFFECT} see write-timeout.` }),
  fsyncPerTransaction: bool({
    default: true,
    doc: `${NO_EFFECT} every put is synced; puts that come together, at once.`,
  }),
  fsyncInterval: integer({ default: 5, unit: 's', doc: `${NO_EFFECT} see fsyncPerTransaction.` }),
  'encryption.*': entries({ of: 'property', doc: 'Refused: events are not encrypted. Use an encrypted file system.' }),
};

export const fileChannel = declare('channel', {
  type: 'file',
  classNames: ['org.apache.flume.channel.file.FileChannel'],
  summary: 'Keeps events on disk: what was put outlives a crash of the process and of the machine.',
  options,
  check: (values, report) => {
    if (values.transactionCapacity > values.capacity) {
      report(
        'error',
        'transactionCapacity',
        `${values.transactionCapacity} is above the capacity of ${values.capacity}`,
        'lower it, or raise capacity',
      );
    }
    for (const key of values['encryption.*'].keys()) {
      report(
        'error',
        `encryption.${key}`,
        'the file channel does not encrypt events',
        'remove the encryption keys and put the directories on an encrypted file system',
      );
    }
  },
  create: (values, context) => {
    const expand = (path: string): string => path.replace(/^~(?=\/|$)/, context.homeDir);
    return new FileChannel(
      {
        checkpointDir: expand(values.checkpointDir),
        dataDirs: [...new Set(values.dataDirs.map(expand))],
        capacity: values.capacity,
        transactionCapacity: values.transactionCapacity,
        keepAlive: values['keep-alive'] * 1000,
        checkpointInterval: values.checkpointInterval,
        maxSegmentBytes: Math.min(values.maxFileSize, SEGMENT_BYTES),
        minimumRequiredSpace: Math.max(values.minimumRequiredSpace, LEAST_FREE_BYTES),
      },
      context,
    );
  },
});
