import { isRetryable, SluiceError } from '../../errors.ts';
import type { Stored, WebHdfsCalls } from './calls.ts';

/** Pauses between two looks grow from the first to the second; a truncate takes 0.06 to 3 s, a recovery 0.7 to 3. */
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 1000;
/** How often a file that stays open is knocked at: a lease that its holder left behind is recovered only if somebody asks, after 60 s. */
const KNOCK_MS = 1000;

export interface Patience {
  /** How long a lease or a recovery is waited for; a dead DataNode's lease takes 60 s. */
  readonly busyMs: number;
  /** How long a server that cannot be reached is waited for. */
  readonly unreachableMs: number;
}

/** Whether an error may pass by itself. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof SluiceError)) return false;
  return error.code === 'FILE_SYSTEM_BUSY' || unreachable(error);
}

function unreachable(error: SluiceError): boolean {
  return error.code === 'CONNECTION_FAILED' || error.code === 'CONNECTION_LOST' || error.code === 'PEER_TIMEOUT';
}

/**
 * Waits until nobody writes to a file any more.
 * @param step looks at a closed file: true when all is well; else it has done something and the file is looked at again
 * @param knock asks for the lease, so that one left behind is recovered; its errors that may pass are expected
 */
async function whenClosed(
  calls: WebHdfsCalls,
  path: string,
  patience: Patience,
  signal: AbortSignal | undefined,
  step: (stored: Stored) => Promise<boolean>,
  knock: () => Promise<unknown>,
): Promise<number> {
  const { clock } = calls;
  const started = clock.monotonic();
  let knocked = started;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LAST_PAUSE_MS)) {
    let reason: SluiceError = new SluiceError('FILE_SYSTEM_BUSY', `${path} is still being written or recovered`);
    try {
      const stored = await calls.stored(path, signal);
      if (!stored.open) {
        if (await step(stored)) return stored.length;
      } else if (clock.monotonic() - knocked >= KNOCK_MS) {
        knocked = clock.monotonic();
        await knock();
      }
    } catch (error) {
      if (!mayPass(error)) throw error;
      reason = error as SluiceError;
    }
    const limit = unreachable(reason) ? patience.unreachableMs : patience.busyMs;
    if (clock.monotonic() - started + pause > limit) throw reason;
    await clock.sleep(pause, signal);
    signal?.throwIfAborted();
  }
}

/**
 * Brings a file of which too much may have been stored back to a length that is known to be good, also if it is still open for a
 * writer that has gone: WebHDFS stores every byte that it received of a broken request.
 * @param good the length to have
 * @param orElse a longer length that is good too (all that was sent has arrived)
 * @returns the one of the two that it has
 * @throws SluiceError FILE_SYSTEM when the file is shorter than `good`
 */
export async function settle(
  calls: WebHdfsCalls,
  path: string,
  good: number,
  orElse: number,
  patience: Patience,
  signal?: AbortSignal,
): Promise<number> {
  const step = async ({ length }: Stored): Promise<boolean> => {
    if (length === good || length === orElse) return true;
    if (length < good) throw new SluiceError('FILE_SYSTEM', `${path} has ${length} bytes, but ${good} were confirmed`);
    await calls.truncate(path, good, signal);
    return false;
  };
  return await whenClosed(calls, path, patience, signal, step, () => calls.truncate(path, good, signal));
}

/** Waits until nobody writes to a file; resolves with its length. */
export async function untilClosed(calls: WebHdfsCalls, path: string, patience: Patience): Promise<number> {
  // An append of nothing asks for the lease and changes nothing.
  return await whenClosed(
    calls,
    path,
    patience,
    undefined,
    async () => true,
    () => calls.append(path, [], false),
  );
}

/** Whether a failed append is worth another try: what may pass, and what the server calls a failure of its own. */
export function worthRepeating(error: unknown): boolean {
  if (mayPass(error)) return true;
  return error instanceof SluiceError && error.code === 'FILE_SYSTEM' && isRetryable(error);
}
