import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.ts';

/** How much the bodies of all requests of a server may hold together. */
export class BodyBudget {
  readonly #most: number;
  #held = 0;

  /** @param most bytes */
  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes that are held now. */
  get held(): number {
    return this.#held;
  }

  /** @throws Refusal 503 when there is no room for so many more bytes */
  take(bytes: number): void {
    if (this.#held + bytes > this.#most) throw new Refusal(503, 'too many requests are under way');
    this.#held += bytes;
  }

  give(bytes: number): void {
    this.#held -= bytes;
  }
}

/** A body, and how much of the budget it holds until `release`. */
export interface HeldBody {
  readonly bytes: Buffer;
  release(): void;
}

/**
 * Reads the body of a request as it was sent, up to `most` bytes. What it holds of the budget is given back by `release`, or at once when it throws.
 * @throws Refusal 413 for a longer one, 503 when the budget has no room; the rest of the body is not read then
 */
export async function readBody(
  request: IncomingMessage,
  most: number,
  budget: BodyBudget,
  tooLong: string,
): Promise<HeldBody> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const data of request.iterator({ destroyOnReturn: false })) {
      const chunk = data as Buffer;
      if (length + chunk.length > most) throw new Refusal(413, tooLong);
      budget.take(chunk.length);
      length += chunk.length;
      chunks.push(chunk);
    }
  } catch (error) {
    budget.give(length);
    throw error;
  }
  let held = length;
  return {
    bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length),
    release: () => {
      budget.give(held);
      held = 0;
    },
  };
}
