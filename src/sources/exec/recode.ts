import { isAscii, isUtf8 } from 'node:buffer';
import { EventBatch } from '../../event/event-batch.ts';

/** As Java does by decoding and encoding again: what is no text in the charset becomes U+FFFD, in ASCII a question mark. */
export function recode(batch: EventBatch, charset: string): EventBatch {
  const name = charset.toUpperCase();
  if (name === 'US-ASCII' || name === 'ASCII') return isAscii(batch.body) ? batch : rewrite(batch, asciiOf);
  if (name !== 'UTF-8' && name !== 'UTF8') return batch;
  // Checking runs at several GB/s, so ordinary output passes as it is.
  return isUtf8(batch.body) ? batch : rewrite(batch, utf8Of);
}

/** Java takes half a surrogate pair, written as three bytes, for one wrong character; Node takes each of its bytes for one. */
const SURROGATE = /\xed[\xa0-\xbf][\x80-\xbf]?/g;

function utf8Of(body: Buffer): Buffer {
  if (isUtf8(body)) return body;
  const known = Buffer.from(body.toString('latin1').replace(SURROGATE, '\xff'), 'latin1');
  return Buffer.from(known.toString('utf8'));
}

function asciiOf(body: Buffer): Buffer {
  return Buffer.from(body.map((byte) => (byte < 0x80 ? byte : 0x3f)));
}

/** The same rows with other bodies. */
function rewrite(batch: EventBatch, change: (body: Buffer) => Buffer): EventBatch {
  const bodies = Array.from({ length: batch.length }, (_, row) => change(batch.bodyOf(row)));
  const starts = new Uint32Array(bodies.length);
  const ends = new Uint32Array(bodies.length);
  let at = 0;
  for (let row = 0; row < bodies.length; row++) {
    starts[row] = at;
    at += bodies[row].length;
    ends[row] = at;
  }
  return new EventBatch({ body: Buffer.concat(bodies, at), starts, ends });
}

/** What is wrong with a charset, or `undefined`. */
export function charsetProblem(name: string): string | undefined {
  try {
    const { encoding } = new TextDecoder(name);
    return encoding.startsWith('utf-16') ? `lines of ${name} are not supported` : undefined;
  } catch {
    return `there is no charset "${name}"`;
  }
}
