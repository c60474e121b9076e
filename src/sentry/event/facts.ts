import type { Given } from '../headers.ts';
import type { Fields } from '../payload.ts';

/** What the headers of an item say: read once where it comes in. */
export interface ItemFacts {
  readonly eventId: string | undefined;
  /** Milliseconds since 1970, clamped and corrected; never NaN when `received` is known. */
  readonly timestamp: number;
  readonly platform: string | undefined;
  readonly level: string | undefined;
  readonly release: string | undefined;
  readonly environment: string | undefined;
  readonly sdk: string | undefined;
  /** Of errors alone. */
  readonly hash: string | undefined;
  readonly issueId: string | undefined;
}

/** Reads the facts of an item; never throws. `payload` is what `parseJson` made of its bytes. */
export function factsOf(_itemType: string, _payload: Fields, given: Given): ItemFacts {
  return {
    eventId: given.eventId,
    timestamp: given.received,
    platform: undefined,
    level: undefined,
    release: undefined,
    environment: undefined,
    sdk: given.sdk,
    hash: undefined,
    issueId: undefined,
  };
}
