import type { HeldBody } from '../../rpc/http/body.ts';
import { type InflateLimits, inflateZlib } from '../../rpc/http/inflate.ts';
import { Refusal } from '../../rpc/http/refusal.ts';
import { parseJson } from '../../sentry/json.ts';
import { type Fields, isFields } from '../../sentry/payload.ts';
import { eventIdOf, type Sender, type Submission } from './submission.ts';

const BRACE = 0x7b;
const BASE64 = /^[A-Za-z0-9+/_-][A-Za-z0-9+/_=\s-]*$/;

/**
 * The JSON of a body for `/store/`: as it is, or base64 of zlib or of JSON, as clients before 2018 send it without saying so. The body is released when
 * there is another in its place.
 * @throws Refusal 400 for what is neither, 413 for too much of it
 */
export async function storeJson(body: HeldBody, limits: InflateLimits): Promise<HeldBody> {
  const { bytes } = body;
  if (firstOf(bytes) === BRACE || bytes.length === 0) return body;
  const text = bytes.toString('latin1').trim();
  if (!BASE64.test(text)) throw new Refusal(400, 'the event is neither JSON nor base64');
  const packed = Buffer.from(text, 'base64');
  const unpacked = await inflateZlib(packed, limits, firstOf(packed) === BRACE);
  body.release();
  return unpacked;
}

/**
 * @throws Refusal 400 for what is no event
 */
export function ofStore(payload: Buffer, sender: Sender): Submission {
  if (payload.length === 0) throw new Refusal(400, 'empty request body');
  let event: unknown;
  try {
    event = parseJson(payload.toString('utf8'));
  } catch {
    throw new Refusal(400, 'invalid event envelope: the event is not JSON');
  }
  if (!isFields(event)) throw new Refusal(400, 'invalid event envelope: the event is no object');
  return {
    project: sender.project,
    eventId: eventIdOf(event['event_id']),
    received: sender.received,
    sentAt: sender.sentAt,
    sdk: sender.client,
    items: [{ type: event['type'] === 'transaction' ? 'transaction' : 'event', payload, headers: NO_HEADERS }],
  };
}

const NO_HEADERS: Fields = {};

/** The first byte that is no blank. */
function firstOf(bytes: Buffer): number | undefined {
  return bytes.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
}
