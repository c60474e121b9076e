import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerUnread } from '../../rpc/http/linger.ts';

/** What a browser on another site may do and see; on every answer, errors too. */
const CORS = [
  'Access-Control-Allow-Origin',
  '*',
  'Access-Control-Expose-Headers',
  'x-sentry-error, x-sentry-rate-limits, retry-after',
  'Cross-Origin-Resource-Policy',
  'cross-origin',
];

const PREFLIGHT = [
  ...CORS,
  'Access-Control-Allow-Methods',
  'POST, GET, OPTIONS',
  'Access-Control-Allow-Headers',
  'x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept, content-type, authentication, authorization, content-encoding, transfer-encoding',
  'Access-Control-Max-Age',
  '3600',
];

const JSON_HEADERS = [...CORS, 'Content-Type', 'application/json'];
const TEXT_HEADERS = [...CORS, 'Content-Type', 'text/plain; charset=utf-8'];
const GIF_HEADERS = [...CORS, 'Content-Type', 'image/gif', 'Cache-Control', 'no-store'];

/** One transparent dot. */
const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

/** 200 with the id of the event; `{}` without one. SDKs take nothing else for a success, and a rate limit only when there is one. */
export function answerId(response: ServerResponse, eventId: string | undefined): void {
  send(response, 200, JSON_HEADERS, eventId === undefined ? '{}' : `{"id":"${eventId}"}`);
}

/** 200 with the id as a bare UUID: what crash reporters print. */
export function answerUuid(response: ServerResponse, eventId: string): void {
  send(response, 200, TEXT_HEADERS, eventId.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'));
}

export function answerGif(response: ServerResponse): void {
  send(response, 200, GIF_HEADERS, GIF);
}

export function answerPreflight(response: ServerResponse): void {
  send(response, 200, PREFLIGHT, '');
}

export function answerText(response: ServerResponse, text: string): void {
  send(response, 200, TEXT_HEADERS, text);
}

/** An error as Relay answers it. */
export interface ErrorAnswer {
  readonly status: number;
  readonly detail: string;
  readonly causes?: readonly string[];
  /** Seconds, with 429 alone. */
  readonly retryAfter?: number;
}

/** Answers an error; where the request is not read to its end, the connection ends with it. */
export function answerError(request: IncomingMessage, response: ServerResponse, error: ErrorAnswer): void {
  if (response.headersSent || response.destroyed) return;
  const { status, detail, causes = [], retryAfter } = error;
  const body = JSON.stringify({ detail, causes });
  const headers = [...JSON_HEADERS, 'Content-Length', String(Buffer.byteLength(body))];
  if (retryAfter !== undefined) headers.push('Retry-After', String(retryAfter));
  if (request.complete) {
    response.writeHead(status, headers);
    response.end(body);
  } else {
    response.writeHead(status, [...headers, 'Connection', 'close']);
    answerUnread(request, response, body);
  }
}

function send(response: ServerResponse, status: number, headers: readonly string[], body: string | Buffer): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, [...headers, 'Content-Length', String(Buffer.byteLength(body))]);
  response.end(body);
}
