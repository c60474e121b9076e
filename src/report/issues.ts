import type { Database, Row } from './database.ts';
import { numberOf, numberOrNull, textOrNull, timeOrNull } from './figures.ts';
import type { CauseReport, IssueReport, Report } from './report.ts';
import { CAUSES, CREATE_TOP_ISSUES, TOP_ISSUES } from './sql/causes.ts';
import { CREATE_ISSUES, ISSUE_LISTS, SPARKLINE_PARTS, SPARKLINES } from './sql/issues.ts';

const NO_TITLE = '(no title)';

/** The issues, and what is over-represented in the top ones. @param top how many of each list */
export async function readIssues(database: Database, top: number): Promise<Pick<Report, 'issues' | 'causes'>> {
  await database.run(CREATE_ISSUES);
  const rows = {
    byEvents: await database.all(ISSUE_LISTS.byEvents, { top }),
    byUsers: await database.all(ISSUE_LISTS.byUsers, { top }),
    new: await database.all(ISSUE_LISTS.new, { top }),
    regressed: await database.all(ISSUE_LISTS.regressed, { top }),
  };
  const sparklines = await readSparklines(database, Object.values(rows).flat());
  const list = (of: readonly Row[]): IssueReport[] => of.map((row) => issueOf(row, sparklines.get(keyOf(row))));
  const issues = {
    byEvents: list(rows.byEvents),
    byUsers: list(rows.byUsers),
    new: list(rows.new),
    regressed: list(rows.regressed),
  };
  return { issues, causes: await readCauses(database) };
}

function keyOf(row: Row): string {
  return `${textOrNull(row, 'project') ?? ''}\0${String(row['issue'])}`;
}

async function readSparklines(database: Database, rows: readonly Row[]): Promise<Map<string, number[]>> {
  const sparklines = new Map<string, number[]>(rows.map((row) => [keyOf(row), emptySparkline()]));
  for (const row of await database.all(SPARKLINES, { issues: [...sparklines.keys()] })) {
    const parts = sparklines.get(String(row['key']));
    if (parts !== undefined) parts[numberOf(row, 'part')] = numberOf(row, 'events');
  }
  return sparklines;
}

function emptySparkline(): number[] {
  return Array.from({ length: SPARKLINE_PARTS }, () => 0);
}

function issueOf(row: Row, sparkline: readonly number[] | undefined): IssueReport {
  return {
    issue: String(row['issue']),
    project: textOrNull(row, 'project') ?? '',
    title: textOrNull(row, 'title') ?? NO_TITLE,
    culprit: textOrNull(row, 'culprit'),
    level: textOrNull(row, 'level') ?? 'error',
    events: numberOf(row, 'events'),
    users: numberOf(row, 'users'),
    firstSeen: timeOrNull(row['first']),
    lastSeen: timeOrNull(row['last']),
    reopened: timeOrNull(row['reopened']),
    status: textOrNull(row, 'status') as IssueReport['status'],
    sparkline: sparkline ?? emptySparkline(),
  };
}

async function readCauses(database: Database): Promise<CauseReport[]> {
  await database.run(CREATE_TOP_ISSUES);
  const values = Map.groupBy(await database.all(CAUSES), keyOf);
  return (await database.all(TOP_ISSUES)).map((row) => ({
    issue: String(row['issue']),
    project: textOrNull(row, 'project') ?? '',
    title: textOrNull(row, 'title') ?? NO_TITLE,
    events: numberOf(row, 'events'),
    rest: numberOf(row, 'rest'),
    values: (values.get(keyOf(row)) ?? []).map((one) => ({
      dimension: String(one['dimension']),
      value: String(one['value']),
      support: numberOf(one, 'support'),
      share: numberOf(one, 'share'),
      restShare: numberOf(one, 'rest_share'),
      lift: numberOrNull(one, 'lift'),
    })),
  }));
}
