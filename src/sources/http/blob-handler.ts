import { EventBatch } from '../../event/event-batch.ts';
import { ConstantColumn, type HeaderColumn } from '../../event/header-columns.ts';
import { Refusal } from '../../rpc/http/refusal.ts';
import type { Handler, HandlerRequest } from './handler.ts';

const FORM = /^application\/x-www-form-urlencoded *(;|$)/i;

/**
 * Flume's two blob handlers: the body of the request is the body of one event, its parameters are the headers.
 * A form that is posted has been read for its parameters by then: its event has no body.
 *
 * @param mandatory parameters that a request must have; `undefined`: none, and the content type becomes a header too (the handler of
 *   the morphline sink)
 * @param maxLength how many bytes are kept; the rest is cut off
 */
export function blobHandler(mandatory: readonly string[] | undefined, maxLength: number): Handler {
  return (request) => {
    const headers = new Map<string, string>();
    const contentType = request.headers['content-type'];
    const isForm = request.method === 'POST' && FORM.test(contentType ?? '');
    // The first value counts when a parameter is given twice, as in Flume.
    for (const [name, value] of parametersOf(request, isForm)) if (!headers.has(name)) headers.set(name, value);
    for (const name of mandatory ?? []) {
      if (!headers.has(name)) throw new Refusal(500, `Please specify ${name} parameter in the request.`);
    }
    if (mandatory === undefined && contentType !== undefined) headers.set('Content-Type', contentType);
    const body = request.body.subarray(0, isForm ? 0 : maxLength);
    const columns: HeaderColumn[] = [];
    for (const [name, value] of headers) columns.push(new ConstantColumn(name, value));
    return new EventBatch({ body, starts: Uint32Array.of(0), ends: Uint32Array.of(body.length), headers: columns });
  };
}

function parametersOf({ query, body }: HandlerRequest, isForm: boolean): URLSearchParams {
  const text = isForm ? `${query}&${body.toString()}` : query;
  if (/%(?![0-9a-f]{2})/i.test(text)) throw new Refusal(500, 'A parameter is not encoded as those of a URL are.');
  return new URLSearchParams(text);
}
