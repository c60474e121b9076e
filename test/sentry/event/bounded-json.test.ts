import assert from 'node:assert/strict';
import fc from 'fast-check';
import { boundedJson, boundedMap } from '../../../src/sentry/event/bounded-json.ts';
import { parseJson } from '../../../src/sentry/json.ts';
import { itemRow } from '../rowing.ts';

describe('JSON of untrusted values', () => {
  it('is what it was when there is little of it', () => {
    const text = '{"__proto__":{"a":1},"big":1180591620717411303424,"b":[null,true,"é\\u0000"],"1":2}';
    assert.deepEqual(parseJson(boundedMap(parseJson(text) as object as never, 8192, 65_536)), parseJson(text));
    assert.match(boundedJson(parseJson(text), 8192)!, /"big":1180591620717411303424,/);
    assert.match(boundedJson(parseJson(text), 8192)!, /"__proto__":\{"a":1\}/);
  });

  it('has no half of a surrogate pair, and is not misled by backslashes', () => {
    assert.equal(boundedJson('a\ud83db', 99), '"a\ufffdb"');
    assert.equal(boundedJson('\\ud83d 😀', 99), '"\\\\ud83d 😀"');
    assert.equal(boundedJson('\\\ud83d', 99), '"\\\\\ufffd"');
  });

  it('is bounded whatever the shape, and still JSON', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    const shapes = [
      'x'.repeat(1e6),
      Array.from({ length: 1e5 }, () => 1),
      Array.from({ length: 1e5 }, () => 'text'),
      Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => [`k${i}`, { v: i }])),
      { ['k'.repeat(1e6)]: 1 },
      deep,
      parseJson(`[${'9'.repeat(1e6)}]`),
    ];
    for (const shape of shapes) {
      const text = boundedJson(shape, 8192)!;
      JSON.parse(text);
      assert.ok(text.length < 9000, `${text.length}`);
      const map = boundedMap({ a: shape, b: 'kept' }, 8192, 65_536);
      assert.ok(map.length < 10_000);
      assert.equal(JSON.parse(map).b, 'kept');
    }
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`c${i}`, 'x'.repeat(1000)]));
    const text = boundedMap(many, 8192, 65_536);
    assert.ok(text.length <= 65_537 && Object.keys(JSON.parse(text)).length > 50);
  });

  it('is JSON of any value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.integer({ min: 1, max: 300 }), (value, most) => {
        const text = boundedJson(value, most)!;
        JSON.parse(text);
        assert.ok(text.isWellFormed());
      }),
    );
  });

  it('makes the contexts of a row', () => {
    const row = itemRow('event', '{"contexts":{"n":{"id":90071992547409931},"lone":{"a":"\\ud83d"},"x":null}}');
    assert.equal(row.contexts, '{"n":{"id":90071992547409931},"lone":{"a":"\ufffd"},"x":null}');
    for (const contexts of [{}, [], 'x', null]) assert.equal(itemRow('event', { contexts }).contexts, undefined);
  });
});
