import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parameterise } from '../../../src/sentry/grouping/parameterise/index.ts';

describe('parameterise', () => {
  const cases: Readonly<Record<string, readonly [string, string][]>> = {
    'replaces what is usual': [
      ['user 42 at 10.1.2.3', 'user <int> at <ip>'],
      ['nothing to see here', 'nothing to see here'],
      ['connect ECONNREFUSED 10.0.0.5:5432', 'connect ECONNREFUSED <ip>:<int>'],
      ['', ''],
    ],
    'e-mail addresses before all else, with what browsers take in them': [
      ['mail bob.x+1@example.co.uk now', 'mail <email> now'],
      ["o'neil@example.com", '<email>'],
      ['42@host', '<email>'],
      ['a@ b', 'a@ b'],
      ['@decorator', '@decorator'],
    ],
    'URLs to the next blank': [
      ['GET https://a.b/c?d=1#e failed', 'GET <url> failed'],
      ['wss://h/x ws://h/x ftp://h/x', '<url> <url> <url>'],
      ['xhttp://1.2.3.4/', 'xhttp://<ip>/'],
      ['file:///a', 'file:///a'],
    ],
    'names of hosts of the commonest domains, to the first of them': [
      ['host db1.internal.example.com:5432', 'host <hostname>:<int>'],
      ['www.example.com.au', '<hostname>.au'],
      ['EXAMPLE.COM', '<hostname>'],
      ['Example.Com', 'Example.Com'],
      ['java.io.IOException', '<hostname>.IOException'],
      ['example.comet', 'example.comet'],
      [`${'a'.repeat(64)}.com`, `${'a'.repeat(64)}.com`],
      [`${'a'.repeat(63)}.com`, '<hostname>'],
      [`${'a'.repeat(64)}.bb.com`, `${'a'.repeat(64)}.<hostname>`],
    ],
    'IP addresses, but no scopes of C++': [
      ['::1, fe80::1: 2001:db8:0:0:0:0:0:1', '<ip>, <ip>: <ip>'],
      ['::ffff:10.0.0.1', '<ip>'],
      ['[::1]:8080', '[<ip>]:<int>'],
      ['Foo::bar std::dec a::method', 'Foo::bar std::dec a::method'],
      ['1:2:3:4:5:6:7', Array(7).fill('<int>').join(':')],
      ['256.1.1.1', '<float>.<float>'],
      ['10.1.2.3.4', '<ip>.<int>'],
    ],
    'ids by their lengths': [
      [`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, '<traceparent>'],
      ['1-58406520-a006649127e371903a2de979', '<traceparent>'],
      ['123e4567-e89b-12d3-a456-426614174000', '<uuid>'],
      ['da39a3ee5e6b4b0d3255bfef95601890afd80709', '<sha1>'],
      ['d41d8cd98f00b204e9800998ecf8427e', '<md5>'],
      ['abc1234', '<git_sha>'],
      ['abcdefa ABC1234', 'abcdefa ABC1234'],
      [`tx${'a'.repeat(21)}-0123456789-x y`, '<swift_txn_id> y'],
    ],
    'hexadecimal numbers with a prefix, or 8 to 128 digits of one case': [
      ['0x7f3c 0XAb', '<hex> <hex>'],
      ['90071992547409931 deadbeef1 DEADBEEF1', '<hex> <hex> <hex>'],
      ['DeadBeef1 deadbeef 0xfg', 'DeadBeef1 deadbeef 0xfg'],
      ['1'.repeat(128), '<hex>'],
      ['1'.repeat(129), '1'.repeat(129)],
    ],
    'dates as logs and run times write them': [
      'Mon, 02 Jan 2006 15:04:05 MST',
      'Monday, 02-Jan-06 15:04:05 GMT',
      '2006-01-02T15:04:05.999999+01:00',
      '2006-01-02T15:04:05Z',
      'Mon Jan 02 2006 15:04:05 GMT+0100 (Central European Standard Time)',
      'Mon Jan  2 15:04:05 2006',
      '02 Jan 2006 15:04 +0100',
      '2026-11-23 10:30',
      '2026-11-23 10:30:11.123',
      '20261123T103000Z',
      '9:05 am',
      '9:05:10 PM',
      '21:05',
      '2026-11-23',
      'Jan 02, 1999',
      'datetime.datetime(2020, 1, 2, tzinfo=x)',
    ].map((date) => [`at ${date};`, 'at <date>;']),
    'times no longer than they are': [
      ['12:345 123:45', '<int>:<int> <int>:<int>'],
      ['24:00', '<int>:<int>'],
    ],
    'no date that has no end': [
      [`datetime.datetime(${'x'.repeat(300)})`, `datetime.datetime(${'x'.repeat(300)})`],
      ['datetime.datetime(x\n)', 'datetime.datetime(x\n)'],
    ],
    durations: [
      ['after 30001ms.', 'after <duration>.'],
      ['1.5s 3s', '<duration> <duration>'],
      ['%0.2fs', '%<int>.2fs'],
      ['5 sheep, 5sheep', '<int> sheep, 5sheep'],
    ],
    'decimal numbers, with a minus only where it is one': [
      ['-1.5 1.5 3.', '<float> <float> <int>.'],
      ['-3 a-3 pool-1', '<int> a-<int> pool-<int>'],
      ['1234567 12345678 -1234567 -12345678', '<int> <hex> <int> -<hex>'],
      ['x12 12x ü12 _1', 'x12 12x ü12 _1'],
      ['50% (7)', '<int>% (<int>)'],
    ],
    'texts in quotes and truth values, but only behind =': [
      ['k=\'v w\' k="x"', 'k=<quoted_str> k=<quoted_str>'],
      ['say "x" \'y\' true', 'say "x" \'y\' true'],
      ['a=true b=False c=Trueish', 'a=<bool> b=<bool> c=<bool>ish'],
      ["a='' b='open", "a='' b='open"],
    ],
  };
  for (const [promise, pairs] of Object.entries(cases)) {
    it(promise, () => {
      for (const [text, expected] of pairs) assert.equal(parameterise(text), expected, text);
    });
  }

  it('gives numbers, ids and addresses of any value the same text', () => {
    const hex = (length: number) =>
      fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length }).map((d) => d.join(''));
    const values = {
      int: fc.integer({ min: -9_999_999, max: 9_999_999 }).map(String),
      ip: fc.oneof(fc.ipV4()),
      uuid: fc.uuid(),
      md5: hex(32),
      sha1: hex(40),
      date: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-01-01') }).map((d) => d.toISOString()),
      duration: fc.nat().map((n) => `${n}ms`),
      email: fc.tuple(hex(4), fc.domain()).map(([name, host]) => `${name}@${host}`),
    };
    for (const [name, value] of Object.entries(values)) {
      fc.assert(
        fc.property(value, (text) => {
          assert.equal(parameterise(`user ${text} gone`), `user <${name}> gone`);
        }),
      );
    }
  });

  it('takes any text, and what it leaves has been there', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '1',
        '.',
        ':',
        '::',
        '@',
        '-',
        '=',
        "'",
        '"',
        'a',
        'http://',
        '0x',
        'Mon ',
        'Jan ',
        '2026-',
        'com',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        let at = 0;
        for (const kept of parameterise(text).split(/<[a-z_0-9]+>/)) {
          const found = text.indexOf(kept, at);
          assert.ok(found >= at || /<[a-z_0-9]+>/.test(text), JSON.stringify(text));
          at = found + kept.length;
        }
      }),
    );
  });
});
