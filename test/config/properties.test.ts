import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MAX_FILE_BYTES, parseProperties } from '../../src/config/properties.ts';
import { SluiceError } from '../../src/errors.ts';
import { renderProblem } from '../../src/options/problem.ts';

const parse = (text: string) => parseProperties(Buffer.from(text, 'latin1'), 'f');
const said = (text: string): string[] => parse(text).problems.map(renderProblem);
const values = (text: string): Record<string, string> =>
  Object.fromEntries(parse(text).properties.map(({ key, value }) => [key, value]));

describe('properties', () => {
  it('reads keys, separators, comments, escapes and continuations as Java does', () => {
    const text = [
      '# comment = x',
      '! another',
      'a=1',
      'b : 2',
      'c 3',
      '  d   =   four words  ',
      'e = one \\',
      '    two',
      'f = a\\tb\\\\c\\.d\\u00e9',
      'g\\:h = i=j:k # no comment',
      'empty =',
      'bare',
    ].join('\n');
    assert.deepEqual(values(text), {
      a: '1',
      b: '2',
      c: '3',
      d: 'four words',
      e: 'one two',
      f: 'a\tb\\c.dé',
      'g:h': 'i=j:k # no comment',
      empty: '',
      bare: '',
    });
  });

  it('takes every byte for a letter of ISO-8859-1, and keeps a no-break space at an end', () => {
    const { properties } = parseProperties(Buffer.from([0x61, 0x3d, 0xe9, 0xa0, 0x20]), 'f');
    assert.equal(properties[0]?.value, '\u00e9\u00a0');
  });

  it('is not disturbed by comments in Chinese', () => {
    const { properties, problems } = parseProperties(Buffer.from('# 定义数据源\na.sources = r\n'), 'f');
    assert.deepEqual(problems, []);
    assert.deepEqual(properties[0], {
      key: 'a.sources',
      value: 'r',
      at: { file: 'f', line: 2, column: 1 },
      valueAt: { file: 'f', line: 2, column: 13 },
    });
  });

  it('places keys and values, also over continued lines', () => {
    const { properties } = parse('\n  key.\\\r\n    rest \\\r\n   = \\\r\n  value\r\nnext : v');
    assert.deepEqual(
      properties.map(({ key, value, at, valueAt }) => [key, value, at.line, at.column, valueAt.line, valueAt.column]),
      [
        ['key.rest', 'value', 2, 3, 5, 3],
        ['next', 'v', 6, 1, 6, 8],
      ],
    );
  });

  it('names each malformed \\u and reads the rest', () => {
    const text =
      'a = 1\nb = x\\u12g4\n# \\u12 in a comment\nc = \\\\u12\nd = \\u00\\\n  e9\ne\\uzz = \\\n  \\u1\nf = 2';
    assert.deepEqual(said(text), [
      'f:2:6: error: property b: malformed escape "\\u12g4" (four hexadecimal digits follow \\u; a backslash itself is written \\\\)',
      'f:7:2: error: property e\\uzz: malformed escape "\\uzz =" (four hexadecimal digits follow \\u; a backslash itself is written \\\\)',
      'f:8:3: error: property e\\uzz: malformed escape "\\u1" (four hexadecimal digits follow \\u; a backslash itself is written \\\\)',
    ]);
    const { a, c, d, f } = values(text);
    assert.deepEqual({ a, c, d, f }, { a: '1', c: '\\u12', d: 'é', f: '2' });
  });

  it('lets the last of two equal keys win and says so', () => {
    assert.deepEqual(values('a = 1\nb = 2\na = 3'), { a: '3', b: '2' });
    assert.deepEqual(said('a = 1\nb = 2\na = 3'), [
      'f:3:1: warning: property a: is set again; the value of line 1 is not used',
    ]);
  });

  it('warns of UTF-8 in a value and says how it is written', () => {
    const problems = parseProperties(Buffer.from('a = /日志'), 'f').problems.map(renderProblem);
    assert.deepEqual(problems, [
      'f:1:5: warning: property a: the value holds UTF-8, which is read as ISO-8859-1, as Flume does (write 日 as \\u65e5)',
    ]);
  });

  it('skips a byte order mark with a warning', () => {
    const { properties, problems } = parseProperties(Buffer.from('\ufeffa = 1'), 'f');
    assert.equal(properties[0]?.key, 'a');
    assert.match(renderProblem(problems[0]!), /^f:1:1: warning: .*byte order mark/);
  });

  it('refuses what is no file of properties', () => {
    const refused = (bytes: Buffer, message: RegExp): void =>
      assert.throws(
        () => parseProperties(bytes, 'f'),
        (error) => error instanceof SluiceError && error.code === 'CONFIG_UNREADABLE' && message.test(error.message),
      );
    refused(Buffer.from('a = 1\0'), /f is not a text file: there is a NUL byte at offset 5/);
    refused(Buffer.from('\ufeffa = 1', 'utf16le'), /f is UTF-16/);
    refused(Buffer.alloc(MAX_FILE_BYTES + 1, 0x61), /f has 16777217 bytes; at most 16777216 are read/);
  });

  it('refuses a key without end', () => {
    assert.match(said(`${'x'.repeat(2000)} = 1`)[0]!, /f:1:1: error: property x+…: the key has 2000 characters/);
  });

  it('never throws but for a SluiceError, whatever the bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc
        .array(fc.constantFrom('a', '=', ':', ' ', '\\', '\\u', '\\u00e', '4', '\n', '\r', '\t', '\f', '#', '!', 'é'), {
          maxLength: 200,
        })
        .map((parts) => Buffer.from(parts.join(''), 'latin1')),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        try {
          const lines = Buffer.from(input)
            .toString('latin1')
            .split(/\r\n|\r|\n/).length;
          for (const { at, valueAt } of parseProperties(Buffer.from(input), 'f').properties) {
            assert.ok(at.line >= 1 && at.line <= valueAt.line && valueAt.line <= lines && valueAt.column >= 1);
          }
        } catch (error) {
          assert.ok(error instanceof SluiceError, String(error));
        }
      }),
    );
  });

  it('reads what was written with escapes', () => {
    const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }).filter((text) => text === trimmed(text));
    const value = fc.string({ unit: 'binary', maxLength: 60 }).filter((text) => text === trimmed(text));
    fc.assert(
      fc.property(fc.dictionary(key, value, { noNullPrototype: true }), (table) => {
        const text = Object.entries(table).map(([name, word]) => `${written(name)}=${written(word)}\n`);
        assert.deepEqual({ ...values(text.join('')) }, { ...table });
      }),
    );
  });
});

function trimmed(text: string): string {
  return text.replace(/^[\0- ]+|[\0- ]+$/g, '');
}

/** As Java's `Properties.store` writes a text. */
function written(text: string): string {
  return text.replace(/[\s\S]/g, (unit) =>
    /[A-Za-z0-9.]/.test(unit) ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
