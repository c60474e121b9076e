import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isBigNumber, parseJson } from '../../src/sentry/json.ts';

/** What came in, written again. */
const again = (text: string) => JSON.stringify(parseJson(text));

describe('JSON of clients', () => {
  it('keeps the digits of whole numbers that no double holds', () => {
    for (const text of [
      '{"a":9007199254740993}',
      '[-12345678901234567890,1180591620717411303424]',
      '{"a":{"b":[1,{"c":90071992547409931}]},"d":"9007199254740993"}',
      '{"__proto__":9007199254740993,"a":{"__proto__":{"x":9007199254740993}}}',
      '{"a\\"b":"\\\\","c":9007199254740993}',
      '[[[9007199254740993]],"x",9007199254740995]',
    ]) {
      assert.equal(again(text), text);
    }
    assert.equal(
      again('{ "a" : 9007199254740993 , "b" : [ 9007199254740995 ] }'),
      '{"a":9007199254740993,"b":[9007199254740995]}',
    );
    assert.ok(isBigNumber((parseJson('[9007199254740993]') as unknown[])[0]));
  });

  it('leaves all other numbers and texts alone', () => {
    for (const text of [
      '[9007199254740991]',
      '[1795392000.123456,123456789.5]',
      '{"a":"x,9007199254740993,"}',
      '{"9007199254740993":1,"b":9007199254740991}',
      '["a\\",9007199254740993,"]',
    ]) {
      assert.equal(again(text), text);
    }
    assert.deepEqual(parseJson('[9007199254740991,-9007199254740991]'), [9007199254740991, -9007199254740991]);
    const text = '[1234567890123456789.5,0.12345678901234567,1e20,12345678901234567e3,-0,1e12345678901234567]';
    assert.deepEqual(parseJson(text), JSON.parse(text));
  });

  it('is refused where it is none, long numbers or not', () => {
    for (const text of [
      '',
      '{',
      '[9007199254740993',
      '{9007199254740993:1}',
      '{9007199254740993,"a":1}',
      '[09007199254740993,1]',
      '[9007199254740993 9007199254740993]',
      '[1,"9007199254740993]',
      '[--9007199254740993]',
      '[9007199254740993"a"]',
    ]) {
      assert.throws(() => parseJson(text), SyntaxError, text);
    }
  });

  it('makes texts of bare NaN and Infinity, and keeps digits besides', () => {
    assert.deepEqual(parseJson('{"a":NaN,"b":[-Infinity,Infinity],"c":"NaN"}'), {
      a: 'NaN',
      b: ['-Infinity', 'Infinity'],
      c: 'NaN',
    });
    assert.equal(again('[NaN,9007199254740993]'), '["NaN",9007199254740993]');
  });

  it('keeps digits at any depth', () => {
    const text = `${'['.repeat(50_000)}9007199254740993${']'.repeat(50_000)}`;
    let inner = parseJson(text);
    while (Array.isArray(inner)) inner = inner[0];
    assert.ok(isBigNumber(inner) && inner.rawJSON === '9007199254740993');
  });

  it('reads what JSON.parse reads, whole numbers of any size among it', () => {
    const values = fc.jsonValue({ maxDepth: 4 });
    const numbers = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary' }), values, numbers)), (entries) => {
        const text = `[${entries.map(([key, value, n]) => `{${JSON.stringify(key)}:${JSON.stringify(value)},"n":${n}}`).join(',')}]`;
        const read = parseJson(text);
        assert.deepEqual(JSON.parse(JSON.stringify(read)), JSON.parse(text));
        for (const [i, [, , n]] of entries.entries()) {
          assert.equal(JSON.stringify((read as { n: unknown }[])[i]!.n), String(n));
        }
      }),
    );
  });
});
