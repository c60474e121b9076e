import type { Fields } from '../payload.ts';

/** An item of an envelope. */
export interface EnvelopeItem {
  readonly type: string;
  readonly headers: Fields;
  /** The bytes of its payload, sharing memory with the envelope. */
  readonly payload: Buffer;
}

export interface Envelope {
  readonly headers: Fields;
  readonly items: readonly EnvelopeItem[];
}

/** Why bytes are no envelope, for the `detail` of the answer. */
export class EnvelopeError extends Error {}

/**
 * Reads an envelope, byte-exact.
 * @throws EnvelopeError
 */
export function readEnvelope(_bytes: Buffer): Envelope {
  throw new EnvelopeError('empty request body');
}
