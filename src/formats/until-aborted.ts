import type { Clock } from '../component/context.ts';

/** How long what is healthy may take to end after the signal. */
const GRACE_MS = 1000;

/** Waits for a promise, but hardly beyond the abort of the signal. */
export async function untilAborted(promise: Promise<unknown>, signal: AbortSignal, clock: Clock): Promise<void> {
  const done = new AbortController();
  const aborted = Promise.withResolvers<void>();
  const onAbort = (): void => aborted.resolve(clock.sleep(GRACE_MS, done.signal));
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    done.abort();
  }
}
