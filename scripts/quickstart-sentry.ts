/**
 * The second act of the quickstart: an application with Sentry's SDK sends to the DSN of an agent (conf/quickstart-sentry.properties), and `sluice report` answers from the rows
 * that come of it.
 */
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bytesBelow, count, filesBelow, freePort, MAIN, QuickstartAgent, ROOT } from './quickstart-agent.ts';

const run = promisify(execFile);
const KEY = '0123456789abcdef0123456789abcdef';
const RELEASES = ['shop@2.3.0', 'shop@2.4.0'];
const SHOP_MS = 20_000;
const REPORT_MS = 30_000;

/** The packages that it wants, which users of the npm package do not have. */
const PACKAGES = ['@sentry/node', '@duckdb/node-api'];

export interface Stage {
  /** The working folder. */
  readonly dir: string;
  /** Hands the agent over to who ends it when the quickstart is interrupted. */
  readonly onStart: (agent: QuickstartAgent) => void;
  /** Waits for a condition, as long as the agent lives. */
  readonly until: (what: string, condition: () => boolean | Promise<boolean>) => Promise<void>;
  readonly stop: (agent: QuickstartAgent) => Promise<void>;
  readonly fail: (message: string) => never;
}

/** What is missing for it. */
export function missingPackages(): string[] {
  return PACKAGES.filter((name) => {
    try {
      import.meta.resolve(name);
      return false;
    } catch {
      return true;
    }
  });
}

export async function playSentry({ dir, onStart, until, stop, fail }: Stage): Promise<void> {
  const started = performance.now();
  const lake = join(dir, 'sentry-lake');
  const page = join(dir, 'report.html');
  const stateDir = join(dir, 'sentry-state');
  mkdirSync(stateDir);
  const [metrics, port] = [await freePort(), await freePort()];
  const dsn = `http://${KEY}@127.0.0.1:${port}/42`;

  console.log('4. Starting an agent that takes what Sentry SDKs send:  conf/quickstart-sentry.properties');
  const env = { QUICKSTART: dir, QUICKSTART_PORT: String(port) };
  const agent = new QuickstartAgent('quickstart-sentry.properties', stateDir, metrics, env);
  onStart(agent);
  await until('the agent was up', async () => (await agent.counter('SOURCE', 'StartTime')) !== undefined);

  console.log(`5. Running a shop with @sentry/node in it, an old and a new version:  dsn: '${dsn}'`);
  const shops = await Promise.all(RELEASES.map((release) => runShop(dsn, release)));
  const orders = shops.reduce((sum, shop) => sum + shop.orders, 0);
  const failed = shops.reduce((sum, shop) => sum + shop.failed, 0);
  await stop(agent);

  console.log(`6. Asking the lake:  sluice report ${lake} [--json | --html FILE]\n`);
  const ask = (...more: string[]): Promise<string> => report(lake, ...more);
  const [shown, json] = await Promise.all([ask(), ask('--json', '--html', page)]);
  console.log(shown.replace(/^(?=.)/gm, '   '));
  const { totals } = JSON.parse(json) as { totals: { errors: number; transactions: number; segments: number } };
  const files = filesBelow(lake).length;
  console.log(`   went in     ${count(orders)} orders, ${count(failed)} of them failed
   reported    ${count(totals.transactions + totals.segments)} transactions, ${count(totals.errors)} errors
   lies in     ${lake}  (${files} file${files === 1 ? '' : 's'}, ${count(bytesBelow(lake))} bytes)
   with charts ${page}  (open it in a browser)
   took        ${((performance.now() - started) / 1000).toFixed(1)} s`);
  if (totals.errors !== failed || totals.transactions + totals.segments !== orders) {
    fail('what is reported is not what the shop has met.');
  }
}

async function runShop(dsn: string, release: string): Promise<{ orders: number; failed: number }> {
  const shop = join(ROOT, 'scripts', 'quickstart-shop.ts');
  const args = ['--disable-warning=ExperimentalWarning', shop, dsn, release];
  const running = run(process.execPath, args, { timeout: SHOP_MS });
  // It does not outlive the quickstart, also where that is interrupted.
  process.once('exit', () => running.child.kill());
  const { stdout } = await running;
  return JSON.parse(stdout) as { orders: number; failed: number };
}

async function report(lake: string, ...more: string[]): Promise<string> {
  return (await run(process.execPath, [MAIN, 'report', lake, ...more], { timeout: REPORT_MS })).stdout;
}
