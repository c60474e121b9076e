import type { CauseReport, DiscardReport, IssueReport, ProjectReport, ReleaseReport, Report } from '../report.ts';
import {
  bytesWords,
  counted,
  duration,
  liftWords,
  minuteWords,
  noRows,
  numberWords,
  percent,
  shortNumber,
  sparkline,
  squeezed,
  timeWords,
} from '../words.ts';
import { type Column, renderTable } from './table.ts';
import { COLOURED, fitted, harmless, PLAIN, type Style, wrapped } from './text.ts';

export interface TerminalSettings {
  /** Columns. */
  readonly width: number;
  readonly colour: boolean;
}

const LEAST_WIDTH = 60;
const TREND_WIDTH = 60;
const LABEL = 14;

/** A report for a terminal. Texts of events are made harmless. */
export function renderTerminal(report: Report, settings: TerminalSettings): string {
  const page = new Page(Math.max(LEAST_WIDTH, settings.width), settings.colour ? COLOURED : PLAIN);
  const { issues } = report;
  page.head(report);
  if (report.input.rows > 0) {
    page.figures(report);
    page.trend(report);
    page.projects(report.projects);
    page.releases(report.releases);
    page.issues('Top issues by events', issues.byEvents);
    if (issues.byUsers.some((issue, i) => issue.issue !== issues.byEvents[i]?.issue))
      page.issues('Top issues by users', issues.byUsers);
    page.issues(`New since ${minuteWords(report.window.newSince)}`, issues.new);
    page.issues(`Regressed since ${minuteWords(report.window.newSince)}`, issues.regressed);
    page.causes(report.causes);
    page.discarded(report.discarded);
    page.notes(report);
  }
  return page.text;
}

class Page {
  readonly #width: number;
  readonly #style: Style;
  readonly #lines: string[] = [];

  constructor(width: number, style: Style) {
    this.#width = width;
    this.#style = style;
  }

  get text(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  head({ lake, window, input }: Report): void {
    this.#lines.push(`${this.#style.heading('Sluice report')} of ${harmless(lake)}`);
    if (window.from !== null) this.#lines.push(`${minuteWords(window.from)} to ${minuteWords(window.to)} UTC`);
    const parts = [counted(input.files, 'file'), bytesWords(input.bytes), counted(input.rows, 'row')];
    if (input.repeats > 0) parts.push(`${counted(input.repeats, 'repeat')} left out`);
    if (input.inUse > 0) parts.push(`${numberWords(input.inUse)} in use (_ or .) not read`);
    if (input.empty > 0) parts.push(`${numberWords(input.empty)} empty`);
    if (input.foreign > 0) parts.push(`${numberWords(input.foreign)} of other formats not read`);
    this.#lines.push(...wrapped(parts.join(', '), this.#width));
    const { alarm } = this.#style;
    if (input.damagedRows > 0) this.#lines.push(alarm(`${counted(input.damagedRows, 'damaged line')} left out:`));
    for (const { path, rows } of input.damagedFiles) this.#lines.push(`  ${harmless(path)}: ${numberWords(rows)}`);
    for (const { path, reason } of input.unreadable)
      this.#lines.push(alarm(`Cannot be read: ${harmless(path)}: ${harmless(reason)}`));
    if (input.rows === 0) this.#lines.push(...wrapped(noRows(input), this.#width));
  }

  figures({ totals, sessions, repairs }: Report): void {
    this.#heading('Figures');
    const { alarm } = this.#style;
    const rate = percent(totals.errorRate);
    this.#figure(
      'Error rate',
      totals.errors > 0 ? alarm(rate) : rate,
      `${counted(totals.errors, 'error')} of ${numberWords(totals.all)}: ${counted(totals.events, 'event')} of every level, ${counted(totals.transactions, 'transaction')}, ${counted(totals.segments, 'segment span')}`,
    );
    if (Math.round(totals.allUnsampled) !== totals.all) {
      const all = numberWords(totals.allUnsampled);
      this.#figure('  unsampled', percent(totals.errorRateUnsampled), `of ${all}, as many as before sampling`);
    }
    this.#figure('Affected', `${counted(totals.users, 'user')}, ${counted(totals.issues, 'issue')}`, '');
    if (sessions.sessions > 0) {
      const { crashed, errored, unhandled, abnormal } = sessions;
      const states = `${numberWords(crashed)} crashed, ${numberWords(abnormal)} abnormal, ${numberWords(unhandled)} unhandled, ${numberWords(errored)} errored`;
      this.#figure('Crash-free', percent(sessions.crashFree), `of ${counted(sessions.sessions, 'session')}: ${states}`);
      if (sessions.users > 0)
        this.#figure('', percent(sessions.crashFreeUsers), `of ${counted(sessions.users, 'user')}`);
    }
    const { open } = repairs;
    const left = `${counted(open.issues, 'issue')} open${open.issues > 0 ? `, the oldest for ${duration(open.oldest)}` : ''}${repairs.archived > 0 ? `, ${numberWords(repairs.archived)} archived` : ''}`;
    if (repairs.repairs > 0) {
      const over = `${counted(repairs.repairs, 'repair')} in ${duration(repairs.total)}, median ${duration(repairs.median)}`;
      this.#figure('MTTR', duration(repairs.mttr), `${over}; ${left}`);
    } else
      this.#figure('MTTR', percent(null), open.issues > 0 ? `no repair; ${left}` : 'no repair is known (webhooks)');
  }

