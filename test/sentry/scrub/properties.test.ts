import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Scrubber } from '../../../src/sentry/scrub/index.ts';

const scrubber = new Scrubber({ ipAddresses: false, keys: ['kennwort'], safeKeys: [] });
const everything = new Scrubber({ ipAddresses: true, keys: ['id', 'größe'], safeKeys: ['auth'] });

const WORDS = [
  'password',
  'passwd',
  'secret',
  'api_key',
  'apikey',
  'auth',
  'credentials',
  'privatekey',
  'private-key',
  'token',
  'two-factor',
  'kennwort',
];

/** A word in some spelling: case, something round it. */
const sensitiveKey = fc
  .tuple(
    fc.constantFrom(...WORDS),
    fc.constantFrom('', 'my_', 'x-', 'a.', 'é'),
    fc.constantFrom('', '_1', '.b', '-x', 'Of'),
    fc.infiniteStream(fc.boolean()),
  )
  .map(
    ([word, before, after, upper]) =>
      before + [...word].map((c) => (upper.next().value ? c.toUpperCase() : c)).join('') + after,
  );

/** JSON of a text with some characters as escapes. */
function spelt(text: string, escapes: Iterator<boolean>): string {
  return JSON.stringify(text).replace(/[A-Za-z]/g, (c, at: number, whole: string) =>
    whole[at - 1] === '\\' || !escapes.next().value ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** JSON of any value, written with blanks or without. */
const anyJson = fc.oneof(
  fc.json(),
  fc.jsonValue().map((value) => JSON.stringify(value, null, 2)),
  fc.constantFrom('12345678901234567890', 'NaN', '-0.0', '1e999', '"\\ud800"', '"\\/\\n"', '{"a":1,"a":2}'),
);

/** JSON round a planted piece of JSON: lists, members, texts that are JSON. */
function planted(piece: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const layer = fc.constantFrom(
    (inner: string, other: string) => `[${other},${inner}]`,
    (inner: string, other: string) => `{"a":${inner},"b":${other}}`,
    (inner: string, other: string) => `{ "x y" : ${other} , "value" : ${inner} }`,
    (inner: string) => `{"frames":[{"vars":${inner}}]}`,
    (inner: string, other: string) => `[["x",${inner}],["y",${other}]]`,
    (inner: string) => `{"headers":{"h":${inner}},"name":"n"}`,
  );
  return fc
    .tuple(piece, fc.array(fc.tuple(layer, anyJson), { maxLength: 6 }), fc.boolean())
    .map(([inner, layers, asText]) =>
      layers.reduce((json, [wrap, other]) => wrap(json, other), asText ? JSON.stringify(`{"t":${inner}}`) : inner),
    );
}

const SECRET = 'geheim4711wort';

const secretPiece = fc.tuple(sensitiveKey, fc.infiniteStream(fc.boolean()), fc.nat(11)).map(([key, escapes, form]) => {
  const k = spelt(key, escapes);
  const s = spelt(SECRET, escapes);
  return [
    `{${k}:${s}}`,
    `{${k} : [1,{"a":${s}}]}`,
    `[${k},${s}]`,
    `{"key":${k},"value":${s}}`,
    `{"value":${s},"name":${k}}`,
    spelt(`x=1&${key.replace(/[^\w.-]/g, '')}=${SECRET}&y=2`, escapes),
    spelt(`{'${key.replace(/[^\w.-]/g, '')}': '${SECRET}'}`, escapes),
    spelt(`Bearer ${SECRET}`, escapes),
    spelt(`amqp://u:${SECRET}@host/`, escapes),
    `{"n":{${k}:{"value":${s},"type":"string"}}}`,
    `{"attributes":{${k}:{"value":${s},"type":"string"}}}`,
    spelt(`-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----`, escapes),
  ][form]!;
});

/** Texts out of the pieces that the patterns look for. */
const odd = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'password',
        'token',
        'Bearer ',
        'Basic ',
        '=',
        ': ',
        '"',
        "'",
        '\\',
        '[Filtered]',
        '&',
        '4111111111111111',
        '-----BEGIN PRIVATE KEY-----',
        '-----END ',
        '//u:',
        '@',
        '/home/',
        'C:\\Users\\',
        '123-45-6789',
        'DE89370400440532013000',
        '{',
        '}',
        '[',
        ']',
        '(',
        ',',
        ' ',
        '\n',
        '\\u0061',
        '<',
        '>',
        'Cookie: ',
        '1.2.3.4',
        '::1',
        'otp',
        '--',
      ),
      fc.string({ maxLength: 3 }),
    ),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(''));

