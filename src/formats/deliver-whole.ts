import type { Clock, Logger } from '../component/context.ts';
import { describeError, SluiceError } from '../errors.ts';

/** What became of a piece: it may have been parted further. */
export interface Written<P> {
  readonly piece: P;
  /** Resolves when it is durable; rejects when it is not and must be written again, elsewhere. */
  readonly done: Promise<void>;
}

export interface DeliverySettings {
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborted: no further try. */
  readonly signal: AbortSignal;
  /** Told when a failed round is followed by another. */
  readonly again: () => void;
}

const LAST_PAUSE_MS = 5000;

/** When a sink last complained: many deliveries may fail of one cause, and one line is enough. */
const complainedAt = new WeakMap<Logger, number>();

/**
 * Writes the pieces of one delivery, which may lie in several files. Rejects only while none is durable: a delivery that is rejected comes
 * again as a whole, and what stood in one file already would stand in another, too. So once a piece is durable, those that failed
 * are written again from here, until they are as well or the signal ends it. (Where rows are settled one by one, those that are durable at the
 * signal do not come again.)
 */
export async function deliverWhole<P>(
  pieces: readonly P[],
  write: (piece: P) => readonly Written<P>[],
  { clock, log, signal, again }: DeliverySettings,
): Promise<void> {
  let left = pieces;
  let isPartlyDurable = false;
  for (let round = 1; ; round++) {
    const written = left.flatMap((piece) => tryWrite(piece, write));
    const results = await Promise.allSettled(written.map(({ done }) => done));
    const reason = results.find((result) => result.status === 'rejected')?.reason;
    if (reason === undefined) return;
    left = written.flatMap(({ piece }, i) => (results[i]!.status === 'rejected' ? [piece] : []));
    isPartlyDurable ||= left.length < written.length;
    if (!isPartlyDurable || signal.aborted) throw reason;
    again();
    const pause = Math.min(round * 1000, LAST_PAUSE_MS);
    if (clock.monotonic() - (complainedAt.get(log) ?? Number.NEGATIVE_INFINITY) >= pause) {
      complainedAt.set(log, clock.monotonic());
      const action = reason instanceof SluiceError ? ` ${reason.action}` : '';
      log.error(
        `A part of the events could not be written: ${describeError(reason)}. Tries again in ${pause / 1000} s.${action}`,
      );
    }
    await clock.sleep(pause, signal);
    if (signal.aborted) throw reason;
  }
}

function tryWrite<P>(piece: P, write: (piece: P) => readonly Written<P>[]): readonly Written<P>[] {
  try {
    return write(piece);
  } catch (error) {
    return [{ piece, done: Promise.reject(error) }];
  }
}
