/** The looks of the page: light and dark as the reader's system has it, from phones on, and on paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f4f5f8; --card: #fff; --text: #191c24; --soft: #565e6e; --line: #e1e4ea; --shade: #eef0f4;
  --all: #3b6fd4; --bad: #c62f3b; --rate: #a3419c; --good: #14785f; --repair: #a25a06; --focus: #1d5fe0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0e1117; --card: #171b23; --text: #e9ebf1; --soft: #a0a9b9; --line: #2a303c; --shade: #1f2530;
    --all: #74a5ff; --bad: #ff7b80; --rate: #dd8ad6; --good: #4fc9a8; --repair: #e9a655; --focus: #8fb6ff;
  }
}
:root[data-print] {
  --ground: #fff; --card: #fff; --text: #000; --soft: #444; --line: #bbb; --shade: #eee;
  --all: #3b6fd4; --bad: #c62f3b; --rate: #a3419c; --good: #14785f; --repair: #a25a06;
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--text); overflow-wrap: anywhere;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main, header, footer { max-width: 1200px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 30px; padding-bottom: 6px; }
h1 { font-size: 25px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -.015em; }
h2 { font-size: 17px; margin: 0 0 12px; letter-spacing: -.005em; }
h3 { font-size: 15px; margin: 0 0 2px; }
p { margin: 0 0 8px; }
.soft, .note, figcaption small { color: var(--soft); }
.note { font-size: 13px; }
code, .mono { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .92em; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 18px 20px; margin: 16px 0; }
.alarm { border-left: 4px solid var(--bad); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px; margin: 16px 0; padding: 0; background: none; border: 0; }
.figure { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 16px; }
.figure dt { color: var(--soft); font-size: 13px; }
.figure .value { margin: 0; font-size: 27px; line-height: 1.25; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.figure dd + dd { margin: 2px 0 0; font-size: 12.5px; line-height: 1.4; color: var(--soft); }
.bad { color: var(--bad); } .good { color: var(--good); }
.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px 28px; }
.charts .broad { grid-column: 1 / -1; }
figure { margin: 0; min-width: 0; }
figcaption { font-weight: 600; font-size: 14px; margin-bottom: 4px; }
figcaption small { font-weight: 400; font-size: 12.5px; margin-left: 6px; }
.chart { min-height: 180px; }
.charts:not(:hover) .u-legend { visibility: hidden; }
.u-legend { font-size: 12.5px; text-align: left; color: var(--soft); }
.u-legend .u-marker { border-radius: 2px; }
.u-legend th, .u-legend td { padding: 0 2px; }
.u-select { background: color-mix(in srgb, var(--all) 18%, transparent); }
.u-hz .u-cursor-x, .u-vt .u-cursor-y { border-right-color: var(--soft); }
.u-hz .u-cursor-y, .u-vt .u-cursor-x { border-bottom-color: var(--soft); }
.scroll { overflow-x: auto; margin: 0 -20px; padding: 0 20px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.data th { font-size: 12.5px; font-weight: 600; color: var(--soft); text-align: left; white-space: nowrap; }
.data th, .data td { padding: 7px 12px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.data tr:last-child td, .data tbody tr:last-child th { border-bottom: 0; }
.data tbody th { font-size: 15px; color: var(--text); font-weight: 500; white-space: normal; min-width: 11ch; }
.data td:not(.n, .at) { min-width: 8ch; }
.data tbody th .under { font-weight: 400; }
.data .mono { display: inline-block; max-width: 46ch; }
.data .n { text-align: right; white-space: nowrap; }
.data th:last-child, .data td:last-child { padding-right: 0; }
.data td.at { white-space: nowrap; color: var(--soft); font-size: 13px; }
caption { text-align: left; color: var(--soft); font-size: 13px; padding-bottom: 6px; }
th button { all: unset; cursor: pointer; border-radius: 4px; padding: 0 3px; margin: 0 -3px; }
th[aria-sort="descending"] button { color: var(--text); }
th[aria-sort="descending"] button::after { content: " ↓"; }
.title { font-weight: 600; }
.under { color: var(--soft); font-size: 13px; }
.badge { display: inline-block; font-size: 11.5px; line-height: 1.5; font-weight: 600; padding: 0 7px; border-radius: 9px; margin-right: 6px; background: var(--shade); color: var(--soft); vertical-align: 1px; }
.badge.new { color: var(--all); } .badge.regressed, .badge.fatal { color: var(--bad); } .badge.resolved { color: var(--good); }
.spark { display: block; width: 108px; height: 24px; fill: var(--bad); }
.bar { position: relative; height: 8px; min-width: 70px; border-radius: 4px; background: var(--shade); overflow: hidden; margin-top: 7px; }
.bar i { position: absolute; inset: 0 auto 0 0; background: var(--all); border-radius: 4px; }
.bar.errors i { background: var(--bad); }
.pair { min-width: 90px; } .pair .bar { margin: 4px 0 0; height: 6px; } .pair .bar + .bar i { background: var(--soft); }
.cause + .cause { margin-top: 22px; }
.key { display: inline-block; width: 18px; height: 6px; border-radius: 3px; margin: 0 5px 2px 12px; background: var(--bad); } .key.rest { background: var(--soft); }
.filters { display: flex; flex-wrap: wrap; gap: 8px; margin-bottom: 8px; }
.filters button { font: inherit; font-size: 13px; color: var(--text); background: var(--shade); border: 1px solid var(--line); border-radius: 16px; padding: 3px 13px; cursor: pointer; }
.filters button[aria-pressed="true"] { background: var(--text); color: var(--card); border-color: var(--text); }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
summary { cursor: pointer; color: var(--soft); font-size: 13px; padding: 2px 0; width: max-content; max-width: 100%; border-radius: 4px; }
details[open] summary { margin-bottom: 6px; }
details { margin-top: 12px; }
.long { max-height: 380px; overflow: auto; }
.definitions { display: grid; grid-template-columns: max-content 1fr; gap: 6px 18px; margin: 0; font-size: 13.5px; }
.definitions dt { font-weight: 600; } .definitions dd { margin: 0; color: var(--soft); }
footer { color: var(--soft); font-size: 12.5px; padding-top: 4px; padding-bottom: 34px; }
@media (max-width: 760px) {
  main, header, footer { padding-left: 12px; padding-right: 12px; }
  section { padding: 15px 14px; } .scroll { margin: 0 -14px; padding: 0 14px; }
  .charts { grid-template-columns: minmax(0, 1fr); }
  .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; }
  .figure { padding: 11px 12px; } .figure .value { font-size: 22px; }
  .wide { display: none; }
  .data th, .data td { padding-right: 9px; font-size: 14px; } .data th { font-size: 12px; } .data tbody th { font-size: 14px; } .data .mono { max-width: 22ch; min-width: 9ch; }
  .cause .under { display: block; }
  .definitions { grid-template-columns: 1fr; gap: 0; } .definitions dd { margin-bottom: 8px; }
}
@media print {
  body { background: #fff; font-size: 12px; } .filters, summary { display: none; } .data tbody th { font-size: 12px; }
  section, .figure { break-inside: avoid; border-color: #bbb; } .scroll, .long { overflow: visible; max-height: none; }
  .issues { break-inside: auto; } tr { break-inside: avoid; }
}
@media (prefers-reduced-motion: no-preference) { .filters button { transition: background .15s; } }
`;
