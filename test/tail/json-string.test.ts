import assert from 'node:assert/strict';
import fc from 'fast-check';
import { unescaped, unescapeString } from '../../src/tail/json-string.ts';

/** The text of the string that begins at the first byte, or `undefined`. */
function unescapedText(json: string): string | undefined {
  const bytes = Buffer.from(json);
  const out = Buffer.alloc(bytes.length);
  const quote = unescapeString(bytes, 1, bytes.length, out, 0);
  return quote < 0 ? undefined : out.toString('utf8', 0, unescaped.end);
}

/** As JSON.parse, with half surrogate pairs as UTF-8 has them. */
const parsed = (json: string) => Buffer.from(JSON.parse(json) as string).toString();

describe('JSON strings', () => {
  it('are read as JSON.parse reads them', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), (text) => {
        const json = JSON.stringify(text);
        assert.equal(unescapedText(json), parsed(json));
        const escaped = `"${Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`;
        assert.equal(unescapedText(escaped), parsed(escaped));
      }),
      { numRuns: 500 },
    );
  });

  it('know every escape', () => {
    const json = '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\ud83d\\ude00\\ud83d.\\ude00"';
    assert.equal(unescapedText(json), parsed(json));
  });

  it('are refused with a wrong escape or without an end', () => {
    for (const json of ['"a\\x"', '"a', '"a\\', '"\\u12"', '"\\u12g4"', '"\\u123'])
      assert.equal(unescapedText(json), undefined, json);
  });
});
