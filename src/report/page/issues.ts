import type { CauseReport, IssueReport, Report } from '../report.ts';
import { liftWords, minuteWords, numberWords, percent } from '../words.ts';
import { type Html, html } from './html.ts';
import { bar, dataTable, sparkColumns } from './tables.ts';

/** The issues of all lists in one table, which the reader sorts and filters. */
export function issueSection({ issues, window }: Report): Html | undefined {
  const lists = { top: [...issues.byEvents, ...issues.byUsers], new: issues.new, regressed: issues.regressed };
  const all = new Map<string, { issue: IssueReport; in: Set<string> }>();
  for (const [list, members] of Object.entries(lists)) {
    for (const issue of members) {
      const key = `${issue.project}\0${issue.issue}`;
      const known = all.get(key) ?? { issue, in: new Set() };
      all.set(key, known);
      known.in.add(list);
    }
  }
  if (all.size === 0) return undefined;
  const rows = [...all.values()].sort((a, b) => b.issue.events - a.issue.events);
  const sortable = (title: string, key: string, sorted: boolean): Html =>
    html`<th scope="col" class="n" aria-sort="${sorted ? 'descending' : 'none'}"><button type="button" data-sort="${key}">${title}</button></th>`;
  const filter = (list: keyof typeof lists, title: string): Html =>
    html`<button type="button" data-list="${list}" aria-pressed="${list === 'top' ? 'true' : 'false'}">${title}</button>`;
  const since = `since ${minuteWords(window.newSince)}`;
  return html`<section class="issues" aria-labelledby="h-issues"><h2 id="h-issues">Issues</h2>
<div class="filters" role="group" aria-label="Which issues">${filter('top', 'Top')}${filter('new', `New (${numberWords(issues.new.length)})`)}${filter('regressed', `Regressed (${numberWords(issues.regressed.length)})`)}</div>
<table class="data" id="issues"><caption>By events; new and regressed ${since} UTC</caption>
<thead><tr><th scope="col">Issue</th><th scope="col" class="wide">Trend</th>${sortable('Events', 'events', true)}${sortable('Users', 'users', false)}<th scope="col" class="wide">First seen</th><th scope="col" class="wide">Last seen</th></tr></thead>
<tbody>${rows.map(({ issue, in: lists }) => issueRow(issue, lists))}</tbody></table></section>`;
}

function issueRow(issue: IssueReport, lists: ReadonlySet<string>): Html {
  const badges = [
    ...(lists.has('new') ? ['new'] : []),
    ...(lists.has('regressed') ? ['regressed'] : []),
    ...(issue.level === 'error' ? [] : [issue.level]),
    ...(issue.status === null || issue.status === 'unresolved' ? [] : [issue.status]),
  ];
  const under = [issue.culprit, `project ${issue.project}`].filter((text) => text !== null && text !== '').join(' · ');
  return html`<tr data-lists="${[...lists].join(' ')}" data-events="${issue.events}" data-users="${issue.users}"${lists.has('top') ? html`` : html` hidden`}>
<td>${badges.map((badge) => html`<span class="badge ${badge}">${badge}</span>`)}<span class="title">${issue.title}</span><div class="under">${under} · <span class="mono">${issue.issue}</span></div></td>
<td class="wide">${sparkColumns(issue.sparkline)}</td><td class="n">${numberWords(issue.events)}</td><td class="n">${numberWords(issue.users)}</td><td class="at wide">${minuteWords(issue.firstSeen)}</td><td class="at wide">${minuteWords(issue.lastSeen)}</td></tr>
`;
}

/** What is over-represented in the top issues. */
export function causeSection(causes: readonly CauseReport[]): Html | undefined {
  const telling = causes.filter(({ values }) => values.length > 0);
  if (telling.length === 0) return undefined;
  return html`<section aria-labelledby="h-causes"><h2 id="h-causes">What sets the top issues apart</h2>
<p class="note">Values found in a larger share of the events of an issue than of the other issues of its project: <span class="key"></span>here <span class="key rest"></span>elsewhere.</p>
${telling.map(
  (cause) =>
    html`<div class="cause"><h3>${cause.title}</h3>${dataTable(
      `${numberWords(cause.events)} events, against ${numberWords(cause.rest)} of the rest`,
      [
        { title: 'Value' },
        { title: '', wide: true },
        { title: 'Here', number: true },
        { title: 'Elsewhere', number: true },
        { title: 'Lift', number: true },
        { title: 'Events', number: true, wide: true },
      ],
      cause.values.map((one) => [
        html`<span class="under">${one.dimension}</span> <span class="mono">${one.value}</span>`,
        html`<div class="pair">${bar(one.share, 'errors')}${bar(one.restShare)}</div>`,
        percent(one.share),
        percent(one.restShare),
        liftWords(one.lift),
        numberWords(one.support),
      ]),
    )}</div>`,
)}</section>`;
}
