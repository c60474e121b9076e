import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ColumnName, SentryRow } from '../../../src/sentry/columns.ts';
import { type DelimitedSettings, delimitedRows } from '../../../src/serializers/sentry_rows/delimited-row.ts';
import { breakingText } from './texts.ts';

const COLUMNS: readonly ColumnName[] = ['event_id', 'project_id', 'timestamp', 'platform', 'message', 'stacktrace'];
const row = fc.record(
  Object.fromEntries(COLUMNS.map((name) => [name, fc.option(breakingText, { nil: undefined })])),
) as fc.Arbitrary<SentryRow>;
const delimiter = fc.constantFrom(',', '\t', '\u0001', '|', ';', '"', '^', '$', ']');
const nullText = fc.constantFrom('\\N', 'NULL', '', 'nr', 'n-a');
const EVERY_BREAK = /\r\n|[\n-\r\u0085\u2028\u2029]/;

function settings(over: Partial<DelimitedSettings> = {}): DelimitedSettings {
  return { columns: COLUMNS, delimiter: ',', escape: undefined, nullText: '\\N', ...over };
}

/** A line as a reader with ESCAPED BY takes it apart: parts, still escaped. */
function partsOf(line: string, between: string, mark: string): string[] {
  const parts = [''];
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (c === between) parts.push('');
    else parts[parts.length - 1] += c === mark ? c + line[++i] : c;
  }
  return parts;
}

function unescaped(part: string, mark: string): string {
  let text = '';
  for (let i = 0; i < part.length; i++) {
    const c = part[i]!;
    if (c !== mark) text += c;
    else {
      const next = part[++i]!;
      text += next === 'n' ? '\n' : next === 'r' ? '\r' : next;
    }
  }
  return text;
}

describe('delimited rows of sentry_rows', () => {
  it('part at each delimiter, with no table option at all, into exactly the columns, one line a row', () => {
    fc.assert(
      fc.property(row, delimiter, nullText, (some, between, missing) => {
        const line = delimitedRows(settings({ delimiter: between, nullText: missing }))(some);
        assert.ok(line.endsWith('\n'));
        assert.equal(line.slice(0, -1).split(EVERY_BREAK).length, 1);
        const parts = line.slice(0, -1).split(between);
        assert.equal(parts.length, COLUMNS.length);
        for (const [i, name] of COLUMNS.entries()) {
          if (missing !== '') assert.equal(parts[i] === missing, some[name] === undefined);
          assert.doesNotMatch(parts[i]!.replaceAll('\t', ''), /[\0-\x1f\x7f]/);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('give back every value where the table has the escape', () => {
    fc.assert(
      fc.property(row, delimiter, fc.constantFrom('\\', '~', '^'), nullText, (some, between, mark, missing) => {
        fc.pre(between !== mark);
        const line = delimitedRows(settings({ delimiter: between, escape: mark, nullText: missing }))(some);
        assert.equal(line.slice(0, -1).split(EVERY_BREAK).length, 1);
        const parts = partsOf(line.slice(0, -1), between, mark);
        assert.equal(parts.length, COLUMNS.length);
        for (const [i, name] of COLUMNS.entries()) {
          const value = some[name];
          if (value === undefined) assert.equal(parts[i], missing);
          else {
            if (missing !== '') assert.notEqual(parts[i], missing);
            const expected = value.replace(/[\v\f\u0085\u2028\u2029]/g, '\n').replaceAll('\0', ' ');
            const read = unescaped(parts[i]!, mark);
            assert.equal(expected === missing && read !== expected ? read.slice(1) : read, expected);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('read well without an escape: commas as semicolons, line breaks as \\n', () => {
    const write = delimitedRows(settings());
    const message = 'a, b\r\nc\u2028d\0e\\';
    assert.equal(
      write({ event_id: 'e', project_id: '42', message, stacktrace: 'File "x.py", line 3\n  f()\n' }),
      'e,42,\\N,\\N,a; b\\nc\\nd e\\,File "x.py"; line 3\\n  f()\\n\n',
    );
    assert.equal(write({ message: '\\N' }), '\\N,\\N,\\N,\\N, \\N,\\N\n');
    const tabbed = delimitedRows(settings({ columns: ['message', 'level'], delimiter: '\t' }));
    assert.equal(tabbed({ message: 'a\tb,c', level: 'error' }), 'a b,c\terror\n');
  });

  it('write with the escape what Hive reads with ESCAPED BY and serialization.escape.crlf', () => {
    const write = delimitedRows(settings({ columns: ['message', 'level'], escape: '\\' }));
    assert.equal(write({ message: 'a, b\r\nc\\', level: 'error' }), 'a\\, b\\r\\nc\\\\,error\n');
    assert.equal(write({ message: '\\N' }), '\\\\N,\\N\n');
    const words = delimitedRows(settings({ columns: ['message'], escape: '\\', nullText: 'null' }));
    assert.equal(words({ message: 'null' }), 'n\\ull\n');
  });
});
