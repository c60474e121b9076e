import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { Scrubber } from '../../../src/sentry/scrub/index.ts';

const PLAIN = { ipAddresses: false, keys: [], safeKeys: [] };

function scrub(
  json: string,
  options: Partial<typeof PLAIN> | { keys: string[] } | { safeKeys: string[] } = {},
): string {
  return new Scrubber({ ...PLAIN, ...options }).json(Buffer.from(json)).toString();
}

/** What becomes of a text that stands as a value. */
function value(text: string, key = 'v'): string {
  const read: unknown = JSON.parse(scrub(JSON.stringify({ [key]: text })));
  return String((read as Record<string, unknown>)[key]);
}

function stays(json: string): void {
  const bytes = Buffer.from(json);
  const out = new Scrubber(PLAIN).json(bytes);
  assert.equal(out.toString(), json);
  assert.equal(out, bytes, 'another Buffer');
}

describe('sentry: scrubbing of keys', () => {
  for (const key of [
    'password',
    'PASSWORD',
    'db_passwd',
    'the_secret',
    'api_key',
    'api-key',
    'apiKey',
    'Authorization',
    'auth',
    'aws.credentials',
    'mysql_pwd',
    'privateKey',
    'private-key',
    'access_token',
    'csrfToken',
    'otp',
    'otp_code',
    'userOtp',
    'two-factor',
    'two_factor',
    'sentry_key',
    'sentry_secret',
    'passphrase',
    'ｐａｓｓｗｏｒｄ',
    'HTTP_AUTHORIZATION',
    'x-author-password',
  ]) {
    it(`filters the value of ${key}, whatever it is`, () => {
      for (const secret of ['"x"', '12', '-1.5e3', '{"a":[1,{"b":"]}"}]}', '["a","b"]']) {
        assert.equal(scrub(`{"a":[{"${key}" : ${secret} , "z":1}]}`), `{"a":[{"${key}" : "[Filtered]" , "z":1}]}`);
      }
    });
  }

  it('leaves true, false, null and what is empty under such a key', () => {
    stays('{"password":null,"token":true,"auth":false,"secret":"","credentials":{},"api_key":[]}');
  });

  it('spares authors, authorities, footprints and counts of tokens', () => {
    stays(
      '{"author":"Ann","authority":"shop","authors":["a"],"footprint":3,"hotpath":"x","max_tokens":100,"usage.total_tokens":5}',
    );
    assert.equal(scrub('{"tokens":"abc"}'), '{"tokens":"[Filtered]"}');
  });

  it('spares the public key tokens of .NET, which are a part of names', () => {
    stays('{"module":"System.Linq, Version=9.0.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a"}');
    assert.equal(
      scrub('{"a":"PublicKeyToken=1234567, token=1234567"}'),
      '{"a":"PublicKeyToken=1234567, token=[Filtered]"}',
    );
  });

  it('takes damaged JSON for JSON as far as it goes, whatever stands in front', () => {
    const scrubber = new Scrubber(PLAIN);
    for (const front of ['', ' \n', '\ufeff', '\ufeff ']) {
      const text = scrubber.text(Buffer.from(`${front}{"tags":[{"key":"password","value":"x"}]}`)).toString();
      assert.equal(text, `${front}{"tags":[{"key":"password","value":"[Filtered]"}]}`);
    }
  });

  it('looks at a line once, however many cookie headers or words of the user it seems to have', () => {
    for (const unit of ['Cookie: ', 'pin ', 'pin":1,"']) {
      const text = `{"a":"${unit.repeat(100_000)}"}`;
      assert.equal(scrub(text, { keys: ['pin'] }).length > 100_000, true, unit);
    }
    assert.equal(scrub('{"a":"Cookie: none Cookie: a=b"}'), '{"a":"Cookie: [Filtered]"}');
    assert.equal(scrub('{"a":"Cookie: none\\nCookie: a=b"}'), '{"a":"Cookie: none\\nCookie: [Filtered]"}');
  });

  it('takes no longer for a text that came just before', () => {
    // Words that are short are looked for by themselves; to compare the texts at each word took seconds.
    const scrubber = new Scrubber({ ipAddresses: false, keys: ['pin'], safeKeys: [] });
    const text = `{${Array.from({ length: 20_000 }, (_, i) => `"${'password='.repeat(6)}${i}":"x"`).join(',')}}`;
    const first = scrubber.json(Buffer.from(text));
    assert.ok(scrubber.json(Buffer.from(text)).equals(first));
  });

  it('knows a key however it is written', () => {
    assert.equal(scrub('{"p\\u0061ssword":"x"}'), '{"p\\u0061ssword":"[Filtered]"}');
    assert.equal(scrub('{"\\u0070\\u0061\\u0073\\u0073\\u0077\\u006f\\u0072\\u0064":1}').includes(':1'), false);
    assert.equal(scrub('{"\\uff50assword":"x"}'), '{"\\uff50assword":"[Filtered]"}');
  });

  it('filters the second of two where the first is the name, and `value` beside `key` or `name` in either order', () => {
    assert.equal(
      scrub('{"headers":[["Authorization","abc"],["Host","x"]]}'),
      '{"headers":[["Authorization","[Filtered]"],["Host","x"]]}',
    );
    assert.equal(scrub('[["token",["a",{"b":1}]]]'), '[["token","[Filtered]"]]');
    assert.equal(
      scrub('[{"key":"password","value":"v"},{"value":{"a":1},"name":"secret"}]'),
      '[{"key":"password","value":"[Filtered]"},{"value":"[Filtered]","name":"secret"}]',
    );
    assert.equal(
      scrub('{"value":"a","value":"b","name":"token"}'),
      '{"value":"[Filtered]","value":"[Filtered]","name":"token"}',
    );
    assert.equal(
      scrub('{"rawHeaders":["Host","x","X-Api-Key","y","A","b"]}'),
      '{"rawHeaders":["Host","x","X-Api-Key","[Filtered]","A","b"]}',
    );
    assert.equal(
      scrub('{"sys.argv":["app","--password","x","-v","--token=y"]}'),
      '{"sys.argv":["app","--password","[Filtered]","-v","--token=[Filtered]"]}',
    );
    stays('{"integrations":["token","a","b"],"sdk":{"name":"auth","version":"1"}}');
  });

  it('filters cookies that carry a session', () => {
    assert.equal(
      scrub('{"cookies":{"sessionid":"a","PHPSESSID":"b","theme":"dark"}}'),
      '{"cookies":{"sessionid":"[Filtered]","PHPSESSID":"[Filtered]","theme":"dark"}}',
    );
    assert.equal(
      scrub('{"headers":{"Cookie":"theme=dark; sessionid=abc; csrftoken=d"}}'),
      '{"headers":{"Cookie":"theme=dark; sessionid=[Filtered]; csrftoken=[Filtered]"}}',
    );
    assert.equal(
      scrub('{"cookies":[["session","a"],["su","b"],["x","y"]]}'),
      '{"cookies":[["session","[Filtered]"],["su","[Filtered]"],["x","y"]]}',
    );
    stays('{"session":"open","contexts":{"session":{"id":1}}}');
  });

  it('filters the value of an attribute and keeps its type', () => {
    assert.equal(
      scrub(
        '{"items":[{"attributes":{"password":{"value":"x","type":"string"},"user.token":{"type":"string[]","value":["a"]},"b":{"value":"c","type":"string"}}}]}',
      ),
      '{"items":[{"attributes":{"password":{"value":"[Filtered]","type":"string"},"user.token":{"type":"string[]","value":"[Filtered]"},"b":{"value":"c","type":"string"}}}]}',
    );
  });

  it('takes words of the user, and spares keys of the user', () => {
    assert.equal(
      scrub('{"Kundennummer":5,"a":"kundennummer=7"}', { keys: ['kundenNummer'] }),
      '{"Kundennummer":"[Filtered]","a":"kundennummer=[Filtered]"}',
    );
    assert.equal(scrub('{"my_pin":5}', { keys: ['pin'] }), '{"my_pin":"[Filtered]"}');
    assert.equal(scrub('{"größe":5}', { keys: ['größe'] }), '{"größe":"[Filtered]"}');
    const spared = '{"auth_method":"ldap","csrf_token":{"a":"Bearer x"}}';
    assert.equal(scrub(spared, { safeKeys: ['AUTH_METHOD', 'csrf_token'] }), spared);
    assert.notEqual(scrub('{"auth_method2":"ldap"}', { safeKeys: ['auth_method'] }), '{"auth_method2":"ldap"}');
  });
});

