import assert from 'node:assert/strict';
import fc from 'fast-check';
import { whereBroken } from '../../src/explain/json-error.ts';

describe('where JSON is broken', () => {
  it('says line, column and what is missing', () => {
    const cases: readonly [string, string][] = [
      ['', 'line 1, column 1: it ends where a value must stand'],
      ['{"a":1,\n "b" 2}', 'line 2, column 6: a colon must stand here'],
      ['{"a":1,}', 'line 1, column 8: a name must stand here'],
      ['{"a":1', 'line 1, column 7: it ends where a comma or } must stand'],
      ['[1 2]', 'line 1, column 4: a comma or ] must stand here'],
      ['[,]', 'line 1, column 2: a value or ] must stand here'],
      ['{a:1}', 'line 1, column 2: a name or } must stand here'],
      ['{}\n{}', 'line 2, column 1: something stands behind the end'],
      ['["a', 'line 1, column 2: the text that begins here has no end, or a line break or an escape that is none'],
      ['[tru]', 'line 1, column 2: a value or ] must stand here'],
    ];
    for (const [text, expected] of cases) assert.equal(whereBroken(text), expected, text);
  });

  it('reads through texts of many megabytes', () => {
    const long = 'x'.repeat(12 << 20);
    assert.match(whereBroken(`["${long}"`), /it ends where a comma or \] must stand/);
    assert.match(whereBroken(`["${long}`), /the text that begins here has no end/);
  });

  it('finds nothing but an end where a sound text is cut, and never throws', () => {
    fc.assert(
      fc.property(fc.json(), fc.double({ min: 0, max: 1, noNaN: true }), (json, part) => {
        const cut = json.slice(0, Math.floor(json.length * part));
        assert.match(whereBroken(cut), /it ends where|has no end|must stand/);
        assert.match(whereBroken(`${json}x`), /line \d+, column \d+/);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => assert.match(whereBroken(text), /^line \d+, column/)),
    );
  });
});
