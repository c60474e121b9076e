import type { Clock } from '../component/context.ts';
import { SluiceError } from '../errors.ts';

/** Without a reason each abort would make an error: 0.05 ms. */
const OVER = 'over';

/**
 * Waits for a call for so long; 0 or less: for ever. The call itself goes on.
 * @param late told what the call brought after all, when nobody waits for it any more
 * @throws SluiceError PEER_TIMEOUT
 */
export async function withCallTimeout<T>(
  ms: number,
  clock: Clock,
  what: string,
  call: Promise<T>,
  late?: (result: T) => void,
): Promise<T> {
  if (ms <= 0) return call;
  const done = new AbortController();
  let isLate = false;
  const timeout = clock.sleep(ms, done.signal).then((): T => {
    if (done.signal.aborted) return undefined as T;
    isLate = true;
    throw new SluiceError('PEER_TIMEOUT', `${what} took longer than hdfs.callTimeout = ${ms} ms`);
  });
  try {
    return await Promise.race([call, timeout]);
  } finally {
    done.abort(OVER);
    if (isLate) void call.then(late, () => {});
  }
}
