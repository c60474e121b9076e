import { declare, type Registry } from '../../src/component/declaration.ts';
import { bool, entries, integer, nested, text, words } from '../../src/options/option.ts';

/** A component that is never made. */
const create = (): never => {
  throw new Error('not made in these tests');
};

const seq = declare('source', {
  type: 'seq',
  classNames: ['org.apache.flume.source.SequenceGeneratorSource'],
  summary: 'Counts.',
  options: {
    totalEvents: integer({ doc: 'How many.', default: 10, min: 0 }),
    batchSize: integer({ doc: 'Events of a batch.', default: 1, min: 1, unit: 'events' }),
  },
  batchSize: (values) => values.batchSize,
  create,
});

const exec = declare('source', {
  type: 'exec',
  classNames: ['org.apache.flume.source.ExecSource'],
  summary: 'Runs a command.',
  options: {
    command: text({ doc: 'The command.', required: true }),
    restart: bool({ doc: 'Again and again.', default: false }),
  },
  create,
});

const avroSource = declare('source', {
  type: 'avro',
  summary: 'Listens.',
  options: {
    bind: text({ doc: 'Address.', required: true }),
    port: integer({ doc: 'Port.', required: true, min: 0, max: 65535 }),
  },
  create,
});

const http = declare('source', {
  type: 'http',
  classNames: ['org.apache.flume.source.http.HTTPSource'],
  summary: 'Listens.',
  options: { bind: text({ doc: 'Address.', default: '0.0.0.0' }), port: integer({ doc: 'Port.', required: true }) },
  create,
});

const taildir = declare('source', {
  type: 'TAILDIR',
  classNames: ['org.apache.flume.source.taildir.TaildirSource'],
  summary: 'Tails files.',
  options: {
    filegroups: words({ doc: 'Groups.', required: true }),
    'filegroups.*': entries({ doc: 'Files.', of: 'group', required: true }),
    positionFile: text({ doc: 'Positions.' }),
  },
  create,
});

const memory = declare('channel', {
  type: 'memory',
  classNames: ['org.apache.flume.channel.MemoryChannel'],
  summary: 'Keeps events in memory.',
  options: {
    capacity: integer({ doc: 'Events.', default: 100, min: 1, lenient: true }),
    transactionCapacity: integer({ doc: 'Events of a transaction.', default: 100, min: 1, lenient: true }),
    'keep-alive': integer({ doc: 'Wait.', default: 3, unit: 's' }),
  },
  check: (values, report) => {
    if (values.transactionCapacity > values.capacity) {
      report('error', 'transactionCapacity', `is larger than the capacity, ${values.capacity}`);
    }
  },
  create,
});

const nullSink = declare('sink', {
  type: 'null',
  classNames: ['org.apache.flume.sink.NullSink'],
  summary: 'Throws away.',
  options: { batchSize: integer({ doc: 'Events of a batch.', default: 100, min: 1 }) },
  batchSize: (values) => values.batchSize,
  create,
});

const fileRoll = declare('sink', {
  type: 'file_roll',
  summary: 'Writes files.',
  options: {
    'sink.directory': text({ doc: 'Folder.', required: true }),
    'sink.rollInterval': integer({ doc: 'Roll.', default: 30, unit: 's' }),
    'sink.batchSize': integer({ doc: 'Events of a batch.', default: 100, min: 1 }),
    'sink.serializer': nested({ component: 'serializer', default: 'TEXT', doc: 'Form.' }),
  },
  create,
});

const hdfs = declare('sink', {
  type: 'hdfs',
  classNames: ['org.apache.flume.sink.hdfs.HDFSEventSink'],
  summary: 'Writes files.',
  options: {
    'hdfs.path': text({ doc: 'Folder.', required: true }),
    'hdfs.fileType': text({ doc: 'Type.', default: 'SequenceFile' }),
    'hdfs.rollSize': integer({ doc: 'Roll.', default: 1024, min: 0 }),
    'hdfs.rollCount': integer({ doc: 'Roll.', default: 10, min: 0 }),
  },
  create,
});

const staticInterceptor = declare('interceptor', {
  type: 'static',
  classNames: ['org.apache.flume.interceptor.StaticInterceptor'],
  summary: 'Adds a header.',
  options: { key: text({ doc: 'Name.', default: 'key' }), value: text({ doc: 'Value.', default: 'value' }) },
  create,
});

const timestamp = declare('interceptor', { type: 'timestamp', summary: 'Adds the time.', options: {}, create });

const replicating = declare('selector', {
  type: 'replicating',
  summary: 'All rows to all channels.',
  options: { optional: words({ doc: 'Best effort.', default: [] }) },
  create,
});

const failover = declare('processor', {
  type: 'failover',
  summary: 'The best sink that works.',
  options: { 'priority.*': entries({ doc: 'Higher first.', of: 'sink' }) },
  create,
});

const loadBalance = declare('processor', { type: 'load_balance', summary: 'By turns.', options: {}, create });
const single = declare('processor', { type: 'default', summary: 'One sink.', options: {}, create });
const textSerializer = declare('serializer', {
  type: 'TEXT',
  summary: 'Lines.',
  options: { appendNewline: bool({ doc: 'Line ends.', default: true }) },
  create,
});
const avroEvent = declare('serializer', { type: 'avro_event', summary: 'Avro.', options: {}, create });

/** Enough components for the grammar; the real ones have tests of their own. */
export const fakeRegistry: Registry = {
  components: [
    seq,
    exec,
    avroSource,
    http,
    taildir,
    memory,
    nullSink,
    fileRoll,
    hdfs,
    staticInterceptor,
    timestamp,
    replicating,
    failover,
    loadBalance,
    single,
    textSerializer,
    avroEvent,
  ],
  fileSystems: [],
};
