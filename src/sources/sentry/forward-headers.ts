import type { ForwardRequest } from './forward.ts';

/** What concerns one connection only, and what is said anew. */
const DROPPED = new Set(
  'host connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade expect content-length x-forwarded-for'.split(
    ' ',
  ),
);

/** The headers of a request for the next host, in their order: names and values in turn. The client's address is added to `X-Forwarded-For`. */
export function forwardedHeaders(request: ForwardRequest, host: string): string[] {
  const { rawHeaders, remoteAddress, body, method } = request;
  const dropped = new Set(DROPPED);
  const clients: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (name === 'connection') for (const word of rawHeaders[i + 1]!.split(',')) dropped.add(word.trim().toLowerCase());
    if (name === 'x-forwarded-for') clients.push(rawHeaders[i + 1]!);
  }
  const headers = ['Host', host];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (!dropped.has(rawHeaders[i]!.toLowerCase())) headers.push(rawHeaders[i]!, rawHeaders[i + 1]!);
  }
  if (remoteAddress !== undefined) clients.push(remoteAddress.replace(/^::ffff:(?=\d+\.)/, ''));
  if (clients.length > 0) headers.push('X-Forwarded-For', clients.join(', '));
  if (body.length > 0 || method === 'POST') headers.push('Content-Length', String(body.length));
  return headers;
}
