import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { html, json } from '../../src/report/page/html.ts';
import { renderPage } from '../../src/report/page/render.ts';
import { emptyReport, fullReport } from './reports.ts';

const HOSTILE = `"><script>alert(1)</script><img src=x onerror=alert(2)>'</title></style>\u2028</script>`;

describe('sluice report: the page', () => {
  it('escapes every text of an event, wherever it stands', async () => {
    const page = await renderPage(fullReport(HOSTILE));
    assert.ok(!page.includes('<script>alert'), 'no script of a title');
    assert.ok(!page.includes('<img'), 'no image of a title');
    assert.equal(page.match(/<script/g)?.length, 2, 'the data and the script');
    assert.equal(page.match(/<\/script>/g)?.length, 2);
    assert.ok(page.includes('&lt;script&gt;alert(1)&lt;/script&gt;'));
  });

  it('escapes any text so that neither markup nor JSON ends early', () => {
    const hostile = fc.string({
      unit: fc.constantFrom('<', '/script', '>', '&', '"', "'", '!--', '\u2028', '\u202e', 'x'),
    });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), hostile), (text) => {
        assert.doesNotMatch(html`${text}`.text, /[<>"'\u202e\u0000]/);
        const inScript = json({ [text]: text }).text;
        assert.doesNotMatch(inScript, /[<>\u2028\u2029]/);
        assert.deepEqual(JSON.parse(inScript), JSON.parse(JSON.stringify({ [text]: text })));
      }),
    );
  });

  it('lets its own script run and nothing be fetched', async () => {
    const page = await renderPage(fullReport('x'));
    const script = /<script>([\s\S]*)<\/script>/.exec(page)?.[1] ?? '';
    const hash = createHash('sha256').update(script).digest('base64');
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1]?.replaceAll('&#39;', "'") ?? '';
    assert.ok(policy.includes(`script-src 'sha256-${hash}'`), policy);
    assert.match(policy, /^default-src 'none'/);
    const outside = page.replace(script, '').match(/(?:src|href)="(?!data:)[^"]*"|url\((?!data:)|@import/g);
    assert.equal(outside, null);
  });

  it('has a table beside every chart, and names for all of them', async () => {
    const page = await renderPage(fullReport('x'));
    assert.equal(page.match(/data-chart=/g)?.length, 5);
    assert.equal(page.match(/role="img" aria-label="[^"]{10,}"/g)?.length, 5);
    assert.equal(page.match(/<caption>/g)?.length, page.match(/<table/g)?.length);
    for (const summary of ['The figures by hour', 'Repairs by day']) assert.ok(page.includes(summary), summary);
  });

  it('says of nothing that there is nothing', async () => {
    const page = await renderPage(emptyReport());
    assert.match(page, /There are no rows in it/);
    assert.doesNotMatch(page, /data-chart=/);
  });
});
