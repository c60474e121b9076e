import { Database, type LoadDuckDb } from './database.ts';
import { DEFINITIONS } from './definitions.ts';
import { numberOf, numberOrNull, ratesOf, ratio, textOrNull, timeOrNull, without } from './figures.ts';
import { readIssues } from './issues.ts';
import { findLakeFiles } from './lake.ts';
import { loadLake, type Progress } from './load.ts';
import type { Report, SessionReport, Totals } from './report.ts';
import { SESSION_STATE } from './sql/tables.ts';
import * as sql from './sql/totals.ts';
import { COUNT_REPEATS, LEAVE_OUT_REPEATS, PREPARE, READ_BOUNDS } from './sql/window.ts';
import { readTrends } from './trend.ts';

export interface ReportSettings {
  /** A folder. */
  readonly lake: string;
  /** Milliseconds since 1970; from is in the window, to is not. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Ids, or slugs where rows hold no id; none means all. */
  readonly projects: readonly string[];
  /** How many issues of each list. */
  readonly top: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly loadDuckDb: LoadDuckDb;
  /** `@duckdb/node-api@VERSION`, for the message that says what to install. */
  readonly wanted: string;
  readonly onProgress: (progress: Progress) => void;
}

/**
 * Reads a lake and answers all questions.
 * @throws SluiceError PACKAGE_MISSING without DuckDB, FILE_NOT_FOUND and PERMISSION_DENIED for the lake
 */
export async function makeReport(settings: ReportSettings): Promise<Report> {
  const { lake: root, from, to, projects, top, now } = settings;
  const database = await Database.open(settings.loadDuckDb, settings.wanted);
  try {
    const loaded = await loadLake(database, await findLakeFiles(root, projects), projects, settings.onProgress);
    await database.run(LEAVE_OUT_REPEATS);
    await database.run(PREPARE.CREATE_SESSIONS);
    await database.run(PREPARE.CREATE_BOUNDS, { from: from ?? null, to: to ?? null, now });
    await database.run(PREPARE.CREATE_REPAIRS);
    await database.run(PREPARE.CREATE_VIEWS);
    const bounds = await database.one(READ_BOUNDS);
    const lo = numberOrNull(bounds, 'lo') ?? Number.NaN;
    const last = numberOrNull(bounds, 'last') ?? Number.NaN;
    return {
      version: 1,
      lake: root,
      made: new Date(now).toISOString(),
      window: {
        from: timeOrNull(bounds['lo']),
        to: timeOrNull(bounds['hi']),
        given: from !== undefined || to !== undefined,
        newSince: timeOrNull(bounds['since']),
      },
      input: {
        ...loaded,
        rowsByType: await countsBy(database, sql.ROW_TYPES, 'item_type', 'rows'),
        repeats: numberOf(await database.one(COUNT_REPEATS), 'repeats'),
      },
      totals: await readTotals(database),
      projects: await readProjects(database),
      sessions: await readSessions(database),
      repairs: await readRepairs(database),
      ...(await readTrends(database, lo, last)),
      releases: await readReleases(database),
      ...(await readIssues(database, top)),
      discarded: await readDiscarded(database),
      definitions: DEFINITIONS,
    };
  } finally {
    await database.close();
  }
}

async function countsBy(
  database: Database,
  query: string,
  key: string,
  count: string,
): Promise<Record<string, number>> {
  return Object.fromEntries((await database.all(query)).map((row) => [String(row[key]), numberOf(row, count)]));
}

async function readTotals(database: Database): Promise<Totals> {
  const row = await database.one(sql.TOTALS);
  const rates = ratesOf(row);
  const allUnsampled = numberOf(row, 'all_unsampled');
  return {
    ...rates,
    events: numberOf(row, 'events'),
    transactions: numberOf(row, 'transactions'),
    segments: numberOf(row, 'segments'),
    allUnsampled,
    errorRateUnsampled: ratio(rates.errors, allUnsampled),
    issues: numberOf(row, 'issues'),
    users: numberOf(row, 'users'),
    byLevel: await countsBy(database, sql.LEVELS, 'level', 'events'),
    undated: numberOf(row, 'undated'),
  };
}

async function readProjects(database: Database): Promise<Report['projects']> {
  return (await database.all(sql.PROJECTS)).map((row) => ({
    project: textOrNull(row, 'project') ?? '',
    ...ratesOf(row),
    events: numberOf(row, 'events'),
    transactions: numberOf(row, 'transactions'),
    issues: numberOf(row, 'issues'),
    users: numberOf(row, 'users'),
    sessions: numberOf(row, 'sessions'),
    crashFreeSessions: without(numberOf(row, 'crashed'), numberOf(row, 'sessions')),
    crashFreeUsers: without(numberOf(row, 'crashed_users'), numberOf(row, 'session_users')),
    repairs: numberOf(row, 'repairs'),
    mttr: ratio(numberOf(row, 'seconds'), numberOf(row, 'repairs')),
  }));
}

async function readSessions(database: Database): Promise<SessionReport> {
  const row = await database.one(sql.SESSION_TOTALS);
  const states = await countsBy(database, sql.SESSION_STATES, 'state', 'sessions');
  const inState = (state: keyof typeof SESSION_STATE): number => states[SESSION_STATE[state]] ?? 0;
  const sessions = numberOf(row, 'sessions');
  const users = numberOf(row, 'users');
  const crashedUsers = numberOf(row, 'crashed_users');
  return {
    sessions,
    crashed: inState('crashed'),
    abnormal: inState('abnormal'),
    unhandled: inState('unhandled'),
    errored: inState('errored'),
    healthy: inState('healthy'),
    crashFree: without(inState('crashed'), sessions),
    users,
    crashedUsers,
    crashFreeUsers: without(crashedUsers, users),
  };
}

async function readRepairs(database: Database): Promise<Report['repairs']> {
  const row = await database.one(sql.REPAIR_TOTALS);
  const open = await database.one(sql.OPEN_ISSUES);
  const repairs = numberOf(row, 'repairs');
  const total = numberOf(row, 'total');
  const days = await database.all(sql.REPAIRS_BY_DAY);
  return {
    repairs,
    total,
    mttr: ratio(total, repairs),
    median: numberOrNull(row, 'median'),
    longest: numberOrNull(row, 'longest'),
    byDay: days.map((day) => ({
      day: String(day['day']),
      repairs: numberOf(day, 'repairs'),
      total: numberOf(day, 'total'),
      mttr: numberOf(day, 'total') / numberOf(day, 'repairs'),
    })),
    open: {
      issues: numberOf(open, 'issues'),
      meanAge: numberOrNull(open, 'mean'),
      oldest: numberOrNull(open, 'oldest'),
    },
    archived: numberOf(open, 'archived'),
  };
}

async function readReleases(database: Database): Promise<Report['releases']> {
  return (await database.all(sql.RELEASES)).map((row) => ({
    release: String(row['release']),
    ...ratesOf(row),
    firstSeen: timeOrNull(row['first']),
    lastSeen: timeOrNull(row['last']),
    newIssues: numberOf(row, 'new_issues'),
    sessions: numberOf(row, 'sessions'),
    crashFreeSessions: without(numberOf(row, 'crashed'), numberOf(row, 'sessions')),
  }));
}

async function readDiscarded(database: Database): Promise<Report['discarded']> {
  return (await database.all(sql.DISCARDED)).map((row) => ({
    source: row['source'] === 'outcome' ? 'outcome' : 'client_report',
    outcome: String(row['outcome']),
    reason: textOrNull(row, 'reason'),
    category: textOrNull(row, 'category'),
    quantity: numberOf(row, 'quantity'),
  }));
}
