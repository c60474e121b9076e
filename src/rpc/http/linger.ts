import type { IncomingMessage, ServerResponse } from 'node:http';

/** How long what a client still sends is thrown away, in ms: closing at once would often take the answer away from it, too. */
const LINGER_MS = 1000;

/**
 * Sends the rest of an answer whose head is written, with its length and `Connection: close`, to a client whose request is not read to its end.
 */
export function answerUnread(request: IncomingMessage, response: ServerResponse, body: string | Buffer): void {
  response.write(body);
  const timer = setTimeout(end, LINGER_MS);
  function end(): void {
    clearTimeout(timer);
    response.end();
  }
  request.on('error', () => {});
  request.once('end', end).once('close', end);
  request.resume();
}