  trend({ trend, window }: Report): void {
    if (trend.points.length === 0) return;
    this.#heading(`By ${trend.bucket}`);
    const parts = Math.min(TREND_WIDTH, this.#width - LABEL - 20);
    for (const [label, pick] of [
      ['All', (point: (typeof trend.points)[number]) => point.all],
      ['Errors', (point: (typeof trend.points)[number]) => point.errors],
    ] as const) {
      const values = trend.points.map(pick);
      const bars = sparkline(squeezed(values, parts));
      const most = `at most ${shortNumber(Math.max(...values))}`;
      this.#lines.push(
        `  ${label.padEnd(LABEL)}${this.#style.bars(bars.padEnd(Math.min(parts, values.length)))}  ${most}`,
      );
    }
    const first = timeWords(trend.points[0]!.at, trend.bucket);
    const end = timeWords(window.to ?? '', trend.bucket);
    const gap = Math.min(parts, trend.points.length) - first.length - end.length;
    if (gap > 0) this.#lines.push(this.#style.faint(`  ${' '.repeat(LABEL)}${first}${' '.repeat(gap)}${end}`));
  }

  projects(projects: readonly ProjectReport[]): void {
    if (projects.length === 0) return;
    this.#heading('Projects');
    const mostly = projects.slice(0, 30);
    const withSessions = projects.some(({ sessions }) => sessions > 0);
    const withRepairs = projects.some(({ repairs }) => repairs > 0);
    const columns: Column[] = [
      { title: 'project', gives: true },
      ...['all', 'errors', 'rate', 'issues', 'users'].map(rightColumn),
      ...(withSessions ? ['sessions', 'crash-free', 'cf. users'].map(rightColumn) : []),
      ...(withRepairs ? ['repairs', 'MTTR'].map(rightColumn) : []),
    ];
    const rows = mostly.map((one) => [
      harmless(one.project),
      ...[one.all, one.errors].map(numberWords),
      percent(one.errorRate),
      ...[one.issues, one.users].map(numberWords),
      ...(withSessions ? [numberWords(one.sessions), percent(one.crashFreeSessions), percent(one.crashFreeUsers)] : []),
      ...(withRepairs ? [numberWords(one.repairs), duration(one.mttr)] : []),
    ]);
    this.#table(columns, rows);
    this.#more(projects.length - mostly.length);
  }

  releases(releases: readonly ReleaseReport[]): void {
    if (releases.length === 0) return;
    this.#heading('Releases, the latest first');
    const columns = [
      { title: 'release', gives: true },
      { title: 'first seen' },
      ...['all', 'errors', 'rate', 'new issues', 'sessions', 'crash-free'].map(rightColumn),
    ];
    const mostly = releases.slice(0, 10);
    const rows = mostly.map((one) => [
      harmless(one.release),
      minuteWords(one.firstSeen),
      ...[one.all, one.errors].map(numberWords),
      percent(one.errorRate),
      ...[one.newIssues, one.sessions].map(numberWords),
      percent(one.crashFreeSessions),
    ]);
    this.#table(columns, rows);
    this.#more(releases.length - mostly.length);
  }

