import assert from 'node:assert/strict';
import fc from 'fast-check';
import { COLUMN_NAMES, COLUMNS, type ColumnName, type SentryRow } from '../../../src/sentry/columns.ts';
import { jsonRows } from '../../../src/serializers/sentry_rows/json-row.ts';
import { breakingText } from './texts.ts';

const anyRow = fc.dictionary(
  fc.constantFrom(...COLUMN_NAMES),
  fc.oneof(
    breakingText,
    fc.constantFrom('true', '12', '-0.5e3', '1e', '{"a":"b"}', '[]', '{}\n', '{"a\ud83d":"\\ud83d"}'),
    fc.dictionary(breakingText, breakingText).map((tags) => JSON.stringify(tags)),
  ),
) as fc.Arbitrary<SentryRow>;

function read(line: string): Record<string, unknown> {
  return JSON.parse(line) as Record<string, unknown>;
}

describe('JSON rows of sentry_rows', () => {
  it('are one line of valid JSON each, of whole characters alone, whatever the values hold', () => {
    const write = jsonRows(COLUMN_NAMES);
    fc.assert(
      fc.property(anyRow, (row) => {
        const line = write(row);
        assert.ok(line.endsWith('}\n'));
        assert.doesNotMatch(line.slice(0, -1), /[\n-\r\u0085\u2028\u2029]/);
        assert.ok(line.isWellFormed());
        const object = read(line);
        for (const [name, value] of Object.entries(row) as [ColumnName, string][]) {
          const { kind } = COLUMNS[name];
          if (kind === 'text' || kind === 'time') assert.equal(object[name], value.toWellFormed());
          if (kind === 'boolean' && object[name] !== undefined) assert.equal(String(object[name]), value);
          if (/integer|number/.test(kind)) assert.ok(/number|undefined/.test(typeof object[name]));
          if (kind !== 'map' || object[name] === undefined) continue;
          // Halves of surrogate pairs are gone from keys and values, also where they were escaped.
          for (const one of Object.entries(object[name] as Record<string, unknown>).flat())
            assert.ok(String(one).isWellFormed());
        }
      }),
      { numRuns: 500 },
    );
  });

  it('have each kind of column in its own form, in the order of the columns, and leave out what is missing', () => {
    const write = jsonRows(COLUMN_NAMES);
    assert.equal(
      write({
        quantity: '12',
        errors: '90071992547409931',
        duration: '0.25',
        handled: 'false',
        timestamp: '2026-11-22 23:59:59.999999',
        tags: '{"a":"b","__proto__":"x"}',
        contexts: '{"os":{"name":"Linux"}}',
        message: 'a\u2028b\u0085\ud83d',
      }),
      '{"timestamp":"2026-11-22 23:59:59.999999","message":"a\\u2028b\\u0085\ufffd","handled":false,"tags":{"a":"b","__proto__":"x"},' +
        '"contexts":"{\\"os\\":{\\"name\\":\\"Linux\\"}}","duration":0.25,"errors":90071992547409931,"quantity":12}\n',
    );
    assert.equal(write({}), '{}\n');
  });

  it('leave out what is not of its kind', () => {
    const write = jsonRows(COLUMN_NAMES);
    assert.equal(
      write({ quantity: '1.5', handled: 'True', tags: '[1]', duration: 'NaN', level: 'info' }),
      '{"level":"info"}\n',
    );
    assert.equal(write({ tags: '{"a":' }), '{}\n');
  });

  it('keep the JSON of maps and contexts as it stands, apart from halves of surrogate pairs', () => {
    const write = jsonRows(['tags', 'contexts']);
    const json = '{"a":"\\ud83d\\udea8 \\ud83d \\\\ud83d \\udea8","a":"2"}';
    const mended = '{"a":"\\ud83d\\udea8 \\ufffd \\\\ud83d \\ufffd","a":"2"}';
    assert.equal(write({ tags: json }), `{"tags":${mended}}\n`);
    assert.equal(write({ contexts: json }), `{"contexts":${JSON.stringify(mended)}}\n`);
  });
});
