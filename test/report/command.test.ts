import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCommandLine } from '../../src/command-line.ts';
import type { Report } from '../../src/report/report.ts';
import { runSluice } from '../support/run-sluice.ts';
import { useTempDir } from '../support/temp-dir.ts';
import { DAY, errorRow, transactionRow, writeRows } from './fixture-lake.ts';

describe('sluice report: the command', () => {
  const dir = useTempDir('sluice-report-');

  it('takes a folder, a window, projects and how many', async () => {
    const parsed = await parseCommandLine([
      ...['report', 'file:///data/lake', '--from', '2026-11-20', '--to', '2026-11-20T14:30+02:00'],
      ...['--project', '42', '--project', '7', '--top', '3', '--html', 'r.html', '--json'],
    ]);
    assert.deepEqual(parsed, {
      command: 'report',
      lake: '/data/lake',
      from: DAY,
      to: DAY + 12.5 * 3_600_000,
      projects: ['42', '7'],
      json: true,
      html: 'r.html',
      top: 3,
    });
    const relative = await parseCommandLine(['report', 'lake', '--from', '24h']);
    assert.ok(relative.command === 'report' && relative.from !== undefined);
    assert.ok(Math.abs(Date.now() - 86_400_000 - relative.from) < 60_000);
  });

  for (const [args, message] of [
    [['report'], /^Name the folder of the lake: sluice report LAKE$/],
    [['report', 'x', '--from', 'yesterday'], /--from must be a date/],
    [['report', 'x', '--from', '2026-02-40'], /--from must be a date/],
    [['report', 'x', '--from', '2026-11-20', '--to', '2026-11-19'], /--from must be before --to/],
    [['report', 'x', '--top', '0'], /--top must be a whole number/],
    [['report', 'x', '--frm', '1h'], /frm/],
  ] as const) {
    it(`refuses ${args.join(' ')}`, async () => {
      const parsed = await parseCommandLine(args);
      assert.ok(parsed.command === 'usage-error');
      assert.match(parsed.message, message);
    });
  }

  it('prints text, or JSON, writes a page, and leaves nothing behind', async () => {
    writeRows(dir(), 'lake/rows.json', [errorRow(1, DAY), transactionRow(2, DAY), transactionRow(3, DAY)]);
    const lake = join(dir(), 'lake');
    const page = join(dir(), 'page.html');
    const env = { TMPDIR: join(dir(), 'lake') };
    const both = await runSluice(['report', lake, '--json', '--html', page], { env });
    assert.equal(both.code, 0, both.log());
    const report = JSON.parse(both.stdout) as Report;
    assert.deepEqual([report.version, report.totals.errorRate, report.input.files], [1, 1 / 3, 1]);
    assert.match(readFileSync(page, 'utf8'), /33\.3 %/);
    const text = await runSluice(['report', lake], { env });
    assert.match(text.stdout, /Error rate +33\.3 %/);
    assert.doesNotMatch(text.stdout, /\x1b/);
    assert.equal(text.stderr, '');
    assert.match(text.stdout, /1 file,/);
  });

  it('is loaded by nothing else, and DuckDB by nothing but it', () => {
    const src = new URL('../../src/', import.meta.url).pathname;
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const naming = (what: RegExp): string[] =>
      files.filter((file) => what.test(readFileSync(join(src, file), 'utf8'))).sort();
    assert.deepEqual(naming(/(?:from|import\() ?'@duckdb/), ['report/database.ts']);
    assert.deepEqual(
      naming(/from '\.\.?\/report\//),
      [],
      'a report is loaded when one is asked for, not with the agent',
    );
    assert.deepEqual(naming(/import\('\.\.?\/report\//), ['main.ts']);
  });

  it('ends with 1 and says why where there is no lake', async () => {
    const child = await runSluice(['report', join(dir(), 'none')]);
    assert.equal(child.code, 1);
    assert.match(child.stderr, /No such file: the lake/);
  });
});
