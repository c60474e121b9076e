import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Report } from '../report.ts';
import { minuteWords, noRows } from '../words.ts';
import { Html, html, json } from './html.ts';
import { causeSection, issueSection } from './issues.ts';
import { SCRIPT } from './script.ts';
import {
  chartSection,
  damageSection,
  discardSection,
  figureCards,
  methodSection,
  projectSection,
  releaseSection,
} from './sections.ts';
import { STYLE } from './style.ts';

const DAY_S = 86_400;

/**
 * One page that needs nothing but itself: uPlot, style and data are in it, and its own policy lets no other script run and nothing be fetched. Texts of events are escaped.
 */
export async function renderPage(report: Report): Promise<string> {
  const packages = createRequire(import.meta.url);
  const [library, libraryStyle] = await Promise.all(
    ['uplot/dist/uPlot.iife.min.js', 'uplot/dist/uPlot.min.css'].map((name) => {
      return readFile(packages.resolve(name), 'utf8');
    }),
  );
  const script = `${library}\n${SCRIPT}`;
  const hash = createHash('sha256').update(script).digest('base64');
  const policy = `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'`;
  const { window } = report;
  const when = window.from === null ? 'no data' : `${minuteWords(window.from)} to ${minuteWords(window.to)} UTC`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Sluice report: ${when}</title>
<link rel="icon" href="data:,">
<style>${new Html(`${libraryStyle}${STYLE}`)}</style>
</head>
<body>
<header><h1>Sluice report</h1><p class="soft">${when} · <span class="mono">${report.lake}</span></p></header>
<main>
${report.input.rows === 0 && html`<section><p>${noRows(report.input)}</p></section>`}
${damageSection(report)}
${report.input.rows > 0 && figureCards(report)}
${chartSection(report)}
${issueSection(report)}
${causeSection(report.causes)}
${projectSection(report)}
${releaseSection(report)}
${discardSection(report)}
${methodSection(report)}
</main>
<footer>Made ${minuteWords(report.made)} UTC by sluice report. This file needs no network; <code>sluice report --json</code> has the same figures.</footer>
<script type="application/json" id="data">${json(chartData(report))}</script>
<script>${new Html(script)}</script>
</body>
</html>
`;
  return page.text;
}

/** Of each chart the times in seconds since 1970, the values, and how long a bucket is. */
function chartData({ trend, repairs }: Report): Readonly<Record<string, unknown>> {
  const step = { second: 1, minute: 60, hour: 3600, day: DAY_S }[trend.bucket];
  const x = trend.points.map(({ at }) => Date.parse(at) / 1000);
  const rate = trend.points.map(({ errorRate }) => errorRate);
  const crashFree = trend.points.map(({ sessions, crashed }) => (sessions > 0 ? 1 - crashed / sessions : null));
  return {
    all: { step, x, y: trend.points.map(({ all }) => all) },
    errors: { step, x, y: trend.points.map(({ errors }) => errors) },
    rate: { step, x, y: rate },
    crashFree: { step, x, y: crashFree },
    mttr: mttrData(repairs.byDay),
  };
}

/** Without gaps, and no less than a fortnight. */
function mttrData(days: Report['repairs']['byDay']): { step: number; x: number[]; y: (number | null)[] } {
  const mttr = new Map(days.map((day) => [Date.parse(day.day) / 1000, day.mttr]));
  const last = Math.max(...mttr.keys(), 0);
  const first = Math.max(Math.min(...mttr.keys(), last - 13 * DAY_S), last - 400 * DAY_S);
  const x: number[] = [];
  for (let day = first; mttr.size > 0 && day <= last; day += DAY_S) x.push(day);
  return { step: DAY_S, x, y: x.map((day) => mttr.get(day) ?? null) };
}
