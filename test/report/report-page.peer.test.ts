import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { renderPage } from '../../src/report/page/render.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { fullReport } from './reports.ts';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
const TITLE = `<script>document.title='pwned'</script><img src=x onerror="document.title='pwned'">${'long'.repeat(40)}`;

/** Runs in the page: text, for this project has no types of a browser's objects. */
const LOOK = `(() => {
  const brightness = (colour) => colour.match(/\\d+/g).slice(0, 3).reduce((sum, n) => sum + Number(n), 0) / 3;
  const painted = (canvas) => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    let pixels = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i] > 0) pixels++;
    return pixels / (canvas.width * canvas.height);
  };
  return {
    title: document.title,
    ground: brightness(getComputedStyle(document.body).backgroundColor),
    text: brightness(getComputedStyle(document.body).color),
    overflow: document.documentElement.scrollWidth - innerWidth,
    charts: [...document.querySelectorAll('[data-chart] canvas')].map((canvas) => ({
      name: canvas.closest('[data-chart]').dataset.chart,
      width: canvas.clientWidth,
      box: canvas.closest('[data-chart]').clientWidth,
      height: canvas.clientHeight,
      painted: painted(canvas),
    })),
  };
})()`;

interface Look {
  readonly title: string;
  readonly ground: number;
  readonly text: number;
  readonly overflow: number;
  readonly charts: readonly {
    readonly name: string;
    readonly width: number;
    readonly box: number;
    readonly height: number;
    readonly painted: number;
  }[];
}

describe('sluice report: the page in a real browser', function () {
  this.timeout(60_000);
  let browser: Browser;
  let url = '';

  before(async function () {
    if (CHROMIUM === undefined) return this.skip();
    const file = join(makeTempDir('sluice-page-'), 'report.html');
    writeFileSync(file, await renderPage(fullReport(TITLE)));
    url = pathToFileURL(file).href;
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  });
  after(() => browser?.close());

  async function open(width: number, colorScheme: 'light' | 'dark'): Promise<{ page: Page; faults: string[] }> {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('console', (message) => faults.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => {
      if (request.url() !== url && !request.url().startsWith('data:')) faults.push(`asked for ${request.url()}`);
    });
    await page.goto(url);
    await page.waitForSelector('[data-chart="mttr"] canvas');
    return { page, faults };
  }

  for (const width of [1280, 390]) {
    for (const scheme of ['light', 'dark'] as const) {
      it(`${width} px, ${scheme}: draws its charts, fits, asks for nothing, runs nothing of a title`, async () => {
        const { page, faults } = await open(width, scheme);
        const look = (await page.evaluate(LOOK)) as Look;
        assert.deepEqual(faults, []);
        assert.match(look.title, /^Sluice report: 2026-11-16/);
        assert.ok(look.overflow <= 0, `${look.overflow} px too broad`);
        assert.equal(scheme === 'dark', look.ground < 60, `the ground is ${look.ground}`);
        assert.equal(scheme === 'dark', look.text > 180, `the text is ${look.text}`);
        assert.deepEqual(
          look.charts.map(({ name }) => name),
          ['all', 'errors', 'rate', 'crashFree', 'mttr'],
        );
        for (const chart of look.charts) {
          assert.ok(chart.width > 200 && chart.width <= chart.box, JSON.stringify(chart));
          assert.ok(chart.height >= 150, JSON.stringify(chart));
          assert.ok(chart.painted > 0.01, JSON.stringify(chart));
        }
        await page.context().close();
      });
    }
  }

  it('draws again when the light changes, and when the window does', async () => {
    const { page, faults } = await open(1280, 'light');
    const drawing = `document.querySelector('[data-chart="all"] canvas').toDataURL()`;
    await page.evaluate(`window.inTheLight = ${drawing}`);
    await page.emulateMedia({ colorScheme: 'dark' });
    await waitFor(() => page.evaluate<boolean>(`${drawing} !== window.inTheLight`), {
      what: 'the colours of the dark',
    });
    await page.setViewportSize({ width: 500, height: 900 });
    const narrow = `document.querySelector('[data-chart="all"] canvas').clientWidth < 480`;
    await waitFor(() => page.evaluate<boolean>(narrow), { what: 'narrower charts' });
    const look = (await page.evaluate(LOOK)) as Look;
    assert.ok(look.overflow <= 0, `${look.overflow} px too broad`);
    assert.deepEqual(faults, []);
    await page.context().close();
  });

  it('filters and sorts its issues by keyboard', async () => {
    const { page, faults } = await open(1280, 'light');
    const shown = (): Promise<string[]> => page.locator('#issues tbody tr:visible .mono').allTextContents();
    assert.deepEqual(await shown(), ['v1-1', 'v1-2', 'v1-3']);
    await page.locator('#issues th button', { hasText: 'Users' }).focus();
    await page.keyboard.press('Enter');
    assert.deepEqual(await shown(), ['v1-2', 'v1-1', 'v1-3']);
    await page.locator('.filters button', { hasText: 'Regressed' }).focus();
    await page.keyboard.press('Space');
    assert.deepEqual(await shown(), ['v1-1']);
    assert.deepEqual(faults, []);
    await page.context().close();
  });

  it('is whole on paper: dark text on white, its short tables open, and as it was afterwards', async () => {
    const { page, faults } = await open(1280, 'dark');
    await page.evaluate(`addEventListener('beforeprint', () => {
      const style = getComputedStyle(document.body);
      window.onPaper = [style.color, document.querySelectorAll('details:not([open])').length];
    })`);
    await page.pdf({ format: 'A4' });
    assert.deepEqual(await page.evaluate('window.onPaper'), ['rgb(0, 0, 0)', 1]);
    const after = (await page.evaluate(LOOK)) as Look;
    assert.ok(after.ground < 60);
    assert.equal(await page.locator('details[open]').count(), 0);
    assert.deepEqual(faults, []);
    await page.context().close();
  });
});
