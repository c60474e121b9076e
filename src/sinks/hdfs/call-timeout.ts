import type { Clock } from '../../component/context.ts';
import { SluiceError } from '../../errors.ts';

/** Waits for a call for so long; 0: for ever. The call itself goes on. */
export async function withCallTimeout<T>(ms: number, clock: Clock, what: string, call: Promise<T>): Promise<T> {
  if (ms === 0) return call;
  const done = new AbortController();
  const late = clock.sleep(ms, done.signal).then(() => {
    if (done.signal.aborted) return undefined as never;
    throw new SluiceError('PEER_TIMEOUT', `${what} took longer than hdfs.callTimeout = ${ms} ms`);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    done.abort();
  }
}
