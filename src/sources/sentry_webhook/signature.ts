import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Why a webhook is not believed, for the log: the client is told none of it. */
export type Doubt =
  | 'it has no signature'
  | 'its signature is wrong'
  | 'it has no time'
  | 'its time is outside of the tolerance';

const SIGNATURE = /^[0-9a-f]{64}$/;
const SECONDS = /^\d{1,12}$/;

/** Verifies webhooks of Sentry's integration platform. */
export class Verifier {
  readonly #secret: string;
  readonly #toleranceMs: number;

  /** @param tolerance how far the time of a webhook may be from now, in seconds; 0: as far as it likes */
  constructor(secret: string, tolerance: number) {
    this.#secret = secret;
    this.#toleranceMs = tolerance === 0 ? Number.POSITIVE_INFINITY : tolerance * 1000;
  }

  /**
   * Looks at the signature, the HMAC-SHA256 of the body as it was sent, and at the time. The time a signature takes to compare says nothing about it.
   * @param now milliseconds since 1970
   * @returns `undefined`: it is Sentry's
   */
  doubt(headers: IncomingHttpHeaders, body: Buffer, now: number): Doubt | undefined {
    const given = signatureOf(headers);
    if (given === undefined) return 'it has no signature';
    // A header that came twice is joined by a comma, and is no signature.
    if (!SIGNATURE.test(given)) return 'its signature is wrong';
    const expected = createHmac('sha256', this.#secret).update(body).digest();
    if (!timingSafeEqual(expected, Buffer.from(given, 'hex'))) return 'its signature is wrong';
    const time = hookTime(headers);
    if (Number.isNaN(time)) return 'it has no time';
    return Math.abs(now - time) > this.#toleranceMs ? 'its time is outside of the tolerance' : undefined;
  }
}

/** The signature that a request has, right or wrong. */
export function signatureOf(headers: IncomingHttpHeaders): string | undefined {
  return text(headers['sentry-hook-signature']);
}

/** When Sentry sent the webhook, in milliseconds since 1970; NaN when it does not say. */
export function hookTime(headers: IncomingHttpHeaders): number {
  const seconds = text(headers['sentry-hook-timestamp']);
  return seconds !== undefined && SECONDS.test(seconds) ? Number(seconds) * 1000 : Number.NaN;
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
