/**
 * Sentry's Node SDK as an application uses it. Prints a JSON line for each thing that it hands to its transport, and one for what became of it.
 *
 * Usage: client.ts DSN [ANSWERS]: with ANSWERS it only throws errors, until so many were answered with 200.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as Sentry from '@sentry/node';

const [, , dsn, answers] = process.argv;
let answered = 0;

function report(kind: string, what: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify({ kind, ...what })}\n`);
}

Sentry.init({
  dsn,
  tracesSampleRate: 1,
  release: 'shop@1.2.3',
  environment: 'test',
  serverName: 'web-2',
  // What the server answered, told by the SDK's own transport.
  transport: (options) => {
    const transport = Sentry.makeNodeTransport(options);
    return {
      ...transport,
      send: async (envelope) => {
        const answer = await transport.send(envelope);
        if (answer.statusCode === 200 && envelope[0].event_id !== undefined) answered++;
        report('answer', { id: envelope[0].event_id, status: answer.statusCode });
        return answer;
      },
    };
  },
  beforeSend: (event) => {
    const values = event.exception?.values ?? [];
    const last = values.at(-1);
    report('event', {
      id: event.event_id,
      level: event.level ?? 'error',
      type: last?.type,
      value: last?.value,
      exceptions: values.length,
      frames: values.reduce((sum, one) => sum + (one.stacktrace?.frames?.length ?? 0), 0),
      breadcrumbs: event.breadcrumbs?.length ?? 0,
    });
    return event;
  },
  beforeSendLog: (log) => {
    report('log', { message: String(log.message) });
    return log;
  },
});

if (answers !== undefined) {
  for (let n = 0; answered < Number(answers); n++) {
    Sentry.captureException(new RangeError(`order ${n} is out of range`));
    if (n % 10 !== 9) continue;
    const before = answered;
    await Sentry.flush(5000);
    // Nobody listens: the agent starts again.
    if (answered === before) await sleep(20);
  }
  await Sentry.close(20_000);
  // What was written is read before the end.
  await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
  process.exit(0);
}

try {
  try {
    JSON.parse('{');
  } catch (cause) {
    throw new TypeError('the order cannot be read', { cause });
  }
} catch (error) {
  Sentry.captureException(error);
}

Sentry.captureMessage('disk nearly full', 'warning');

for (let n = 0; n < 20; n++) Sentry.addBreadcrumb({ category: 'step', message: `step ${n}` });
Sentry.setUser({ id: '42', username: 'søren' });
Sentry.setTag('shop', 'berlin, "mitte"');
Sentry.captureException(new Error('注文\u0000\u2028 \ud83d 🚨,;|\\\'"\t'));

Sentry.withScope((scope) => {
  scope.addAttachment({ filename: 'state.bin', data: Uint8Array.from({ length: 1024 }, (_, i) => i % 256) });
  Sentry.captureMessage('with attachments', 'info');
});

Sentry.captureException(new Error('x'.repeat(100_000)));

Sentry.startSpan({ name: 'GET /checkout', op: 'http.server', forceTransaction: true }, () => {
  Sentry.startSpan({ name: 'SELECT 1', op: 'db' }, () => {});
});
report('segment', { transaction: 'GET /checkout' });

Sentry.logger.info('paid by søren');
Sentry.logger.error('not paid', { amount: 3.5 });

Sentry.startSession();
Sentry.endSession();
report('session', { status: 'exited' });

await Sentry.close(20_000);
