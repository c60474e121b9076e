import { looksLikeEnvelope } from './detect.ts';
import { EnvelopeError, readEnvelope } from './envelope/read-envelope.ts';
import { kindOf } from './items/kinds.ts';
import type { Scrubber } from './scrub/index.ts';

/**
 * Scrubs the body of an event of any format: JSON and lines as they are, an envelope item by item, since its headers count bytes. Attachments
 * stay byte for byte. The same Buffer when nothing was found.
 */
export function scrubBody(scrubber: Scrubber, body: Buffer, format: string | undefined): Buffer {
  return format === 'envelope' || looksLikeEnvelope(body) ? scrubEnvelope(scrubber, body) : scrubber.text(body);
}

function scrubEnvelope(scrubber: Scrubber, body: Buffer): Buffer {
  try {
    const { headers, items } = readEnvelope(body);
    const payloads = items.map(({ type, payload }) => (kindOf(type) === 'raw' ? payload : scrubber.json(payload)));
    if (payloads.every((payload, i) => payload === items[i]!.payload)) return body;
    const parts = [line(headers)];
    for (const [i, item] of items.entries()) {
      const payload = payloads[i]!;
      parts.push(line({ ...item.headers, length: payload.length }), payload, LINE_FEED);
    }
    return Buffer.concat(parts);
  } catch (error) {
    if (!(error instanceof EnvelopeError)) throw error;
    return scrubber.text(body);
  }
}

const LINE_FEED = Buffer.from('\n');

function line(headers: object): Buffer {
  return Buffer.from(`${JSON.stringify(headers)}\n`);
}
