import { EventBatch } from '../../event/event-batch.ts';
import { ConstantColumn, type HeaderColumn } from '../../event/header-columns.ts';
import { BadRequest, type Handler } from './handler.ts';

/**
 * Flume's two blob handlers: the body of the request is the body of one event, its parameters are the headers.
 *
 * @param mandatory parameters that a request must have; `undefined`: none, and the content type becomes a header too (the handler of
 *   the morphline sink)
 * @param maxLength how many bytes are kept; the rest is cut off
 */
export function blobHandler(mandatory: readonly string[] | undefined, maxLength: number): Handler {
  return (request) => {
    const headers = new Map<string, string>();
    // The first value counts when a parameter is given twice, as in Flume.
    for (const [name, value] of request.parameters) if (!headers.has(name)) headers.set(name, value);
    for (const name of mandatory ?? []) {
      if (!headers.has(name)) throw new BadRequest(500, `Please specify ${name} parameter in the request.`);
    }
    const contentType = request.headers['content-type'];
    if (mandatory === undefined && contentType !== undefined) headers.set('Content-Type', contentType);
    const body = request.body.subarray(0, maxLength);
    const columns: HeaderColumn[] = [];
    for (const [name, value] of headers) columns.push(new ConstantColumn(name, value));
    return new EventBatch({ body, starts: Uint32Array.of(0), ends: Uint32Array.of(body.length), headers: columns });
  };
}
