import assert from 'node:assert/strict';
import { bind } from '../../../src/options/bind.ts';
import { COLUMN_NAMES, EVENT_COLUMN_NAMES } from '../../../src/sentry/columns.ts';
import { sentryRows } from '../../../src/serializers/sentry_rows/index.ts';
import { hdfs } from '../../../src/sinks/hdfs/index.ts';
import { batchOf } from '../../support/batches.ts';
import { serializerOf } from '../../support/serializer.ts';
import { bindOptions } from '../../support/sinks.ts';

/** `severity message (hint)` of each problem that these options have. */
function problems(options: Readonly<Record<string, string>>): string[] {
  const raw = new Map(Object.entries(options).map(([name, text]) => [name, { text }]));
  return bind(sentryRows, raw, 'serializer', () => ({ known: [] })).problems.map(
    ({ severity, message, hint }) => `${severity} ${message} (${hint})`,
  );
}

function refused(options: Readonly<Record<string, string>>, expected: RegExp): void {
  const found = problems(options);
  assert.equal(found.length, 1, `${found}`);
  assert.match(found[0]!, expected);
}

const ID = 'e'.repeat(32);
const DELIMITED = { format: 'delimited', columns: 'event_id, project_id,message' };

/** What these options make of one event without a message. */
function lineOf(options: Readonly<Record<string, string>>): string {
  const headers = { event_id: ID, project_id: '42', item_type: 'event' };
  const chunks = serializerOf(sentryRows, { ...DELIMITED, ...options }).rows(batchOf([{ body: '{}', headers }]), 0, 1);
  return Buffer.concat(chunks).toString();
}

describe('serializer sentry_rows', () => {
  it('takes a delimiter as itself, by name or by code', () => {
    const spelt = { ',': ',', '|': '|', tab: '\t', '\\t': '\t', '\\u0009': '\t', '\\u0001': '\u0001', '^A': '\u0001' };
    for (const [delimiter, character] of Object.entries({ ...spelt, '\\001': '\u0001', '001': '\u0001' })) {
      assert.deepEqual(lineOf({ delimiter }).split(character).slice(0, 2), [ID, '42'], delimiter);
    }
    assert.equal(lineOf({ nullText: '-' }).split('\u0001').length, 3, "Hive's own by default");
  });

  it('refuses a delimiter, an escape and a text for missing values that could not be told from values', () => {
    for (const delimiter of ['a', '7', '-', ':', '.', '\\', '\\u000a', '\\u2028', '::', 'é', '']) {
      refused({ ...DELIMITED, delimiter }, /^error delimiter: .*\(a character such as/);
    }
    for (const name of ['n', '7', 'é', '\\u0001', '']) refused({ ...DELIMITED, escape: name }, /^error escape: /);
    for (const name of ['none', 'NONE', 'backslash', '\\', '^']) assert.deepEqual(problems({ escape: name }), []);
    refused({ ...DELIMITED, escape: '|', delimiter: '|' }, /^error escape: it is the delimiter/);
    refused({ ...DELIMITED, nullText: 'a,b', delimiter: ',' }, /^error nullText: it holds the delimiter/);
    refused({ ...DELIMITED, nullText: '\\n', escape: '\\' }, /^error nullText: "\\n" is how other values are written/);
    refused({ ...DELIMITED, nullText: 'N' }, /^warning nullText: a properties file makes N of \\N \(write \\\\N\)/);
    refused({ ...DELIMITED, nullText: 'a\u2028b' }, /^error nullText: it must not hold a line break/);
  });

  it('names the nearest column for one that there is not', () => {
    refused(
      { columns: 'event_id,projectid' },
      /^error columns: there is no column "projectid" \(did you mean project_id\?\)/,
    );
    refused({ columns: 'xyzzy' }, /^error columns: .*\(known: event_id, /);
    refused({ columns: 'event_id,event_id' }, /^error columns: the column event_id is named twice/);
    refused({ columns: ' , ' }, /^error columns: it names no column/);
    assert.deepEqual(problems({ columns: COLUMN_NAMES.join(',') }), []);
  });

  it('warns of a delimiter that would spoil columns of JSON', () => {
    const columns = 'event_id,tags,contexts';
    refused({ format: 'delimited', delimiter: ',', columns }, /^warning delimiter: tags and contexts hold JSON/);
    assert.deepEqual(problems({ format: 'delimited', delimiter: ',', columns, escape: 'backslash' }), []);
    assert.deepEqual(problems({ format: 'delimited', delimiter: ',', columns: 'event_id,message' }), []);
    assert.deepEqual(problems({ format: 'delimited', delimiter: 'tab' }), []);
    assert.deepEqual(problems({ delimiter: ',' }), [], 'JSON rows have no delimiter');
  });

  it('writes the columns of every event by default', () => {
    const batch = batchOf([{ body: '{}', headers: { event_id: ID, item_type: 'event' } }]);
    const line = Buffer.concat(serializerOf(sentryRows, { format: 'delimited' }).rows(batch, 0, 1)).toString();
    assert.equal(line.split('\u0001').length, EVENT_COLUMN_NAMES.length);
    const object = JSON.parse(Buffer.concat(serializerOf(sentryRows).rows(batch, 0, 1)).toString());
    assert.equal(object.event_id, ID);
    assert.equal(object.item_type, 'event');
  });

  it('gives nothing for no rows, and one Buffer for many', () => {
    const batch = batchOf(
      Array.from({ length: 100 }, (_, i) => ({ body: '{}', headers: { event_id: `${i}`.padStart(32, '0') } })),
    );
    const serializer = serializerOf(sentryRows, DELIMITED);
    assert.deepEqual(serializer.rows(batch, 5, 5), []);
    const chunks = serializer.rows(batch, 0, 100);
    assert.equal(chunks.length, 1);
    const again = [...serializer.rows(batch, 0, 30), ...serializer.rows(batch, 30, 100)];
    assert.deepEqual(Buffer.concat(again), chunks[0], 'the same bytes, however the rows are cut');
    assert.equal(chunks[0]!.toString().match(/\n/g)?.length, 100);
  });

  it('advises, at the hdfs sink alone, to hide files that are being written and to choose a file type that takes it', () => {
    const advice = (options: Readonly<Record<string, string>>, serializer = 'sentry_rows') =>
      bindOptions(hdfs, { 'hdfs.path': '/l', serializer, ...options }, [sentryRows]).problems.map(
        ({ severity, message, hint }) => `${severity} ${message} (${hint})`,
      );
    const both = advice({});
    assert.equal(both.length, 2);
    assert.match(both[0]!, /^error .*hdfs\.fileType: a SequenceFile .*\(DataStream, or CompressedStream/);
    assert.match(
      both[1]!,
      /^warning .*hdfs\.inUsePrefix: Hive and Spark count files .*\.tmp.*\(hdfs\.inUsePrefix = _ /,
    );
    for (const prefix of ['_', '.']) {
      assert.deepEqual(advice({ 'hdfs.fileType': 'DataStream', 'hdfs.inUsePrefix': prefix }), []);
    }
    assert.equal(advice({ 'hdfs.fileType': 'DataStream', 'hdfs.inUsePrefix': 'x' }).length, 1);
    assert.deepEqual(bindOptions(hdfs, { 'hdfs.path': '/l' }).problems, [], 'nothing new for Flume');
  });
});
