import { setTimeout as sleep } from 'node:timers/promises';

/** How long to wait, in milliseconds, and what for (it stands in the error). */
export type WaitOptions = {
  timeoutMs?: number;
  what?: string;
  everyMs?: number;
  /** Whether an error of the condition ends the waiting; else it counts as "not yet". */
  giveUpOnError?: boolean;
};

/**
 * Resolves with the first value of `condition` that is neither `undefined`, `null` nor `false`; asks at once and then
 * every few milliseconds. An error thrown by the condition counts as "not yet", unless asked otherwise, and is shown
 * when the time is up.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<Exclude<T, undefined | null | false>> {
  const { timeoutMs = 10_000, what = 'a condition', everyMs = 15 } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let failure: unknown;
    try {
      const value = await condition();
      if (value !== undefined && value !== null && value !== false) {
        return value as Exclude<T, undefined | null | false>;
      }
    } catch (error) {
      if (options.giveUpOnError) throw error;
      failure = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause: failure });
    }
    await sleep(everyMs);
  }
}

/** Rejects with an error that names `what` when `promise` has not settled after `timeoutMs`. */
export async function withDeadline<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`waited ${timeoutMs} ms for ${what}`)), timeoutMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
