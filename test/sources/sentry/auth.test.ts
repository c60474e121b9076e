import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Refusal } from '../../../src/rpc/http/refusal.ts';
import { credentialsOf, parseDsn } from '../../../src/sources/sentry/auth.ts';

const KEY = '0123456789abcdef0123456789abcdef';

function key(headers: Record<string, string>, query = ''): string | undefined {
  return credentialsOf(headers, query)?.key;
}

function refuses(status: number, headers: Record<string, string>, query = ''): void {
  assert.throws(
    () => credentialsOf(headers, query),
    (error) => error instanceof Refusal && error.status === status,
  );
}

describe('credentials of a request', () => {
  it('come in every way that SDKs know', () => {
    const basic = `Basic ${Buffer.from(`${KEY}:`).toString('base64')}`;
    const all: Record<string, string>[] = [
      { 'x-sentry-auth': `Sentry sentry_key=${KEY}, sentry_version=7, sentry_client=a/1` },
      { 'x-sentry-auth': `Sentry sentry_version=7,sentry_client=a/1,sentry_key=${KEY}` },
      { 'x-sentry-auth': `sentry   sentry_secret=s,sentry_key=${KEY},` },
      { 'x-sentry-auth': `SENTRY sentry_key=${KEY}` },
      { authorization: `Sentry sentry_key=${KEY}` },
      { authorization: basic },
    ];
    for (const headers of all) {
      assert.equal(key(headers), KEY, JSON.stringify(headers));
    }
    assert.equal(key({}, `sentry_key=${KEY}&sentry_version=7&sentry_client=sentry.javascript.browser%2F11.12.0`), KEY);
  });

  it('say who the client is and when it sent', () => {
    const seconds =
      'Sentry sentry_key=k, sentry_client=raven-python/6.10.0, sentry_timestamp=1795424679.5, sentry_version=6';
    assert.deepEqual(credentialsOf({ 'x-sentry-auth': seconds }, ''), {
      key: 'k',
      client: 'raven-python/6.10.0',
      sentAt: 1_795_424_679_500,
    });
    const millis = { 'x-sentry-auth': 'Sentry sentry_key=k, sentry_timestamp=1795424871248' };
    assert.equal(credentialsOf(millis, '')?.sentAt, 1_795_424_871_248);
    assert.equal(credentialsOf({}, 'sentry_key=k&sentry_client=a%2F1%0d%0aX')?.client, undefined);
  });

  it('are none without a key', () => {
    assert.equal(key({}), undefined);
    assert.equal(key({ authorization: 'Bearer abc', 'x-sentry-auth': 'Sentry' }, 'x=1&sentry_version=7'), undefined);
    assert.equal(key({ 'x-sentry-auth': 'Sentry sentry_key=' }), undefined);
  });

  it('may be given several times when they agree, not when they differ', () => {
    const header = { 'x-sentry-auth': `Sentry sentry_key=${KEY}` };
    assert.equal(key({ ...header, authorization: `Sentry sentry_key=${KEY}` }, `sentry_key=${KEY}`), KEY);
    refuses(401, header, 'sentry_key=other');
    refuses(401, { ...header, authorization: 'Sentry sentry_key=other' });
    // Node joins headers that come twice.
    refuses(401, { 'x-sentry-auth': `Sentry sentry_key=${KEY}, Sentry sentry_key=other` });
    // What is meant for a proxy in front does not count.
    const proxy = `Basic ${Buffer.from('admin:secret').toString('base64')}`;
    assert.equal(key({ ...header, authorization: proxy }), KEY);
  });

  it('are refused when they are none, or of a later version', () => {
    refuses(401, { 'x-sentry-auth': 'Sentry sentry_key=../../etc' });
    refuses(401, {}, `sentry_key=${'x'.repeat(129)}`);
    refuses(400, { 'x-sentry-auth': 'Sentry sentry_key=k, sentry_version=8' });
    assert.equal(key({ 'x-sentry-auth': 'Sentry sentry_key=k, sentry_version=2.0' }), 'k');
  });

  it('never throw anything but a refusal', () => {
    const word = fc.constantFrom('Sentry ', 'sentry_key=', 'sentry_version=', KEY, ',', ' ', '=', 'Basic ', '%', '&');
    const text = fc.array(fc.oneof(word, fc.string())).map((words) => words.join(''));
    fc.assert(
      fc.property(text, text, text, (own, authorization, query) => {
        try {
          const found = credentialsOf({ 'x-sentry-auth': own, authorization }, query);
          if (found !== undefined) assert.match(found.key, /^\w{1,128}$/);
        } catch (error) {
          assert.ok(error instanceof Refusal, String(error));
        }
      }),
    );
  });
});

describe('parseDsn', () => {
  it('reads key and project', () => {
    assert.deepEqual(parseDsn(`https://${KEY}@sentry.example.com/42`), { key: KEY, project: '42' });
    assert.deepEqual(parseDsn(`http://${KEY}:secret@[::1]:9000/a/b/42/?x=1`), { key: KEY, project: '42' });
    assert.deepEqual(parseDsn(`https://${KEY}@h/42abc`), { key: KEY, project: '42' });
  });

  it('gives nothing for what is none', () => {
    for (const dsn of [
      undefined,
      1,
      '',
      'x',
      'https://h/42',
      `https://${KEY}@h/`,
      `https://${KEY}@h/abc`,
      `//${KEY}@h/1`,
    ]) {
      assert.equal(parseDsn(dsn), undefined, String(dsn));
    }
    assert.equal(parseDsn(`https://${KEY}@h/${'x'.repeat(3000)}/1`), undefined);
    assert.equal(parseDsn('https://a%2Fb@h/1'), undefined);
  });
});
