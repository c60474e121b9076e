import assert from 'node:assert/strict';
import { type IncomingHttpHeaders, request } from 'node:http';
import type { SourceContext } from '../../../src/component/source.ts';
import { sentrySource } from '../../../src/sources/sentry/index.ts';
import { FakeOutput, SourceRun } from '../harness.ts';

export const KEY = '0123456789abcdef0123456789abcdef';

/** A source that runs, and its port. */
export interface Running {
  readonly run: SourceRun;
  readonly port: number;
}

export async function start(
  options: Readonly<Record<string, string>> = {},
  more: Partial<SourceContext> = {},
  out: FakeOutput = new FakeOutput(),
): Promise<Running> {
  const run = await new SourceRun(sentrySource, { port: '0', ...options }, more, out).start();
  return { run, port: Number(/listening on .*:(\d+)/.exec(run.log.lines.join('\n'))?.[1]) };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
}

export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>> | readonly string[];
  readonly body?: Buffer | string;
}

/** Sends one request on a connection of its own; by default an envelope for project 42 with the key in a header. */
export function send(port: number, sent: Sent = {}): Promise<Answer> {
  const { method = 'POST', path = '/api/42/envelope/', headers = auth(), body = '' } = sent;
  return new Promise((resolve, reject) => {
    const call = request({ port, method, path, headers: headers as Record<string, string>, agent: false });
    call.on('error', reject);
    call.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, text: bytes.toString() });
      });
    });
    call.end(body);
  });
}

/** Sends a request that is to be answered so, as every answer in JSON is. */
export async function answered(port: number, status: number, sent: Sent): Promise<{ id?: string; detail?: string }> {
  const answer = await send(port, sent);
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers['access-control-allow-origin'], '*');
  assert.equal(answer.headers['content-type'], 'application/json');
  assert.equal(answer.headers['retry-after'], undefined);
  assert.equal(answer.headers['x-sentry-rate-limits'], undefined);
  return JSON.parse(answer.text) as { id?: string; detail?: string };
}

export function auth(key: string = KEY): Record<string, string> {
  return { 'X-Sentry-Auth': `Sentry sentry_key=${key}, sentry_version=7, sentry_client=test/1.0` };
}

/** The envelope of one event. */
export function eventEnvelope(eventId: string, event: object = { message: 'x' }): Buffer {
  const payload = JSON.stringify(event);
  return Buffer.from(
    `{"event_id":"${eventId}"}\n{"type":"event","length":${Buffer.byteLength(payload)}}\n${payload}\n`,
  );
}

/** An id for each number. */
export function idOf(n: number): string {
  return n.toString(16).padStart(32, '0');
}
