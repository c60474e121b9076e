import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { sentryWebhookSource } from '../../../src/sources/sentry_webhook/index.ts';
import { FakeClock } from '../../support/context.ts';
import { SourceRun } from '../harness.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/sentry');
export const SECRET = 'webhook-client-secret-for-tests';

export type Headers = Readonly<Record<string, string | string[]>>;

export interface Hook {
  readonly headers: Headers;
  readonly body: Buffer;
}

/** A recorded webhook, with the headers that it came with. */
export function sample(name: string): Hook {
  const lines = readFileSync(join(FIXTURES, `webhook-${name}.headers`), 'utf8').split('\n');
  const pairs = lines.filter((line) => line !== '').map((line) => line.split(': ', 2));
  return { headers: Object.fromEntries(pairs) as Record<string, string>, body: sampleBody(name) };
}

export function sampleBody(name: string): Buffer {
  return readFileSync(join(FIXTURES, `webhook-${name}.json`));
}

/** The time of a webhook, in ms. */
export function timeOf(hook: Hook): number {
  return Number(hook.headers['Sentry-Hook-Timestamp']) * 1000;
}

export function signed(body: Buffer | string, seconds: number, resource = 'issue', secret = SECRET): Hook {
  const bytes = Buffer.from(body as string);
  return {
    body: bytes,
    headers: {
      'Content-Type': 'application/json',
      'Request-ID': '00',
      'Sentry-Hook-Resource': resource,
      'Sentry-Hook-Timestamp': String(seconds),
      'Sentry-Hook-Signature': createHmac('sha256', secret).update(bytes).digest('hex'),
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** A running source, its clock, and what posts to it. */
export class WebhookRun {
  readonly run: SourceRun;
  readonly clock: FakeClock;
  port = 0;

  constructor(options: Readonly<Record<string, string>>, clock: FakeClock) {
    this.clock = clock;
    this.run = new SourceRun(sentryWebhookSource, { port: '0', ...options }, { clock, env: {} });
  }

  static async start(options: Readonly<Record<string, string>> = { secret: SECRET }, now = 0): Promise<WebhookRun> {
    const made = new WebhookRun(options, new FakeClock(now));
    await made.run.start();
    made.port = Number(/listening on .*?:(\d+)/.exec(made.run.log.lines.join('\n'))?.[1]);
    return made;
  }

  /** Posts a webhook; a list of pieces goes chunked, anything else with its length. */
  send(hook: { headers: Headers; body: Buffer | readonly Buffer[] }, path = '/', method = 'POST'): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const headers: Record<string, string | string[] | number> = { ...hook.headers };
    if (Buffer.isBuffer(hook.body)) headers['Content-Length'] = hook.body.length;
    const sent = request({ port: this.port, host: '127.0.0.1', method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString(),
          headers: response.headers,
        }),
      );
    });
    sent.on('error', reject);
    if (Buffer.isBuffer(hook.body)) sent.end(hook.body);
    else {
      for (const piece of hook.body) sent.write(piece);
      sent.end();
    }
    return promise;
  }

  async status(hook: Hook): Promise<number> {
    return (await this.send(hook)).status;
  }
}

/** What every webhook that is not believed is answered. */
export const UNAUTHORIZED = { status: 401, text: 'unauthorized\n' };

export function plain({ status, text }: Answer): { status: number; text: string } {
  return { status, text };
}

/** Starts sources for the tests around it, and stops the last one after each. */
export function useWebhookRuns(): (options?: Readonly<Record<string, string>>, now?: number) => Promise<WebhookRun> {
  let under: WebhookRun | undefined;
  afterEach(async () => {
    const one = under;
    under = undefined;
    if (one === undefined) return;
    await one.run.stop();
    // The secret and what it was compared with are in no line of the log, whatever happened.
    const log = one.run.log.lines.join('\n');
    assert.ok(!log.includes(SECRET), log);
    assert.doesNotMatch(log, /[0-9a-f]{64}/);
  });
  return async (options, now) => {
    under = await WebhookRun.start(options, now);
    return under;
  };
}
