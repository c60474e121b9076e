import assert from 'node:assert/strict';
import { bodyFacts } from '../../../src/sentry/body-facts.ts';
import { given, itemRow, pick, rows } from '../rowing.ts';

function csp(directive: string, blocked: string | undefined, more = {}) {
  const report = { 'effective-directive': directive, 'blocked-uri': blocked, 'violated-directive': directive, ...more };
  return itemRow('csp', { 'csp-report': report });
}

describe('the row of a violation of a content security policy', () => {
  const MESSAGES: readonly [string, string | undefined, string][] = [
    ['style-src', 'http://example.com/lol.css', "Blocked 'style' from 'example.com'"],
    ['script-src', 'http://baddomain.com:8000/test.js?_=1', "Blocked 'script' from 'baddomain.com:8000'"],
    ['script-src', undefined, "Blocked unsafe (eval() or inline) 'script'"],
    ['script-src', 'inline', "Blocked unsafe inline 'script'"],
    ['script-src', 'eval', "Blocked unsafe eval() 'script'"],
    ['img-src', 'data', "Blocked 'image' from 'data:'"],
    ['img-src', 'blob:x', "Blocked 'image' from 'blob:'"],
    ['connect-src', 'wss://a.example/x', "Blocked 'connect' from 'wss://a.example'"],
    ['form-action', 'https://a.example/', "Blocked 'form' action to 'a.example'"],
    ['default-src', 'http://evil.example', "Blocked 'default-src' from 'evil.example'"],
    ['style-src', "'self'", "Blocked inline 'style'"],
    ['frame-src', '', "Blocked inline 'frame-src'"],
    ['__proto__', 'http://a.example', "Blocked '__proto__' from 'a.example'"],
    ['toString', 'self', "Blocked inline 'toString'"],
    ['font-src', 'not an address', "Blocked 'font' from 'not an address'"],
  ];
  for (const [directive, blocked, message] of MESSAGES) {
    it(`says: ${message}`, () => assert.equal(csp(directive, blocked).message, message));
  }

  it('is an event with culprit, tags and an issue', () => {
    const row = itemRow('csp', {
      'csp-report': {
        'document-uri': 'https://shop.example/cart',
        'violated-directive': 'script-src https://shop.example cdn.example.com shop.example',
        'blocked-uri': 'https://evil.example/x.js',
      },
    });
    assert.deepEqual(pick(row, 'item_type', 'platform', 'level', 'culprit', 'title', 'tags'), {
      item_type: 'csp',
      platform: 'other',
      level: 'error',
      culprit: "script-src 'self' cdn.example.com 'self'",
      title: "Blocked 'script' from 'evil.example'",
      tags: '{"effective-directive":"script-src","blocked-uri":"https://evil.example/x.js","blocked-host":"evil.example"}',
    });
    assert.match(row.hash!, /^[0-9a-f]{32}$/);
    assert.equal(row.issue_id, `v1-${row.hash}`);
    assert.notEqual(row.hash, csp('script-src', 'https://other.example/').hash);
    assert.equal(row.hash, csp('script-src', 'https://evil.example/y.js').hash);
  });

  it('has an issue of its own, also where a list came as one item', () => {
    const reports = ['https://a.example/x', 'https://b.example/x'].map((blocked) => ({
      'csp-report': { 'effective-directive': 'img-src', 'blocked-uri': blocked },
    }));
    const body = Buffer.from(JSON.stringify(reports));
    const known = given({ itemType: 'raw_security', format: 'item' });
    const { hash, issueId } = bodyFacts(body, known, 'item')!;
    assert.deepEqual([hash, issueId], [undefined, undefined]);
    const alone = reports.map((report) => itemRow('csp', report).issue_id);
    assert.deepEqual(
      rows(body, { ...known, hash, issueId }).map((row) => row.issue_id),
      alone,
    );
    assert.equal(new Set(alone).size, 2);
  });

  it('is one for each report of a list', () => {
    const report = (blockedURL: string) => ({
      type: 'csp-violation',
      body: { effectiveDirective: 'img-src', blockedURL },
    });
    const list = [report('https://a.example'), 7, report('https://b.example')];
    const messages = rows(list, { itemType: 'raw_security' }).map((row) => row.message);
    assert.deepEqual(messages, ["Blocked 'image' from 'a.example'", "Blocked 'image' from 'b.example'"]);
  });
});

describe('the row of another report of a browser', () => {
  it('names the host of the certificate', () => {
    for (const [type, report, message] of [
      [
        'hpkp',
        { hostname: 'a.example', port: 443, 'known-pins': [] },
        "Public key pinning validation failed for 'a.example'",
      ],
      ['expectct', { 'expect-ct-report': { hostname: 'a.example' } }, "Expect-CT failed for 'a.example'"],
      ['expectstaple', { 'expect-staple-report': { hostname: 'a.example' } }, "Expect-Staple failed for 'a.example'"],
    ] as const) {
      const row = itemRow(type, report);
      assert.deepEqual(pick(row, 'item_type', 'message', 'culprit'), {
        item_type: type,
        message,
        culprit: 'a.example',
      });
    }
  });

  it('names the failure of a request', () => {
    const report = {
      type: 'network-error',
      url: 'https://a.example/x',
      body: { type: 'tcp.reset', phase: 'connection', status_code: 0, sampling_fraction: 0.5 },
    };
    const row = itemRow('nel', report);
    assert.deepEqual(pick(row, 'message', 'culprit', 'level', 'tags', 'hash'), {
      message: 'tcp.reset (connection)',
      culprit: 'https://a.example/x',
      level: 'error',
      tags: '{"type":"tcp.reset","phase":"connection","status_code":"0","sampling_fraction":"0.5"}',
      hash: undefined,
    });
    assert.equal(itemRow('nel', { ...report, body: { type: 'ok' } }).level, 'info');
  });
});
