import assert from 'node:assert/strict';
import { hdfs } from '../../../src/sinks/hdfs/index.ts';
import { bindOptions } from '../../support/sinks.ts';

/** `severity message (hint)` of each problem that these options, beside a path, have. */
function problems(options: Readonly<Record<string, string | number>>): string[] {
  return bindOptions(hdfs, { 'hdfs.path': '/l', ...options }).problems.map(({ severity, message, hint }) =>
    `${severity} ${message}${hint === undefined ? '' : ` (${hint})`}`.replace('sink k: ', ''),
  );
}

function refused(options: Readonly<Record<string, string | number>>, expected: RegExp): void {
  const found = problems(options);
  assert.equal(found.length, 1, `${found}`);
  assert.match(found[0]!, expected);
}

describe('options of the hdfs sink', () => {
  it('have the defaults of Flume', () => {
    const { values, problems } = bindOptions(hdfs, { 'hdfs.path': '/l' });
    assert.deepEqual(problems, []);
    assert.deepEqual(
      [
        'filePrefix',
        'inUseSuffix',
        'rollInterval',
        'rollSize',
        'rollCount',
        'idleTimeout',
        'batchSize',
        'fileType',
      ].map((name) => values[`hdfs.${name}`]),
      ['FlumeData', '.tmp', 30, 1024, 10, 0, 100, 'SequenceFile'],
    );
    assert.deepEqual(
      ['writeFormat', 'maxOpenFiles', 'retryInterval', 'callTimeout', 'threadsPoolSize', 'codeC', 'closeTries'].map(
        (name) => values[`hdfs.${name}`],
      ),
      ['Writable', 5000, 180, 30_000, 10, undefined, 0],
    );
  });

  it('take file types in any case, write formats in this one', () => {
    assert.deepEqual(problems({ 'hdfs.fileType': 'datastream' }), []);
    refused({ 'hdfs.fileType': 'Parquet' }, /^error .*"?Parquet"?.*SequenceFile/);
    refused({ 'hdfs.writeFormat': 'text' }, /^error .*Text/);
    assert.deepEqual(problems({ 'hdfs.fileType': 'DataStream', 'hdfs.writeFormat': 'text' }), []);
    assert.deepEqual(problems({ 'hdfs.writeFormat': 'org.apache.flume.sink.hdfs.HDFSTextSerializer$Builder' }), []);
  });

  it('refuse what no path can mean', () => {
    refused({ 'hdfs.path': '/logs/%[foo]' }, /^error hdfs\.path: %\[foo\] is not known \(%\[localhost\], /);
    refused({ 'hdfs.filePrefix': '%[foo]' }, /^error hdfs\.filePrefix: %\[foo\]/);
    for (const path of ['%{where}/logs', 'webhdfs://%{host}:9870/logs', 'webhdfs://nn%Y/logs']) {
      refused({ 'hdfs.path': path }, /^error hdfs\.path: an event must not choose the host/);
    }
    assert.deepEqual(problems({ 'hdfs.path': 'logs/%Y' }), []);
  });

  it('refuse what does not go together, as Flume does', () => {
    refused(
      { 'hdfs.fileType': 'CompressedStream' },
      /^error hdfs\.codeC: is missing: the file type CompressedStream needs a codec \(hdfs\.codeC = gzip\)$/,
    );
    refused({ 'hdfs.fileType': 'CompressedStream', 'hdfs.codeC': 'none' }, /^error hdfs\.codeC: is missing/);
    refused(
      { 'hdfs.fileType': 'DataStream', 'hdfs.codeC': 'gzip' },
      /^error hdfs\.codeC: a DataStream is not compressed \(hdfs\.fileType = CompressedStream\)$/,
    );
    assert.deepEqual(problems({ 'hdfs.fileType': 'DataStream', 'hdfs.codeC': 'none' }), []);
    refused({ 'hdfs.codeC': 'gzp' }, /^error .*"gzp" is not a known codec \(did you mean gzip\?\)$/);
  });

  it('bound rounding by its unit, and say that an unknown unit means none', () => {
    const round = (unit: string, value: number) => ({
      'hdfs.round': 'true',
      'hdfs.roundUnit': unit,
      'hdfs.roundValue': value,
    });
    assert.deepEqual(problems(round('hour', 24)), []);
    assert.deepEqual(problems(round('minute', 60)), []);
    refused(round('hour', 25), /^error hdfs\.roundValue: 25 is out of range \(1 to 24 for hour\)$/);
    assert.deepEqual(problems({ 'hdfs.roundValue': 99 }), []);
    refused(round('second', 61), /^error hdfs\.roundValue/);
    refused(round('second', 0), /^error hdfs\.roundValue/);
    refused(
      round('day', 1),
      /^warning hdfs\.roundUnit: "day" is not known; times are not rounded \(second, minute or hour\)$/,
    );
  });

  it('refuse a zone that there is not, and values out of range', () => {
    refused({ 'hdfs.timeZone': 'Mars/Olympus' }, /^error .*"Mars\/Olympus" is no time zone/);
    assert.deepEqual(problems({ 'hdfs.timeZone': 'GMT+8' }), []);
    const off = { 'hdfs.rollCount': -1, 'hdfs.rollSize': -1, 'hdfs.rollInterval': -1, 'hdfs.idleTimeout': -1 };
    assert.deepEqual(problems(off), []);
    assert.deepEqual(problems({ 'hdfs.callTimeout': -1, 'hdfs.closeTries': -1, 'hdfs.retryInterval': -1 }), []);
    for (const name of ['batchSize', 'maxOpenFiles', 'threadsPoolSize']) {
      refused({ [`hdfs.${name}`]: 0 }, new RegExp(`^error hdfs\\.${name}`));
    }
  });

  it('refuse hdfs: and Kerberos until they come, naming webhdfs:', () => {
    refused(
      { 'hdfs.path': 'hdfs://nn:8020/logs/%Y' },
      /^error hdfs\.path: paths of hdfs: are not in Sluice yet \(use webhdfs:\/\/nn:9870\/logs\/%Y\)$/,
    );
    refused({ 'hdfs.path': 'HDFS:///logs' }, /\(use webhdfs:\/\/namenode:9870\/logs\)$/);
    for (const name of ['kerberosPrincipal', 'kerberosKeytab', 'proxyUser']) {
      refused({ [`hdfs.${name}`]: 'x' }, /^error .*is not in Sluice yet/);
    }
  });

  it('name the nearest for a misspelt one', () => {
    refused({ 'hdfs.rolSize': 1 }, /rollSize/);
  });
});
