import assert from 'node:assert/strict';
import fc from 'fast-check';
import { JsonEscapeError, JsonSyntaxError, LenientJson } from '../../../src/sources/http/lenient-json.ts';

/** Reads a flat object of texts. */
function readObject(text: string): Record<string, string | undefined> {
  const json = new LenientJson(text);
  const found = new Map<string, string | undefined>();
  json.object((name) => {
    found.set(name, json.string());
  });
  json.end();
  return Object.fromEntries(found);
}

describe('lenient JSON', () => {
  it('reads any text that JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), (name, value) => {
        assert.equal(readObject(JSON.stringify({ [name]: value }))[name], value);
      }),
      { examples: [['__proto__', '']] },
    );
  });

  it('passes over any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(3), (value, indent) => {
        const json = new LenientJson(`{"skipped":${JSON.stringify(value, null, indent)},"after":"x"}`);
        let after: string | undefined;
        json.object((name) => {
          if (name === 'after') after = json.string();
          else json.skip();
        });
        json.end();
        assert.equal(after, 'x');
      }),
    );
  });

  it('never does anything but read or throw a syntax error', () => {
    const soup = fc.string({
      unit: fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        '"',
        "'",
        '\\',
        'u',
        '0',
        ':',
        ',',
        '=',
        ';',
        '#',
        '/',
        '*',
        'n',
        ' ',
        '\n',
      ),
    });
    fc.assert(
      fc.property(soup, (text) => {
        const json = new LenientJson(text);
        try {
          json.skip();
          json.end();
        } catch (error) {
          assert.ok(error instanceof JsonSyntaxError || error instanceof JsonEscapeError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('takes what Gson takes', () => {
    const text = `# a comment
      {a:'it''s' , } // wrong`;
    assert.throws(() => readObject(text), JsonSyntaxError);
    assert.deepEqual(readObject(`/* c */ {a = 'x"y'; "b" => TRUE, c: 1.50, d: NULL, e: bare-word}\n `), {
      a: 'x"y',
      b: 'true',
      c: '1.50',
      d: undefined,
      e: 'bare-word',
    });
    assert.throws(() => readObject('{a: b} # end'), JsonSyntaxError, 'no comment behind the end');
    const prefixed = new LenientJson(")]}'\n{a: b}");
    prefixed.prefix();
    prefixed.object((name) => assert.equal(`${name} ${prefixed.string()}`, 'a b'));
    prefixed.end();
  });

  it('tells an escape that is no number from one that is cut off', () => {
    assert.throws(() => readObject('{a: "\\u12g4"}'), JsonEscapeError);
    assert.throws(() => readObject('{a: "\\u12'), JsonSyntaxError);
  });

  it('nests as deep as the text is long', () => {
    const json = new LenientJson('['.repeat(1_000_000) + ']'.repeat(1_000_000));
    json.skip();
    json.end();
  });
});