describe('sentry: scrubbing of values', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['a 4111111111111111 b', 'a [Filtered] b'],
    ['4111-1111-1111-1111', '[Filtered]'],
    ['3782 822463 10005!', '[Filtered]!'],
    ['5555555555554444,6011111111111117', '[Filtered],[Filtered]'],
    ['DE89370400440532013000', '[Filtered]'],
    ['to GB29 NWBK 6016 1331 9268 19 today', 'to [Filtered] today'],
    ['ssn 123-45-6789.', 'ssn [Filtered].'],
    ['Authorization: bearer abc.def', 'Authorization: [Filtered]'],
    ['Bearer abc.def, x', '[Filtered], x'],
    ['sent Basic dXNlcjpwYXNz to it', 'sent [Filtered] to it'],
    ['postgres://u:p@ss!@db:5432/x', 'postgres://u:[Filtered]@db:5432/x'],
    ['redis://:geheim@db', 'redis://:[Filtered]@db'],
    ['https://0123456789abcdef0123456789abcdef@sentry.example.com/42', 'https://[Filtered]@sentry.example.com/42'],
    [
      'https://0123456789abcdef0123456789abcdef:fedcba@sentry.example.com/42',
      'https://[Filtered]:[Filtered]@sentry.example.com/42',
    ],
    [
      '-----BEGIN RSA PRIVATE KEY-----\nabc\ndef\n-----END RSA PRIVATE KEY-----\nx',
      '-----BEGIN RSA PRIVATE KEY-----\n[Filtered]\n-----END RSA PRIVATE KEY-----\nx',
    ],
    ['-----BEGIN PRIVATE KEY-----\nabc', '-----BEGIN PRIVATE KEY-----\n[Filtered]'],
    ['open /home/ann/x.txt', 'open /home/[Filtered]/x.txt'],
    ['/Users/ann', '/Users/[Filtered]'],
    ['C:\\Users\\Ann Smith\\x', 'C:\\Users\\[Filtered]\\x'],
    ['a=1&password=x%20y&b=2', 'a=1&password=[Filtered]&b=2'],
    ['api_key: x1', 'api_key: [Filtered]'],
    ["{'password': 'it\\'s', 'b': 1}", "{'password': '[Filtered]', 'b': 1}"],
    ["{'auth': ('u', 'p)'), 'b': 1}", "{'auth': [Filtered], 'b': 1}"],
    ["[('Authorization', 'abc'), (b'token', b'x')]", "[('Authorization', '[Filtered]'), (b'token', b'[Filtered]')]"],
    ['<password>x</password>', '<password>[Filtered]</password>'],
    ['mysql --password geheim -h db', 'mysql --password [Filtered] -h db'],
    ['Authorization: Token abc', 'Authorization: [Filtered]'],
    ['X-Sentry-Auth: Sentry sentry_key=abc, sentry_version=7', 'X-Sentry-Auth: [Filtered], sentry_version=7'],
    ['otp=123456', 'otp=[Filtered]'],
    ['{"password": {"a": [1]}, "b": "4111 1111 1111 1111"}', '{"password": "[Filtered]", "b": "[Filtered]"}'],
    ['{\\"token\\": \\"x\\"}', '{\\"token\\": \\"[Filtered]\\"}'],
  ];
  for (const [text, expected] of cases) {
    it(`makes ${JSON.stringify(expected)} of a text`, () => assert.equal(value(text), expected));
  }

  for (const text of [
    '4111111111111112',
    '0.4111111111111111',
    '1795424681825',
    '20261123090508123',
    'DE89370400440532013001',
    '41111111111111111',
    'x4111111111111111',
    'Basic authentication failed',
    'Unexpected token: punc',
    'TokenExpiredError: jwt expired',
    'at Auth.login (auth.js:1000:50)',
    'password=None&token=%s',
    'https://auth.example.com:8443/x',
    'https://shop.example.com/home/products',
    'GET /users/42/orders',
    'http://host:8080/a@b',
    'mail ann@example.com',
    'SecretNotFound: no secret',
    'the author: Ann Smith',
    '[Filtered]',
    'password=[Filtered]&',
    'fec0ffee-4111-1111-1111-111111111111',
    'Secret word',
    'auth',
  ]) {
    it(`leaves ${JSON.stringify(text)} as it is`, () => stays(JSON.stringify({ v: text, w: [text] })));
  }

  it('leaves ids, hashes, times and releases of digits as they are', () => {
    for (const key of ['event_id', 'trace_id', 'span_id', 'hash', 'timestamp', 'release', 'checksum']) {
      stays(`{"${key}":"4111111111111111","x":{"${key}":4111111111111111}}`);
    }
    assert.equal(scrub('{"number":4111111111111111}'), '{"number":"[Filtered]"}');
  });

  it('leaves files of frames, debug_meta, modules, fingerprints and user agents as they are', () => {
    stays(
      '{"debug_meta":{"images":[{"code_file":"/home/ann/x","token":"x"}]},"modules":{"py-auth":"1"},"fingerprint":["token","/home/ann"]}',
    );
    stays(
      '{"exception":{"values":[{"stacktrace":{"frames":[{"filename":"/home/ann/x.py","abs_path":"/home/ann/x.py"}]}}]}}',
    );
    stays('{"request":{"headers":{"User-Agent":"x Bearer y"}}}');
    stays('{"request":{"headers":[["User-Agent","x Bearer y"]]}}');
    assert.notEqual(scrub('{"extra":{"filename":"/home/ann/x.py"}}'), '{"extra":{"filename":"/home/ann/x.py"}}');
  });

  it('takes only literals for secrets in source code', () => {
    const frame = (line: string) => JSON.stringify({ frames: [{ context_line: line, pre_context: [line] }] });
    stays(frame('  password = getpass(token=x)'));
    stays(frame('if token == "abc":'));
    assert.equal(scrub(frame('password = "geheim"')), frame('password = "[Filtered]"'));
    assert.equal(scrub(frame('get("/x?token=abc")')), frame('get("/x?token=[Filtered]")'));
  });

  it('sees through escapes, and leaves the rest of a text as it was written', () => {
    assert.equal(
      scrub('{"v":"\\u0042earer abc \\u00e9\\/\\n\\ud83d\\ude00"}'),
      '{"v":"[Filtered] \\u00e9\\/\\n\\ud83d\\ude00"}',
    );
    assert.equal(scrub('{"v":"http:\\/\\/u:geheim@h\\/\\u20ac"}'), '{"v":"http:\\/\\/u:[Filtered]@h\\/\\u20ac"}');
    assert.equal(
      scrub('{"v":"{\\"password\\":\\"a\\\\\\"b\\",\\"c\\":1}"}'),
      '{"v":"{\\"password\\":\\"[Filtered]\\",\\"c\\":1}"}',
    );
    assert.equal(scrub('{"v":"a\\npassword=x\\nb"}'), '{"v":"a\\npassword=[Filtered]\\nb"}');
    assert.equal(scrub('{"v":"\\\\home\\\\ \\/home\\/ann\\/"}'), '{"v":"\\\\home\\\\ \\/home\\/[Filtered]\\/"}');
  });

  it('keeps numbers, duplicate keys, order, NaN and foreign bytes as they are', () => {
    const rest =
      '"n":12345678901234567890.10,"d":1,"d":2, "x" :NaN,"y":-Infinity,"u":"\u00fc\u20ac\ud83d\ude00","s":"\\ud800"';
    assert.equal(scrub(`{${rest},"token":"x"}`), `{${rest},"token":"[Filtered]"}`);
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xfe, 0x00]), Buffer.from('","token":1}')]);
    assert.deepEqual(
      new Scrubber(PLAIN).json(bytes),
      Buffer.concat([bytes.subarray(0, -2), Buffer.from('"[Filtered]"}')]),
    );
  });

  it('takes out IP addresses when told to', () => {
    const event =
      '{"user":{"ip_address":"1.2.3.4","id":1},"request":{"env":{"REMOTE_ADDR":"::1"},"headers":{"User-Agent":"x/10.0.0.1"}},"sdk":{"client_ip":"1.1.1.1"},"m":"from 10.0.0.1:80, fe80::1. at 10:20:30","release":"1.2.3.4"}';
    assert.equal(
      scrub(event, { ipAddresses: true }),
      '{"user":{"ip_address":null,"id":1},"request":{"env":{"REMOTE_ADDR":null},"headers":{"User-Agent":"x/10.0.0.1"}},"sdk":{"client_ip":null},"m":"from [ip]:80, [ip]. at 10:20:30","release":"1.2.3.4"}',
    );
    stays(event);
  });

  it('finds nothing to do in the samples but what is there', () => {
    const folder = 'test/fixtures/sentry/';
    for (const name of readdirSync(folder).filter((name) => /^\d\d-.*\.json$/.test(name))) {
      const bytes = readFileSync(folder + name);
      const out = new Scrubber(PLAIN).json(bytes).toString();
      assert.doesNotThrow(() => JSON.parse(out), name);
    }
  });
});
