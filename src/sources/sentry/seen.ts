import { hash } from 'node:crypto';
import type { Row } from './rows.ts';
import { isEvent } from './submission.ts';

/** Something that was taken in: still under way, or kept. */
interface Entry {
  readonly at: number;
  /** What becomes of it; `undefined` when it was kept. */
  pending: Promise<void> | undefined;
}

/** So much of both ends of a payload tells it from others. */
const END_BYTES = 64 << 10;

const LONGEST_KEY = 128;

/** What was taken in lately, so that nothing is kept twice: some number of entries, none older than some time. */
export class Seen {
  readonly #most: number;
  readonly #maxAgeMs: number;
  readonly #entries = new Map<string, Entry>();
  /**
   * Goes from the oldest on, as they are dropped. A new one each time would walk over the places of all that were dropped before: 10 µs with
   * 100,000 entries.
   */
  #walk = this.#entries.entries();
  #oldest: readonly [string, Entry] | undefined;

  constructor(most: number, maxAgeMs: number) {
    this.#most = most;
    this.#maxAgeMs = maxAgeMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The entry of a key that was seen and has not failed. */
  find(key: string, now: number): Entry | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && now - entry.at < this.#maxAgeMs ? entry : undefined;
  }

  /** Remembers keys whose rows are under way; forgets them when that fails. */
  add(keys: readonly string[], fate: Promise<void>, now: number): void {
    if (keys.length === 0) return;
    const entry: Entry = { at: now, pending: fate };
    for (const key of keys) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    this.#expire(now);
    fate.then(
      () => {
        entry.pending = undefined;
      },
      () => {
        for (const key of keys) if (this.#entries.get(key) === entry) this.#entries.delete(key);
      },
    );
  }

  #expire(now: number): void {
    for (;;) {
      this.#oldest ??= this.#next();
      if (this.#oldest === undefined) return;
      const [key, entry] = this.#oldest;
      // It may have been forgotten, or come again, since it was found.
      if (this.#entries.get(key) === entry) {
        if (this.#entries.size <= this.#most && now - entry.at < this.#maxAgeMs) return;
        this.#entries.delete(key);
      }
      this.#oldest = undefined;
    }
  }

  #next(): readonly [string, Entry] | undefined {
    const step = this.#walk.next();
    if (step.done !== true) return step.value;
    // An iterator that has come to the end stays there.
    this.#walk = this.#entries.entries();
    return this.#walk.next().value;
  }
}

/**
 * What makes a row the same as another: project, type and id of an event. Other items share the id of their event and are the same when their
 * payload and name are.
 * @returns `undefined` for rows without an id: sessions, client reports and the like come again rightly
 */
export function keyOf({ projectId, itemType, eventId, body, filename }: Row): string | undefined {
  if (eventId === undefined) return undefined;
  const key = `${projectId}:${itemType}:${eventId}`;
  if (isEvent(itemType)) return key;
  const ends =
    body.length <= 2 * END_BYTES
      ? body
      : Buffer.concat([body.subarray(0, END_BYTES), body.subarray(body.length - END_BYTES)]);
  const long = `${key}:${filename ?? ''}`;
  // Names of a kilobyte would make the memory that this takes many times larger.
  return `${long.length > LONGEST_KEY ? hash('sha1', long, 'base64') : long}:${body.length}:${hash('sha1', ends, 'base64')}`;
}