  issues(heading: string, issues: readonly IssueReport[]): void {
    if (issues.length === 0) return;
    this.#heading(heading);
    const columns: Column[] = [
      rightColumn('events'),
      rightColumn('users'),
      { title: 'trend', paint: (style) => style.bars },
      { title: 'title', gives: true },
      { title: 'project', gives: true },
      { title: 'first seen' },
      { title: 'last seen' },
    ];
    const parts = this.#width >= 110 ? 24 : 12;
    const rows = issues.map((issue) => [
      numberWords(issue.events),
      numberWords(issue.users),
      sparkline(squeezed(issue.sparkline, parts)),
      `${harmless(issue.title)}${issue.status === null || issue.status === 'unresolved' ? '' : ` (${issue.status})`}`,
      harmless(issue.project),
      minuteWords(issue.firstSeen).slice(5),
      minuteWords(issue.lastSeen).slice(5),
    ]);
    this.#table(columns, rows);
  }

  causes(causes: readonly CauseReport[]): void {
    const telling = causes.filter(({ values }) => values.length > 0);
    if (telling.length === 0) return;
    this.#heading('Over-represented in the top issues, against the other issues of the project');
    for (const cause of telling) {
      this.#lines.push(`  ${fitted(harmless(cause.title), this.#width - 4)}`);
      const columns: Column[] = [
        { title: '', gives: true },
        { title: '', gives: true },
        ...['here', 'elsewhere', 'lift', 'events'].map(rightColumn),
      ];
      const rows = cause.values.map((one) => [
        harmless(one.dimension),
        harmless(one.value),
        percent(one.share),
        percent(one.restShare),
        liftWords(one.lift),
        numberWords(one.support),
      ]);
      this.#table(columns, rows);
    }
  }

  discarded(discarded: readonly DiscardReport[]): void {
    if (discarded.length === 0) return;
    this.#heading('Left out before they came here, and in none of the figures');
    const columns = [
      rightColumn('quantity'),
      ...['category', 'outcome', 'reason', 'told by'].map((title) => ({ title, gives: title !== 'told by' })),
    ];
    const rows = discarded
      .slice(0, 10)
      .map((one) => [
        numberWords(one.quantity),
        harmless(one.category ?? ''),
        harmless(one.outcome),
        harmless(one.reason ?? ''),
        one.source === 'outcome' ? 'Sentry' : 'clients',
      ]);
    this.#table(columns, rows);
    this.#more(discarded.length - rows.length);
  }

  notes({ definitions, totals }: Report): void {
    this.#lines.push('');
    const notes = [
      `Error rate: ${definitions['errorRate']}`,
      `All: ${definitions['all']}`,
      `MTTR: ${definitions['mttr']}`,
    ];
    if (totals.undated > 0)
      notes.push(`${counted(totals.undated, 'row')} without a time are in the sums, not in the trends.`);
    for (const note of notes)
      this.#lines.push(...wrapped(note, this.#width, '  ').map((line) => this.#style.faint(line)));
  }

  #heading(text: string): void {
    this.#lines.push('', this.#style.heading(text));
  }

  #figure(label: string, value: string, rest: string): void {
    const [first = '', ...more] = wrapped(rest, this.#width - LABEL - 12);
    const shown = label === 'Affected' ? value : `${value}${' '.repeat(Math.max(1, 10 - plainLength(value)))}${first}`;
    this.#lines.push(`  ${label.padEnd(LABEL)}${shown}`.trimEnd());
    for (const line of more) this.#lines.push(' '.repeat(LABEL + 12) + line);
  }

  #table(columns: readonly Column[], rows: readonly (readonly string[])[]): void {
    this.#lines.push(...renderTable(columns, rows, this.#width, this.#style));
  }

  #more(left: number): void {
    if (left > 0) this.#lines.push(this.#style.faint(`  … and ${numberWords(left)} more (--json lists them)`));
  }
}

function rightColumn(title: string): Column {
  return { title, align: 'right' };
}

/** The length of a text that may have been painted. */
function plainLength(text: string): number {
  return text.replaceAll(/\x1b\[\d+m/g, '').length;
}
