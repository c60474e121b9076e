import type { Report } from '../report.ts';
import { bytesWords, counted, duration, minuteWords, numberWords, percent, timeWords } from '../words.ts';
import { type Html, html } from './html.ts';
import { bar, dataTable } from './tables.ts';

/** The figures at the top. */
export function figureCards({ totals, sessions, repairs }: Report): Html {
  const card = (name: string, value: string, kind: string, notes: readonly string[]): Html =>
    html`<div class="figure"><dt>${name}</dt><dd class="value ${kind}">${value}</dd>${notes.map((note) => html`<dd>${note}</dd>`)}</div>`;
  const { open } = repairs;
  const unsampled =
    Math.round(totals.allUnsampled) === totals.all ? [] : [`${percent(totals.errorRateUnsampled)} before sampling`];
  return html`<dl class="figures">
${card('Error rate', percent(totals.errorRate), totals.errors > 0 ? 'bad' : '', [`${counted(totals.errors, 'error')} of ${numberWords(totals.all)}`, ...unsampled])}
${card('Received', numberWords(totals.all), '', [received(totals)])}
${card('Affected users', numberWords(totals.users), '', [`by ${counted(totals.issues, 'issue')}`])}
${card('MTTR', duration(repairs.mttr), '', [repairs.repairs > 0 ? `over ${counted(repairs.repairs, 'repair')}, median ${duration(repairs.median)}` : 'no repair is known'])}
${card('Open issues', numberWords(open.issues), '', [open.issues > 0 ? `the oldest for ${duration(open.oldest)}` : 'by the webhooks', ...(repairs.archived > 0 ? [`${numberWords(repairs.archived)} archived`] : [])])}
${
  sessions.sessions > 0 &&
  card('Crash-free sessions', percent(sessions.crashFree), 'good', [
    `of ${numberWords(sessions.sessions)}; ${numberWords(sessions.crashed)} crashed`,
    ...(sessions.users > 0
      ? [`${percent(sessions.crashFreeUsers)} of ${counted(sessions.users, 'user')} crash-free`]
      : []),
  ])
}</dl>`;
}

/** What was received, but for what there is none of. */
function received({ events, transactions, segments }: Report['totals']): string {
  const parts = [counted(events, 'event'), counted(transactions, 'transaction'), counted(segments, 'segment span')];
  return parts.filter((part) => !part.startsWith('0 ')).join(', ');
}

/** What is wrong with the input, where something is. */
export function damageSection({ input }: Report): Html | undefined {
  if (input.damagedRows === 0 && input.unreadable.length === 0) return undefined;
  return html`<section class="alarm" aria-labelledby="h-damage"><h2 id="h-damage">Not all of the lake could be read</h2>
<p>${counted(input.damagedRows, 'damaged line')} left out.</p>
<ul>${input.damagedFiles.map(({ path, rows }) => html`<li><code>${path}</code>: ${counted(rows, 'line')}</li>`)}
${input.unreadable.map(({ path, reason }) => html`<li><code>${path}</code>: ${reason}</li>`)}</ul></section>`;
}

function chart(name: string, title: string, about: string, summary: string, broad = false): Html {
  return html`<figure${broad ? html` class="broad"` : html``}><figcaption>${title}<small>${about}</small></figcaption><div class="chart" data-chart="${name}" role="img" aria-label="${`${title} ${about}: ${summary}`}"></div></figure>`;
}

/** The charts, with their figures as tables. */
export function chartSection({ trend, repairs, sessions, byDay }: Report): Html | undefined {
  if (trend.points.length === 0) return undefined;
  const by = `by ${trend.bucket}`;
  const most = (pick: 'all' | 'errors'): string => {
    const top = trend.points.reduce((a, b) => (b[pick] > a[pick] ? b : a));
    return `at most ${numberWords(top[pick])}, ${timeWords(top.at, trend.bucket)} UTC`;
  };
  const rates = trend.points.flatMap((point) => (point.errorRate === null ? [] : [point.errorRate]));
  const withSessions = sessions.sessions > 0;
  const points = trend.points.filter(({ all, sessions: some }) => all + some > 0);
  return html`<section aria-labelledby="h-time"><h2 id="h-time">Over time</h2><div class="charts">
${chart('all', 'Events', `of every level, with transactions, ${by}`, most('all'))}
${chart('errors', 'Errors', by, most('errors'))}
${chart('rate', 'Error rate', `errors / all, ${by}`, `at most ${percent(Math.max(0, ...rates))}`, !withSessions && repairs.byDay.length === 0)}
${withSessions && chart('crashFree', 'Crash-free sessions', by, `${percent(sessions.crashFree)} in all`)}
${repairs.byDay.length > 0 && chart('mttr', 'Mean time to repair', 'by day of the repair', `${duration(repairs.mttr)} in all`, withSessions)}</div>
<details><summary>The figures ${by}</summary><div class="long">${dataTable(
    `UTC; ${by}, those without anything left out`,
    [
      { title: 'Begin' },
      ...['All', 'Errors', 'Error rate'].map((title) => ({ title, number: true })),
      ...(withSessions ? ['Sessions', 'Crashed'].map((title) => ({ title, number: true })) : []),
    ],
    points.map((point) => [
      timeWords(point.at, trend.bucket),
      numberWords(point.all),
      numberWords(point.errors),
      percent(point.errorRate),
      ...(withSessions ? [numberWords(point.sessions), numberWords(point.crashed)] : []),
    ]),
  )}</div></details>
${
  trend.bucket !== 'day' &&
  byDay.length > 1 &&
  html`<details><summary>The figures by day</summary><div class="long">${dataTable(
    'UTC',
    [{ title: 'Day' }, ...['All', 'Errors', 'Error rate'].map((title) => ({ title, number: true }))],
    byDay.map((day) => [day.at.slice(0, 10), numberWords(day.all), numberWords(day.errors), percent(day.errorRate)]),
  )}</div></details>`
}
${
  repairs.byDay.length > 0 &&
  html`<details><summary>Repairs by day</summary><div class="long">${dataTable(
    'By the day of the resolve, UTC',
    [{ title: 'Day' }, ...['Repairs', 'Time of repair', 'MTTR'].map((title) => ({ title, number: true }))],
    repairs.byDay.map((day) => [day.day, numberWords(day.repairs), duration(day.total), duration(day.mttr)]),
  )}</div></details>`
}</section>`;
}

