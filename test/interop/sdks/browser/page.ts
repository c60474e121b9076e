import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const MODULES = fileURLToPath(new URL('../../../../node_modules/', import.meta.url));

/** What Sentry's browser SDK imports, package by package, as it stands in `node_modules`. */
const IMPORTS = [
  '@sentry/browser',
  '@sentry/browser-utils',
  '@sentry/core',
  '@sentry/core/browser',
  '@sentry/feedback',
  '@sentry/replay',
  '@sentry/replay-canvas',
  '@sentry/conventions/attributes',
  '@sentry/conventions/metrics',
  '@sentry/conventions/op',
  'web-vitals',
];

/** The file behind a specifier, as a browser's bundler would pick it. */
function entryOf(specifier: string): string {
  const [folder, ...rest] = specifier.match(/^@[^/]+\/[^/]+|[^/]+/g) ?? [];
  if (folder === undefined) throw new Error(`${specifier} names no package`);
  const manifest = JSON.parse(readFileSync(join(MODULES, folder, 'package.json'), 'utf8')) as {
    exports: Record<string, unknown>;
  };
  let target = manifest.exports[rest.length === 0 ? '.' : `./${rest.join('/')}`];
  while (typeof target === 'object' && target !== null) {
    const conditions = target as Record<string, unknown>;
    const key = ['browser', 'import', 'module', 'production', 'default'].find((one) => one in conditions);
    target = key === undefined ? undefined : conditions[key];
  }
  if (typeof target !== 'string') throw new Error(`${specifier} has no entry for a browser`);
  return `/modules/${normalize(join(folder, target))}`;
}

/** A shop's page that does what pages do, with Sentry's browser SDK; what it handed to its transport lies in `window.reports`, `window.done` says that it is over. */
const PAGE = (dsn: string, tunnel: string | undefined): string => `<!doctype html>
<title>shop</title>
<link rel="icon" href="data:," />
<script type="importmap">${JSON.stringify({ imports: Object.fromEntries(IMPORTS.map((name) => [name, entryOf(name)])) })}</script>
<script type="module">
import * as Sentry from '@sentry/browser';
const reports = (window.reports = []);
Sentry.init({
  dsn: ${JSON.stringify(dsn)},
  ${tunnel === undefined ? '' : `tunnel: ${JSON.stringify(tunnel)},`}
  release: 'shop@1.2.3',
  environment: 'test',
  tracesSampleRate: 1,
  beforeSend(event) {
    const values = event.exception?.values ?? [];
    const last = values.at(-1);
    reports.push({ kind: 'event', id: event.event_id, level: event.level ?? 'error', type: last?.type, value: last?.value,
      exceptions: values.length, frames: values.reduce((sum, one) => sum + (one.stacktrace?.frames?.length ?? 0), 0),
      breadcrumbs: event.breadcrumbs?.length ?? 0 });
    return event;
  },
  beforeSendLog(log) {
    reports.push({ kind: 'log', message: String(log.message) });
    return log;
  },
});
for (let n = 0; n < 5; n++) Sentry.addBreadcrumb({ category: 'step', message: 'step ' + n });
try {
  null.price;
} catch (error) {
  Sentry.captureException(error);
}
Sentry.captureMessage('disk nearly full', 'warning');
Sentry.captureException(new Error('注文\\u0000\\u2028 \\ud83d 🚨,;|\\\\\\'"\\t'));
Sentry.captureException(new Error('x'.repeat(70_000)));
Sentry.logger.error('not paid');
// Nobody catches this one.
const uncaught = new Promise((resolve) => addEventListener('error', resolve, { once: true }));
setTimeout(() => { throw new RangeError('nobody caught this'); });
await uncaught;
window.flushed = await Sentry.flush(15_000);
window.done = true;
</script>`;

/** A web server with that page. */
export async function servePage(
  dsn: string,
  tunnel?: string,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (path === '/') {
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.end(PAGE(dsn, tunnel));
      return;
    }
    try {
      if (!/^\/modules\/(@sentry|web-vitals)\//.test(path) || path.includes('..')) throw new Error('not served');
      const text = readFileSync(join(MODULES, path.slice('/modules/'.length)));
      response.setHeader('Content-Type', 'text/javascript; charset=utf-8');
      response.end(text);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}
