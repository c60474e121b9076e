import type { IncomingHttpHeaders } from 'node:http';
import type { EventBatch } from '../../event/event-batch.ts';

/** A request as handlers see it. */
export interface HandlerRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** What stands behind the `?` of the URL. */
  readonly query: string;
  readonly body: Buffer;
}

/** Turns a request into events. @throws Refusal for what the client did wrong; anything else is a server error, as in Flume */
export type Handler = (request: HandlerRequest) => EventBatch;