export function projectSection({ projects }: Report): Html | undefined {
  if (projects.length === 0) return undefined;
  const most = Math.max(...projects.map(({ errors }) => errors), 1);
  const withSessions = projects.some(({ sessions }) => sessions > 0);
  const withRepairs = projects.some(({ repairs }) => repairs > 0);
  return html`<section aria-labelledby="h-projects"><h2 id="h-projects">Projects</h2>${dataTable(
    'By errors',
    [
      { title: 'Project' },
      { title: '', wide: true },
      { title: 'Errors', number: true },
      { title: 'All', number: true },
      { title: 'Error rate', number: true },
      { title: 'Issues', number: true, wide: true },
      { title: 'Users', number: true, wide: true },
      ...(withSessions ? [{ title: 'Crash-free', number: true }] : []),
      ...(withRepairs
        ? [
            { title: 'Repairs', number: true, wide: true },
            { title: 'MTTR', number: true },
          ]
        : []),
    ],
    projects
      .slice(0, 100)
      .map((one) => [
        one.project,
        bar(one.errors / most, 'errors'),
        numberWords(one.errors),
        numberWords(one.all),
        percent(one.errorRate),
        numberWords(one.issues),
        numberWords(one.users),
        ...(withSessions ? [percent(one.crashFreeSessions)] : []),
        ...(withRepairs ? [numberWords(one.repairs), duration(one.mttr)] : []),
      ]),
  )}</section>`;
}

export function releaseSection({ releases }: Report): Html | undefined {
  if (releases.length === 0) return undefined;
  return html`<section aria-labelledby="h-releases"><h2 id="h-releases">Releases</h2>${dataTable(
    'The latest first',
    [
      { title: 'Release' },
      { title: 'First seen', wide: true },
      { title: '', wide: true },
      ...['Error rate', 'Errors', 'All'].map((title) => ({ title, number: true })),
      ...['New issues', 'Sessions', 'Crash-free'].map((title) => ({
        title,
        number: true,
        wide: title !== 'New issues',
      })),
    ],
    releases
      .slice(0, 25)
      .map((one) => [
        html`<span class="mono">${one.release}</span>`,
        html`<span class="soft">${minuteWords(one.firstSeen)}</span>`,
        bar(one.errorRate ?? 0, 'errors'),
        percent(one.errorRate),
        numberWords(one.errors),
        numberWords(one.all),
        numberWords(one.newIssues),
        numberWords(one.sessions),
        percent(one.crashFreeSessions),
      ]),
  )}</section>`;
}

export function discardSection({ discarded }: Report): Html | undefined {
  if (discarded.length === 0) return undefined;
  return html`<section aria-labelledby="h-discarded"><h2 id="h-discarded">Left out before they came here</h2>${dataTable(
    'In none of the figures; the error rate is to be judged with them',
    [
      { title: 'What' },
      { title: 'Quantity', number: true },
      { title: 'Outcome' },
      { title: 'Reason' },
      { title: 'Told by', wide: true },
    ],
    discarded
      .slice(0, 30)
      .map((one) => [
        one.category ?? '–',
        numberWords(one.quantity),
        one.outcome,
        one.reason ?? '–',
        one.source === 'outcome' ? 'Sentry' : 'clients',
      ]),
  )}</section>`;
}

const NAMES: Readonly<Record<string, string>> = {
  errors: 'Errors',
  all: 'All',
  errorRate: 'Error rate',
  allUnsampled: 'Before sampling',
  repeats: 'Repeats',
  crashFree: 'Crash-free',
  mttr: 'MTTR',
  new: 'New',
  regressed: 'Regressed',
  causes: 'Sets apart',
};

/** What was read, and what the figures mean. */
export function methodSection({ input, definitions, totals }: Report): Html {
  const read = [
    `${counted(input.files, 'file')}, ${bytesWords(input.bytes)}, ${counted(input.rows, 'row')} read.`,
    ...(input.repeats > 0 ? [`${counted(input.repeats, 'repeat')} left out.`] : []),
    ...(input.inUse > 0 ? [`${numberWords(input.inUse)} in use, not read.`] : []),
    ...(input.foreign > 0 ? [`${counted(input.foreign, 'file')} of other formats not read.`] : []),
    ...(totals.undated > 0 ? [`${counted(totals.undated, 'row')} without a time are in the sums only.`] : []),
    `Rows by type: ${Object.entries(input.rowsByType)
      .map(([type, rows]) => `${type} ${numberWords(rows)}`)
      .join(', ')}.`,
  ];
  return html`<section aria-labelledby="h-method"><h2 id="h-method">What the figures mean</h2><p class="note">${read.join(' ')}</p>
<dl class="definitions">${Object.entries(definitions).map(([name, text]) => html`<dt>${NAMES[name] ?? name}</dt><dd>${text}</dd>`)}</dl></section>`;
}