function decoded(json: string): string {
  return json.replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

describe('sentry: scrubbing, whatever comes', () => {
  it('lets no secret through, at any depth, in any spelling', () => {
    fc.assert(
      fc.property(planted(secretPiece), (json) => {
        const out = scrubber.json(Buffer.from(json)).toString();
        // Twice: in a text that is JSON itself, the escapes are escaped.
        assert.equal(decoded(decoded(out).replaceAll('\\\\', '\\')).includes(SECRET), false, `${json} → ${out}`);
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves valid JSON valid, and what it has scrubbed once as it is', () => {
    fc.assert(
      fc.property(fc.oneof(planted(secretPiece), planted(odd.map((text) => JSON.stringify(text)))), (json) => {
        for (const one of [scrubber, everything]) {
          const out = one.json(Buffer.from(json));
          if (!/NaN/.test(json)) JSON.parse(out.toString());
          assert.equal(one.json(out).toString(), out.toString(), json);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the same Buffer when there is nothing to hide', () => {
    const word = fc.stringMatching(/^[b-np-z]{0,8}$/);
    const clean = fc.object({
      key: word,
      values: [word, fc.integer({ min: -99999, max: 99999 }), fc.boolean(), fc.constant(null)],
      maxDepth: 4,
    });
    fc.assert(
      fc.property(clean, fc.boolean(), (value, wide) => {
        const bytes = Buffer.from(JSON.stringify(value, null, wide ? 2 : 0));
        assert.equal(scrubber.json(bytes), bytes);
      }),
    );
  });

  it('does the same to texts: never throws, and what it has scrubbed stays', () => {
    fc.assert(
      fc.property(fc.oneof(odd, fc.string()), (text) => {
        for (const one of [scrubber, everything]) {
          const out = one.text(Buffer.from(text));
          assert.equal(one.text(out).toString(), out.toString(), text);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('never throws on any bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('', '{"password":', '[[', '{"a":"\\u00'),
        (bytes, start) => {
          const input = Buffer.concat([Buffer.from(start), bytes]);
          everything.json(input);
          everything.text(input);
        },
      ),
    );
  });

  it('cuts of a text with a secret never make it show up again', () => {
    const event = `{"password":"${SECRET}","m":"Authorization: Bearer ${SECRET}","q":"token=${SECRET}"}`;
    for (let length = 0; length <= event.length; length++) {
      const out = scrubber.json(Buffer.from(event.slice(0, length))).toString();
      assert.equal(out.includes(SECRET), false, out);
    }
  });

  // A quadratic walk would take minutes over these: the suite's time-out is the measure.
  for (const [what, piece] of Object.entries({
    brackets: '[',
    objects: '{"a":',
    pairs: '["token",',
    'values before names': '{"value":{"name":"token","value":',
    words: 'password',
    'words and quotes': 'password="',
    'words and brackets': 'token:[{(',
    'words and blanks': 'auth    ',
    'beginnings of keys': '-----BEGIN PRIVATE KEY-----',
    slashes: '/',
    'beginnings of URLs': '//u:',
    at: '@',
    digits: '4 1-',
    'letters of IBANs': 'DE89 ',
    homes: '/home/',
    escapes: '\\u0061',
    quotes: '"',
    backslashes: '\\',
    'escaped quotes': '\\"password\\":',
    hex: 'abcdef0123456789',
    addresses: '1.1.1.1.',
    colons: 'a:b:',
    commas: ',',
    'scheme and commas': 'Bearer ,,',
    cookies: 'Cookie: sessionid=a;',
    tags: '<token>',
    options: '--token ',
  })) {
    it(`takes a bounded time for 128 KiB of ${what}`, () => {
      const text = piece.repeat(2 ** 17 / piece.length);
      for (const input of [
        text,
        `{"v":"${text.replace(/["\\]/g, '\\$&')}","token":1}`,
        `{"cookies":"${text.replace(/["\\]/g, '\\$&')}"}`,
        `"\\u0061${text.replace(/["\\]/g, '\\$&')}"`,
      ]) {
        everything.json(Buffer.from(input));
        everything.text(Buffer.from(input));
      }
    });
  }
});
