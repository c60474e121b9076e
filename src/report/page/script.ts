/**
 * What runs in the page: draws the charts with uPlot in the colours of the style, again when those change, and sorts and filters the issues. Without it every figure is still
 * there, as tables. It is text for a browser: this project has no types of its objects.
 */
export const SCRIPT = `
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const root = document.documentElement;
  const colour = (name) => getComputedStyle(root).getPropertyValue('--' + name).trim();
  const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
  const plain = new Intl.NumberFormat('en-US');
  const count = (v) => v == null ? '–' : plain.format(v);
  const share = (v) => v == null ? '–' : +(v * 100).toPrecision(3) + ' %';
  const span = (s) => s == null ? '–' : s === 0 ? '0' : s < 120 ? +s.toFixed(1) + ' s' : s < 3600 ? +(s / 60).toFixed(1) + ' min'
    : s < 172800 ? +(s / 3600).toFixed(1) + ' h' : +(s / 86400).toFixed(1) + ' d';
  const KINDS = {
    all: { label: 'All', colour: 'all', say: count, tick: (v) => compact.format(v), bars: true, whole: true },
    errors: { label: 'Errors', colour: 'bad', say: count, tick: (v) => compact.format(v), bars: true, whole: true },
    rate: { label: 'Error rate', colour: 'rate', say: share, tick: share },
    crashFree: { label: 'Crash-free', colour: 'good', say: share, tick: share, upTo: 1 },
    mttr: { label: 'MTTR', colour: 'repair', say: span, tick: span, bars: true, steps: [1, 5, 10, 30, 60, 120, 300, 600,
      900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 345600, 604800, 1209600, 2592000, 7776000] },
  };
  const WHOLE = Array.from({ length: 12 }, (_, i) => [1, 2, 5].map((n) => n * 10 ** i)).flat();
  const time = (t) => new Date(t * 1000).toISOString().slice(0, data.all.step < 60 ? 19 : 16).replace('T', ' ');
  // Hours stand alone but for midnight, which is a day.
  const times = (_, at) => at.map((t) => t % 86400 === 0 ? time(t).slice(5, 10) : time(t).slice(11));
  let plots = [];

  function draw() {
    for (const { plot, watch } of plots) { watch.disconnect(); plot.destroy(); }
    plots = [...document.querySelectorAll('[data-chart]')].map((box) => {
      const kind = KINDS[box.dataset.chart];
      const { step, x, y } = data[box.dataset.chart];
      const tone = colour(kind.colour);
      const axis = { stroke: colour('soft'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false },
        font: '12px system-ui, sans-serif' };
      const dots = y.filter((v) => v != null).length < 60;
      const range = (_, least, most) => kind.upTo === undefined ? [0, most > 0 ? most * 1.08 : 1]
        : [Math.max(0, Math.min(least - (kind.upTo - least) * .15, kind.upTo - .01)), kind.upTo];
      const plot = new uPlot({
        width: box.clientWidth, height: 180,
        tzDate: (t) => uPlot.tzDate(new Date(t * 1000), 'Etc/UTC'),
        cursor: { sync: { key: 'time' }, y: false, drag: { setScale: false, x: false, y: false } },
        scales: { x: { range: [x[0], x[x.length - 1] + step] }, y: { range } },
        axes: [{ ...axis, space: 64, values: times, size: 34 }, { ...axis, size: 56, values: (_, vs) => vs.map(kind.tick), space: 34,
          ...(kind.whole ? { incrs: WHOLE } : kind.steps ? { incrs: kind.steps } : {}) }],
        series: [{ label: 'UTC', value: (_, t) => t == null ? '–' : time(t) }, {
          label: kind.label, stroke: tone, width: kind.bars ? 0 : 2, value: (_, v) => kind.say(v),
          fill: kind.bars ? tone : tone + '22', points: { show: !kind.bars && dots, size: 6, fill: tone },
          spanGaps: !kind.bars,
          ...(kind.bars ? { paths: uPlot.paths.bars({ size: [.8, 60], align: 1, radius: .12 }) } : {}),
        }],
      }, [x, y], box);
      const watch = new ResizeObserver(() => {
        if (box.clientWidth > 0 && box.clientWidth !== plot.width) plot.setSize({ width: box.clientWidth, height: 180 });
      });
      watch.observe(box);
      return { plot, watch };
    });
  }
  draw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  addEventListener('beforeprint', () => {
    root.dataset.print = '';
    for (const details of document.querySelectorAll('details:not([open])')) {
      // Long ones would fill pages.
      if (details.querySelectorAll('tr').length > 60) continue;
      details.open = true;
      details.dataset.forPrint = '';
    }
    draw();
  });
  addEventListener('afterprint', () => {
    delete root.dataset.print;
    for (const details of document.querySelectorAll('[data-for-print]')) {
      details.open = false;
      delete details.dataset.forPrint;
    }
    draw();
  });

  const table = document.getElementById('issues');
  if (table === null) return;
  const body = table.tBodies[0];
  for (const button of table.querySelectorAll('th button')) {
    button.addEventListener('click', () => {
      const key = button.dataset.sort;
      for (const th of table.querySelectorAll('th[aria-sort]')) th.setAttribute('aria-sort', 'none');
      button.closest('th').setAttribute('aria-sort', 'descending');
      body.append(...[...body.rows].sort((a, b) => b.dataset[key] - a.dataset[key]));
    });
  }
  for (const button of document.querySelectorAll('.filters button')) {
    button.addEventListener('click', () => {
      for (const other of document.querySelectorAll('.filters button')) other.ariaPressed = String(other === button);
      for (const row of body.rows) row.hidden = !row.dataset.lists.split(' ').includes(button.dataset.list);
    });
  }
})();
`;
