import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { makeTempDir, removeTempDir } from '../support/temp-dir.ts';
import type { AvroEvent } from './avro-container.ts';
import { CASES, expectedFile, loadCases } from './case.ts';
import { compareEvents, type ExpectedEvent } from './compare-events.ts';
import { compareContent, compareFiles, type ExpectedFile } from './compare-files.ts';
import { sameMetrics } from './compare-metrics.ts';
import { compareNames } from './compare-names.ts';
import { compareResponses } from './compare-responses.ts';
import { compareWire, expectedRecordings } from './compare-wire.ts';
import type { Response } from './observed.ts';
import type { Values } from './placeholders.ts';

const CLOCK = 1773576000000;
const VALUES: Values = { names: { DIR: '/dir', PORT: '4141' }, clock: { from: CLOCK - 1000, to: CLOCK + 90_000 } };

function recorded(path: string): Buffer {
  return readFileSync(join(CASES, path));
}

/** Replaces every occurrence of a marker. */
function replaceAll(bytes: Buffer, marker: Buffer, other: Buffer): Buffer {
  return Buffer.from(
    bytes.toString('latin1').replaceAll(marker.toString('latin1'), other.toString('latin1')),
    'latin1',
  );
}

describe('the comparison of files', () => {
  it('takes what Flume wrote for what Flume wrote, in every recorded case', () => {
    for (const testCase of loadCases()) {
      const file = expectedFile(testCase, 'files.json');
      if (!file || testCase.group === 'spooldir') continue;
      const expected = JSON.parse(readFileSync(file, 'utf8')) as ExpectedFile[];
      const filesDir = join(dirname(file), 'files');
      // Some cases keep hashes alone.
      if (expected.some(({ path, size }) => size !== 0 && !existsSync(join(filesDir, path)))) continue;
      const dir = makeTempDir();
      for (const { path, size } of expected) {
        const name = path
          .replace(/(?<=[/.-])T2(?!\d)/, String(CLOCK + 60_000))
          .replace(/(?<=[/.-])T(\+(\d+))?(?=[.-]|$)/, (_, __, plus?: string) => String(CLOCK + Number(plus ?? 0)));
        mkdirSync(dirname(join(dir, name)), { recursive: true });
        writeFileSync(join(dir, name), size === 0 ? '' : readFileSync(join(filesDir, path)));
      }
      assert.deepEqual(compareFiles(dir, expected, { caseDir: testCase.dir, filesDir }, VALUES), [], testCase.id);
      removeTempDir(dir);
    }
  });

  it('finds a changed byte of the content in every kind of file', () => {
    const changed = (path: string, at: number) => {
      const bytes = Buffer.from(recorded(path));
      bytes[at < 0 ? bytes.length + at : at] ^= 1;
      return bytes;
    };
    for (const [path, at] of [
      ['hdfs/datastream/expected/files/out/FlumeData.T', 100],
      ['hdfs/sequencefile/expected/files/out/FlumeData.T', 300],
      ['hdfs/datastream-avro-event-batches/expected/files/out/FlumeData.T', 400],
    ] as const) {
      assert.notDeepEqual(compareContent(changed(path, at), recorded(path), path), [], path);
    }
  });

  it('does not look at the random marker of a container', () => {
    for (const path of [
      'hdfs/sequencefile/expected/files/out/FlumeData.T',
      'hdfs/datastream-avro-event-batches/expected/files/out/FlumeData.T',
    ]) {
      const bytes = recorded(path);
      const at = path.includes('sequence') ? 79 : 169;
      const other = replaceAll(bytes, bytes.subarray(at, at + 16), Buffer.from('0123456789abcdef'));
      assert.notDeepEqual(other, bytes);
      assert.deepEqual(compareContent(other, bytes, path), []);
    }
  });

  it('compares compressed files by content and members, not by bytes', () => {
    const path = 'hdfs/compressed-gzip/expected/files/out/FlumeData.T.gz';
    const bytes = recorded(path);
    const content = gunzipSync(bytes);
    assert.deepEqual(compareContent(gzipSync(content, { level: 1 }), bytes, path), []);
    assert.notDeepEqual(compareContent(gzipSync(content.subarray(1)), bytes, path), []);
    const two = Buffer.concat([gzipSync(content.subarray(0, 10)), gzipSync(content.subarray(10))]);
    assert.deepEqual(compareContent(two, bytes, path), ['2 members, not 1']);
  });

  it('reads the clock in names as T, T+1 and T2', () => {
    const names = [`out/F.${CLOCK}`, `out/F.${CLOCK + 1}.tmp`, `out/F.${CLOCK + 9000}`];
    assert.deepEqual(compareNames(names, ['out/F.T', 'out/F.T+1.tmp', 'out/F.T2']), []);
    assert.notDeepEqual(compareNames(names, ['out/F.T', 'out/F.T+2.tmp', 'out/F.T2']), []);
    assert.deepEqual(compareNames(['out/F.1'], ['out/F.T']), ['missing: out/F.T', 'not expected: out/F.1']);
  });
});

