import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '../../src/errors.ts';
import { loadDuckDb } from '../../src/report/database.ts';
import { makeReport, type ReportSettings } from '../../src/report/make-report.ts';
import type { Report } from '../../src/report/report.ts';
import { useTempDir } from '../support/temp-dir.ts';
import {
  DAY,
  errorRow,
  HOUR,
  hookRow,
  type LakeRow,
  MINUTE,
  type Pack,
  rowTime,
  sessionRow,
  transactionRow,
  writeRows,
} from './fixture-lake.ts';

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('sluice report: the figures', () => {
  const lake = useTempDir('sluice-lake-');

  function report(more: Partial<ReportSettings> = {}): Promise<Report> {
    return makeReport({
      lake: lake(),
      projects: [],
      top: 10,
      now: DAY + 48 * HOUR,
      loadDuckDb,
      wanted: '@duckdb/node-api@1.0.0',
      onProgress: () => {},
      ...more,
    });
  }

  async function of(rows: readonly LakeRow[], more: Partial<ReportSettings> = {}): Promise<Report> {
    writeRows(lake(), 'day=2026-11-20/project=42/rows', rows);
    return report(more);
  }

  it('100 errors of 10,000 are 1 %, over events of every level, transactions and segment spans', async () => {
    const { totals, projects, trend } = await of([
      ...count(90).map((n) => errorRow(n, DAY + n * MINUTE)),
      ...count(10).map((n) => errorRow(100 + n, DAY + n * MINUTE, { level: 'fatal', project_id: '7' })),
      ...count(400).map((n) => errorRow(200 + n, DAY, { level: n % 2 === 0 ? 'warning' : 'info' })),
      ...count(9000).map((n) => transactionRow(1000 + n, DAY + HOUR)),
      ...count(500).map((n): LakeRow => {
        const span = { trace_id: 't', span_id: `s${n}`, is_segment: true, item_type: 'span' };
        return { project_id: '42', timestamp: rowTime(DAY), ...span };
      }),
      // None of these is an event.
      ...count(50).map((n): LakeRow => ({ ...transactionRow(n, DAY), is_segment: false, item_type: 'span' })),
      ...count(50).map((n): LakeRow => ({ ...transactionRow(n, DAY), item_type: 'log', level: 'error' })),
      // Lines of logs that were of no known format.
      ...count(3).map((n): LakeRow => ({ timestamp: rowTime(DAY), message: `line ${n}`, received: rowTime(DAY) })),
    ]);
    assert.equal(totals.all, 10_000);
    assert.equal(totals.errors, 100);
    assert.equal(totals.errorRate, 0.01);
    assert.equal(totals.transactions, 9000);
    assert.equal(totals.segments, 500);
    assert.deepEqual(totals.byLevel, { error: 90, fatal: 10, info: 200, warning: 200 });
    assert.deepEqual(
      projects.map(({ project, all, errors, errorRate }) => [project, all, errors, errorRate]),
      [
        ['42', 9990, 90, 90 / 9990],
        ['7', 10, 10, 1],
      ],
    );
    assert.equal(
      trend.points.reduce((sum, point) => sum + point.all, 0),
      10_000,
    );
  });

  it('says how many there were before sampling', async () => {
    const rows = [errorRow(1, DAY), ...count(9).map((n) => transactionRow(10 + n, DAY, { sample_rate: 0.1 }))];
    const { totals } = await of(rows);
    assert.equal(totals.all, 10);
    assert.equal(totals.allUnsampled, 91);
    assert.equal(totals.errorRateUnsampled, 1 / 91);
  });

  it('10 hours over 10 repairs is an MTTR of 1 hour, whatever the order of the webhooks and their repetitions', async () => {
    const minutes = [6, 114, 30, 90, 59, 61, 20, 100, 55, 65];
    const rows = minutes.flatMap((length, n) => [
      hookRow(`i${n}`, 'created', DAY + n * HOUR, { first_seen: rowTime(DAY + n * HOUR) }),
      hookRow(`i${n}`, 'assigned', DAY + n * HOUR + MINUTE, { first_seen: rowTime(DAY + n * HOUR) }),
      hookRow(`i${n}`, 'resolved', DAY + n * HOUR + length * MINUTE, { first_seen: rowTime(DAY + n * HOUR) }),
      // A resolve of what is resolved is no repair, and does not make the first one later.
      hookRow(`i${n}`, 'resolved', DAY + n * HOUR + length * MINUTE + MINUTE),
    ]);
    const shuffled = [...rows, ...rows].sort((a, b) => JSON.stringify(a).length - JSON.stringify(b).length).reverse();
    const { repairs } = await of([
      ...shuffled,
      // Never resolved: its age is told apart.
      hookRow('open', 'created', DAY, { first_seen: rowTime(DAY) }),
      // Put aside: neither open nor repaired.
      hookRow('aside', 'created', DAY, { first_seen: rowTime(DAY) }),
      hookRow('aside', 'archived', DAY + HOUR),
      // Nobody knows when it began.
      hookRow('stray', 'resolved', DAY + HOUR),
    ]);
    assert.equal(repairs.repairs, 10);
    assert.equal(repairs.total, 600 * 60);
    assert.equal(repairs.mttr, 60 * 60);
    assert.equal(repairs.median, 60 * 60);
    assert.equal(repairs.longest, 114 * 60);
    assert.deepEqual(repairs.open, { issues: 1, meanAge: 48 * 3600, oldest: 48 * 3600 });
    assert.equal(repairs.archived, 1);
    assert.equal(repairs.byDay.length, 1);
  });

  it('counts each repair cycle: from the return of an issue to the next resolve, at the day of the resolve', async () => {
    const { repairs, issues, projects } = await of([
      hookRow('i', 'resolved', DAY + 25 * HOUR),
      hookRow('i', 'unresolved', DAY + 20 * HOUR, { substatus: 'regressed' }),
      hookRow('i', 'resolved', DAY + 4 * HOUR),
      hookRow('i', 'created', DAY + HOUR, { first_seen: rowTime(DAY), title: 'Old pain' }),
      hookRow('i', 'unresolved', DAY + 21 * HOUR),
      errorRow(1, DAY + 22 * HOUR, { issue_id: 'other' }),
    ]);
    assert.deepEqual(repairs.byDay, [
      { day: '2026-11-20', repairs: 1, total: 4 * 3600, mttr: 4 * 3600 },
      { day: '2026-11-21', repairs: 1, total: 5 * 3600, mttr: 5 * 3600 },
    ]);
    assert.equal(projects[0]?.mttr, 4.5 * 3600);
    assert.deepEqual(
      issues.regressed.map(({ title, reopened, status }) => [title, reopened, status]),
      [['Old pain', '2026-11-20T20:00:00.000Z', 'resolved']],
    );
  });

  it('tells how issues stood at the end of the window', async () => {
    const rows = [
      hookRow('i', 'created', DAY, { first_seen: rowTime(DAY) }),
      hookRow('i', 'resolved', DAY + HOUR),
      hookRow('i', 'unresolved', DAY + 2 * HOUR),
      hookRow('i', 'resolved', DAY + 5 * HOUR),
      hookRow('i', 'unresolved', DAY + 6 * HOUR),
      hookRow('i', 'archived', DAY + 7 * HOUR),
    ];
    const { repairs, issues } = await of(rows, { from: DAY, to: DAY + 4 * HOUR });
    assert.deepEqual(repairs.open, { issues: 1, meanAge: 2 * 3600, oldest: 2 * 3600 });
    assert.deepEqual([repairs.repairs, repairs.archived], [1, 0]);
    assert.equal(issues.regressed[0]?.reopened, '2026-11-20T02:00:00.000Z');
    assert.equal((await report()).repairs.archived, 1);
  });

  it('counts a session once, with its worst state, and buckets of sessions as they are', async () => {
    const { sessions, releases } = await of([
      sessionRow('a', 'ok', DAY, { user_id: 'u1', release: '1.0' }),
      sessionRow('a', 'crashed', DAY, { user_id: 'u1', init: false, release: '1.0' }),
      sessionRow('a', 'exited', DAY, { user_id: 'u1', init: false, release: '1.0' }),
      sessionRow('b', 'exited', DAY, { user_id: 'u2', release: '1.0' }),
      sessionRow('c', 'exited', DAY, { user_id: 'u1', errors: 2, release: '1.0' }),
      // Begun before the lake was: counted there.
      sessionRow('d', 'crashed', DAY, { user_id: 'u3', init: false }),
      { ...sessionRow('', 'exited', DAY, { quantity: 15 }), item_type: 'sessions' },
      { ...sessionRow('', 'crashed', DAY, { quantity: 1 }), item_type: 'sessions' },
      { ...sessionRow('', 'errored', DAY, { quantity: 1 }), item_type: 'sessions' },
    ]);
    assert.deepEqual(sessions, {
      sessions: 20,
      crashed: 2,
      abnormal: 0,
      unhandled: 0,
      errored: 2,
      healthy: 16,
      crashFree: 0.9,
      users: 2,
      crashedUsers: 1,
      crashFreeUsers: 0.5,
    });
    assert.equal(releases[0]?.sessions, 3);
    assert.equal(releases[0]?.crashFreeSessions, 1 - 1 / 3);
  });

  it('counts what came twice once, by project, type and id, and says how many there were', async () => {
    const { totals, input } = await of([
      errorRow(1, DAY),
      errorRow(1, DAY, { received: rowTime(DAY + HOUR), title: 'late' }),
      errorRow(1, DAY, { project_id: '7' }),
      transactionRow(1, DAY),
      { ...errorRow(1, DAY), event_id: '' },
    ]);
    assert.equal(totals.all, 4);
    assert.equal(input.repeats, 1);
  });

  it('tells top issues by events and by users, with their times, and new ones', async () => {
    const { issues, totals } = await of([
      ...count(30).map((n) => errorRow(n, DAY + n * HOUR, { user_id: 'u1' })),
      ...count(20).map((n) => errorRow(100 + n, DAY + 40 * HOUR, { issue_id: 'v1-b', user_id: `u${n}`, title: 'B' })),
      errorRow(200, DAY + 2 * HOUR, { issue_id: 'v1-c', level: 'warning', title: 'C' }),
    ]);
    assert.deepEqual(
      issues.byEvents.map(({ issue, events, users }) => [issue, events, users]),
      [
        ['v1-a', 30, 1],
        ['v1-b', 20, 20],
        ['v1-c', 1, 0],
      ],
    );
    assert.equal(issues.byUsers[0]?.issue, 'v1-b');
    assert.deepEqual(
      issues.new.map(({ issue }) => issue),
      ['v1-b'],
    );
    const [first] = issues.byEvents;
    assert.equal(first?.firstSeen, '2026-11-20T00:00:00.000Z');
    assert.equal(first?.lastSeen, '2026-11-21T05:00:00.000Z');
    assert.equal(
      first?.sparkline.reduce((sum, n) => sum + n, 0),
      30,
    );
    assert.equal(totals.users, 20);
  });

  it('finds what is over-represented in an issue against the rest of its project', async () => {
    const { causes } = await of([
      ...count(20).map((n) =>
        errorRow(n, DAY, { release: n < 18 ? '2.0' : '1.9', tags: { browser: 'Safari', chance: n < 4 ? 'a' : 'b' } }),
      ),
      ...count(10).map((n) =>
        errorRow(100 + n, DAY, {
          issue_id: 'v1-b',
          release: n < 3 ? '2.0' : '1.9',
          tags: { browser: 'Firefox', chance: n < 1 ? 'a' : 'b' },
        }),
      ),
      // Another project is not the rest of this one.
      ...count(10).map((n) => errorRow(200 + n, DAY, { project_id: '7', release: '2.0', tags: { browser: 'Safari' } })),
    ]);
    // 4 of 20 against 1 of 10 is twice as many, and may well be chance.
    const [cause] = causes;
    assert.equal(cause?.issue, 'v1-a');
    assert.equal(cause?.rest, 10);
    assert.deepEqual(cause?.values, [
      { dimension: 'tag browser', value: 'Safari', support: 20, share: 1, restShare: 0, lift: null },
      { dimension: 'release', value: '2.0', support: 18, share: 0.9, restShare: 0.3, lift: 0.9 / 0.3 },
    ]);
  });

  it('tells what clients and Sentry left out', async () => {
    const { discarded } = await of([
      { project_id: '42', item_type: 'client_report', outcome: 'client_discard', reason: 'sample_rate', quantity: 30 },
      { project_id: '42', item_type: 'client_report', outcome: 'client_discard', reason: 'sample_rate', quantity: 12 },
      { project_id: '42', item_type: 'outcome', outcome: 'rate_limited', category: 'error', quantity: 5 },
      { project_id: '42', item_type: 'outcome', outcome: 'accepted', category: 'error', quantity: 500 },
    ]);
    assert.deepEqual(discarded, [
      { source: 'client_report', outcome: 'client_discard', reason: 'sample_rate', category: null, quantity: 42 },
      { source: 'outcome', outcome: 'rate_limited', reason: null, category: 'error', quantity: 5 },
    ]);
  });

  it('keeps to the window and the projects asked for, but knows what was seen before', async () => {
    const rows = [
      errorRow(1, DAY - HOUR),
      errorRow(2, DAY),
      errorRow(3, DAY + HOUR, { issue_id: 'v1-new' }),
      errorRow(4, DAY + 2 * HOUR),
      errorRow(5, DAY + HOUR, { project_id: '7' }),
      { ...errorRow(6, DAY), timestamp: 'never', received: 'never' },
    ];
    const { totals, issues, trend } = await of(rows, { from: DAY, to: DAY + 2 * HOUR, projects: ['42'] });
    assert.equal(totals.all, 2);
    assert.deepEqual(
      issues.new.map(({ issue }) => issue),
      ['v1-new'],
    );
    assert.equal(trend.bucket, 'minute');
    assert.equal((await report()).totals.undated, 1);
  });

  for (const pack of ['gz', 'zst'] as const satisfies readonly Pack[]) {
    it(`gives the same for .${pack} of several members`, async () => {
      const rows = [...count(50).map((n) => errorRow(n, DAY + n * MINUTE)), hookRow('v1-a', 'resolved', DAY + HOUR)];
      writeRows(join(lake(), 'a'), 'rows', rows);
      writeRows(join(lake(), 'b'), 'rows', rows, pack);
      const plain = await report({ lake: join(lake(), 'a') });
      const packed = await report({ lake: join(lake(), 'b') });
      assert.equal(plain.totals.all, 50);
      assert.ok(packed.input.bytes < plain.input.bytes);
      const { lake: _a, input: _b, ...left } = plain;
      const { lake: _c, input: _d, ...right } = packed;
      assert.deepEqual(right, left);
    });
  }

  it('counts damaged lines and files that break off, and reads the rest', async () => {
    const rows = count(40).map((n) => errorRow(n, DAY + n * MINUTE));
    appendFileSync(writeRows(lake(), 'broken/a', rows), '{"event_id":"1234","proj');
    appendFileSync(writeRows(lake(), 'broken/b', [errorRow(100, DAY)]), 'no JSON\n[1]\n{"other":1}\n\n');
    const packed = writeRows(lake(), 'broken/c', [errorRow(200, DAY), errorRow(201, DAY)], 'gz');
    writeFileSync(packed, readFileSync(packed).subarray(0, -12));
    writeFileSync(join(lake(), 'broken', 'd.gz'), 'not gzip at all');
    const { input, totals } = await report();
    assert.ok(totals.all >= 42, `${totals.all} events`);
    assert.equal(input.damagedFiles.find(({ path }) => path.endsWith('/a'))?.rows, 1);
    assert.equal(input.damagedFiles.find(({ path }) => path.endsWith('/b'))?.rows, 3);
    assert.deepEqual(
      input.unreadable.map(({ path }) => path),
      [join(lake(), 'broken', 'd.gz')],
    );
  });

  it('leaves out what is being written, what is empty and what is no text, and says so', async () => {
    writeRows(lake(), '_rows.json', [errorRow(1, DAY)]);
    writeRows(lake(), '.rows', [errorRow(2, DAY)]);
    writeRows(lake(), '_temporary/0/rows', [errorRow(3, DAY)]);
    writeRows(lake(), 'rows.avro', [errorRow(4, DAY)]);
    writeRows(lake(), 'empty', []);
    const { input, totals } = await of([errorRow(5, DAY)]);
    assert.equal(totals.all, 1);
    assert.deepEqual([input.files, input.inUse, input.empty, input.foreign], [1, 3, 1, 1]);
  });

  it('takes names that look like patterns, and rows of few columns', async () => {
    mkdirSync(join(lake(), "we[i]rd* 'x?"));
    writeFileSync(
      join(lake(), "we[i]rd* 'x?", 'project=9'),
      '{"event_id":"a","project_id":9,"timestamp":"2026-11-20 10:00:00","message":"first\\nsecond"}\n',
    );
    const { totals, projects, issues } = await report();
    assert.equal(totals.errors, 1);
    assert.equal(projects[0]?.project, '9');
    assert.deepEqual(issues.byEvents, []);
  });

  it('reads a file whose name is a pattern for others once, and the others once', async () => {
    for (const name of ['rows*', 'rows1', 'rows?', '[r]ows1']) writeRows(lake(), name, [{ project_id: name }]);
    const { input } = await report();
    assert.equal(input.rows, 4);
  });

  it('says of an empty lake that there is nothing', async () => {
    const { totals, window, trend, input } = await report();
    assert.equal(totals.errorRate, null);
    assert.deepEqual([window.from, window.to, trend.points, input.files], [null, null, [], 0]);
  });

  it('names what to install when DuckDB is not there', async () => {
    const failing = report({ loadDuckDb: () => Promise.reject(new Error('Cannot find package')) });
    await assert.rejects(failing, (error: unknown) => {
      assert.ok(error instanceof SluiceError);
      assert.equal(error.code, 'PACKAGE_MISSING');
      assert.match(error.message, /npm install @duckdb\/node-api@1\.0\.0/);
      return true;
    });
  });

  it('says so when there is no such lake', async () => {
    await assert.rejects(report({ lake: join(lake(), 'none') }), { code: 'FILE_NOT_FOUND' });
  });
});
