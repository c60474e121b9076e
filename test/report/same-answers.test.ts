import assert from 'node:assert/strict';
import { loadDuckDb } from '../../src/report/database.ts';
import { makeReport } from '../../src/report/make-report.ts';
import type { Report } from '../../src/report/report.ts';
import { daysBefore, issueOf, lakeRows, type Sent } from '../support/sentry-lake.ts';
import { answers } from '../support/sentry-lake-answers.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { type LakeRow, writeRows } from './fixture-lake.ts';

const NOW = Date.UTC(2026, 10, 23, 12);
const DAYS = daysBefore(NOW);

/** What the agent makes of what was sent: events are grouped, tags are an object. */
function rowOf({ fingerprint, tags, ...row }: Sent): LakeRow {
  const grouped = fingerprint === undefined ? {} : { issue_id: issueOf(fingerprint) };
  const title = row.type === undefined ? row.message : `${row.type}: ${row.value?.split(/[\r\n]/)[0]}`;
  return {
    ...grouped,
    ...(title === undefined ? {} : { title }),
    ...(JSON.parse(JSON.stringify(row)) as LakeRow),
    ...(tags === undefined ? {} : { tags: JSON.parse(tags) as Record<string, string> }),
  };
}

describe('sluice report: the answers of Hive, Spark and Pig', () => {
  const expected = answers(DAYS);
  let report: Report;

  before(async () => {
    const lake = makeTempDir('sluice-lake-');
    writeRows(lake, 'rows', lakeRows(DAYS).map(rowOf), 'zst');
    report = await makeReport({
      lake,
      from: Date.parse(DAYS.first),
      to: Date.parse(DAYS.second) + 86_400_000,
      projects: [],
      top: 100,
      now: NOW,
      loadDuckDb,
      wanted: '',
      onProgress: () => {},
    });
  });

  const rounded = (value: number | null, digits = 6): string =>
    value === null ? 'NULL' : String(Number(value.toFixed(digits)));
  const same = (lines: readonly string[], question: string): void => {
    assert.deepEqual([...lines].sort(), [...(expected[question] ?? [])].sort());
  };

  it('error rates', () => {
    const lines = report.projects.filter(({ all }) => all > 0);
    assert.deepEqual(
      lines.map((one) => `${one.project}, ${one.errors}, ${one.all}, ${rounded(one.errorRate)}`).sort(),
      expected['error_rate']?.map((line) => line.split(', ').slice(0, 4).join(', ')),
    );
    assert.equal(report.totals.allUnsampled, 7 + 19_000 + 24);
  });

  it('mean times to repair: ten hours over ten repairs', () => {
    const hours = (seconds: number): string => rounded(seconds / 3600, 4);
    const { repairs } = report;
    same([`${repairs.repairs}, ${hours(repairs.total)}, ${hours(repairs.mttr ?? 0)}`], 'mttr');
    const projects = report.projects.filter((one) => one.repairs > 0);
    same(
      projects.map(
        (one) => `${one.project}, ${one.repairs}, ${hours((one.mttr ?? 0) * one.repairs)}, ${hours(one.mttr ?? 0)}`,
      ),
      'mttr_by_project',
    );
    same(
      repairs.byDay.map((day) => `${day.day}, ${day.repairs}, ${hours(day.total)}, ${hours(day.mttr)}`),
      'mttr_by_day',
    );
  });

  it('trends by release', () => {
    const releases = report.releases.filter(({ all }) => all > 0);
    assert.deepEqual(
      releases.map((one) => `${one.release}, ${one.all}, ${one.errors}, ${rounded(one.errorRate)}`).sort(),
      expected['trend_by_release']?.map((line) => line.slice('42, '.length)).sort(),
    );
  });

  it('top, new and regressed issues', () => {
    // Of the titles of an issue the report takes the last, the queries the greatest.
    assert.deepEqual(
      report.issues.byEvents.map((one) => `${one.project}, ${one.issue}, ${one.events}, ${one.users}`).sort(),
      expected['top_issues']?.map((line) => line.replace(/^(\d+, [^,]+), .*, (\d+, \d+)$/, '$1, $2')).sort(),
    );
    const second = (iso: string | null): string => iso?.slice(0, 19).replace('T', ' ') ?? 'NULL';
    same(
      report.issues.new.map((one) => `${one.project}, ${one.issue}, ${second(one.firstSeen)}`),
      'new_issues',
    );
    assert.deepEqual(
      report.issues.regressed.map((one) => `${one.project}, ${one.issue}, ${second(one.reopened)}`).sort(),
      // How often is not in the report.
      expected['regressed_issues']?.map((line) => line.replace(/^(\d+, \d+), \d+/, '$1')),
    );
  });

  it('crash-free sessions and users', () => {
    const { sessions, crashed, crashFree, users, crashedUsers, crashFreeUsers } = report.sessions;
    same(
      [`43, ${sessions}, ${crashed}, ${rounded(crashFree)}, ${users}, ${crashedUsers}, ${rounded(crashFreeUsers)}`],
      'crash_free',
    );
  });

  it('what was discarded', () => {
    same(
      report.discarded.map(
        (one) => `43, ${one.source}, ${one.outcome}, ${one.reason}, ${one.category}, ${one.quantity}`,
      ),
      'discarded',
    );
  });

  it('what is over-represented, as far as it is more than chance', () => {
    const lines = report.causes.flatMap(({ project, issue, values }) =>
      values.map((one) => {
        const figures = [one.support, rounded(one.share, 4), rounded(one.restShare, 4), rounded(one.lift, 4)];
        return `${project}, ${issue}, ${one.dimension}, ${one.value}, ${figures.join(', ')}`;
      }),
    );
    assert.ok(lines.length >= 6, lines.join('\n'));
    for (const line of lines) assert.ok(expected['over_represented']?.includes(line), line);
  });
});
