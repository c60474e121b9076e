/**
 * Opens the page with Sentry's browser SDK in a real browser and prints a JSON line for each thing that it handed to its transport.
 *
 * Usage: client.ts DSN [--tunnel URL]
 */
import { chromium } from 'playwright-core';
import { servePage } from './page.ts';

const [, , dsn = '', flag, tunnel] = process.argv;
const page = await servePage(dsn, flag === '--tunnel' ? tunnel : undefined);
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});
try {
  const tab = await browser.newPage();
  // A browser's console says when an answer is not for its page (CORS).
  tab.on('console', (message) => {
    if (message.type() === 'error') process.stderr.write(`console: ${message.text()}\n`);
  });
  await tab.goto(page.url);
  await tab.waitForFunction('window.done', null, { timeout: 30_000 });
  for (const report of await tab.evaluate<unknown[]>('window.reports')) console.log(JSON.stringify(report));
  if (!(await tab.evaluate<boolean>('window.flushed'))) throw new Error('the SDK could not send everything');
} finally {
  await browser.close();
  await page.close();
}