describe('the comparison of events', () => {
  const event = (body: string, ...headers: [string, string][]): AvroEvent => ({ headers, body: Buffer.from(body) });

  it('wants the same events in the same order, headers in any', () => {
    const actual = [event('one', ['a', '1'], ['b', '2']), event('two')];
    const expected: ExpectedEvent[] = [
      { headers: { b: '2', a: '1' }, body: 'one' },
      { headers: {}, body: 'two' },
    ];
    assert.deepEqual(compareEvents(actual, expected, VALUES), []);
    const reversed = [...actual].reverse();
    assert.notDeepEqual(compareEvents(reversed, expected, VALUES), []);
    assert.deepEqual(compareEvents(reversed, expected, VALUES, { anyOrder: true }), []);
    assert.notDeepEqual(compareEvents(actual.slice(1), expected, VALUES, { anyOrder: true }), []);
    assert.notDeepEqual(compareEvents([...actual, event('two')], expected, VALUES, { anyOrder: true }), []);
  });

  it('wants no header more and none less', () => {
    const expected = [{ headers: { a: '1' }, body: 'x' }];
    assert.notDeepEqual(compareEvents([event('x')], expected, VALUES), []);
    assert.notDeepEqual(compareEvents([event('x', ['a', '1'], ['b', ''])], expected, VALUES), []);
    assert.notDeepEqual(compareEvents([event('x', ['a', '2'])], expected, VALUES), []);
  });

  it('takes a time of the run for the placeholder, and no other', () => {
    const expected = [{ headers: { timestamp: '\x24{NOW}' }, body: '' }];
    assert.deepEqual(compareEvents([event('', ['timestamp', String(CLOCK)])], expected, VALUES), []);
    assert.notDeepEqual(compareEvents([event('', ['timestamp', String(CLOCK - 5000)])], expected, VALUES), []);
  });
});

describe('the comparison of wire bytes, counters and answers', () => {
  const wire = loadCases().filter((testCase) => expectedRecordings(testCase).length > 0);

  it('takes every recorded connection for itself and finds a changed byte', () => {
    for (const testCase of wire) {
      const expected = expectedRecordings(testCase);
      const copy = (flip: boolean) =>
        expected.map(({ toSource, fromSource }) => {
          const bytes = Buffer.from(toSource);
          if (flip) bytes[bytes.length - 2] ^= 1;
          return { toSource: [bytes], fromSource: [fromSource] };
        });
      assert.deepEqual(compareWire(copy(false), expected, undefined), [], testCase.id);
      assert.notDeepEqual(compareWire(copy(true), expected, undefined), [], testCase.id);
    }
  });

  it('does not mind the order of headers in a request', () => {
    const expected = expectedRecordings(wire.find((testCase) => testCase.id === 'wire/avro') ?? wire[0]);
    const text = expected[0].toSource.toString('latin1');
    const other = text.replace('\nlevel\nerror\x08host\nweb-1', '\x08host\nweb-1\nlevel\nerror');
    assert.notEqual(other, text);
    const recording = { toSource: [Buffer.from(other, 'latin1')], fromSource: [expected[0].fromSource] };
    assert.deepEqual(compareWire([recording], expected, undefined), []);
  });

  it('compares keys, kinds and values of counters, but for those of chance', () => {
    const expected = JSON.stringify({ 'SINK.k': { Type: 'SINK', EventDrainSuccessCount: '5', StartTime: '17' } });
    const actual = (key: string, value: unknown) =>
      JSON.stringify({ 'SINK.k': { Type: 'SINK', EventDrainSuccessCount: '5', StartTime: '99', [key]: value } });
    assert.deepEqual(sameMetrics(actual('Type', 'SINK'), expected), []);
    assert.notDeepEqual(sameMetrics(actual('EventDrainSuccessCount', '6'), expected), []);
    assert.notDeepEqual(sameMetrics(actual('EventDrainSuccessCount', 5), expected), []);
    assert.notDeepEqual(sameMetrics(actual('Another', '1'), expected), []);
    assert.notDeepEqual(sameMetrics(actual('StartTime', 'x'), expected), []);
    assert.notDeepEqual(sameMetrics('{}', expected), []);
  });

  it('compares status, reason and body of answers, but not the pages of the server of Flume', () => {
    const answer: Response = { input: 'x', status: 200, reason: 'OK', response_body: '' };
    const page: Response = { input: 'x', status: 400, response_body: '<html><title>Error 400</title></html>' };
    assert.deepEqual(compareResponses([answer], [answer], VALUES), []);
    assert.notDeepEqual(compareResponses([{ ...answer, status: 503 }], [answer], VALUES), []);
    assert.notDeepEqual(compareResponses([{ ...answer, response_body: 'x' }], [answer], VALUES), []);
    assert.notDeepEqual(compareResponses([], [answer], VALUES), []);
    assert.deepEqual(compareResponses([{ ...page, response_body: 'plain' }], [page], VALUES), []);
  });
});
