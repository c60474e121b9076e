import type { Clock } from '../component/context.ts';
import type { FileStatus } from '../component/file-system.ts';
import { type ErrorCode, SluiceError } from '../errors.ts';

/** What lies under a path of a file system, given by its URL; rejects when that cannot be told. */
export type Look = (fileSystem: string, path: string) => Promise<FileStatus | undefined>;

const TIMEOUT_MS = 10_000;
const AWAY: ReadonlySet<ErrorCode> = new Set(['CONNECTION_FAILED', 'CONNECTION_LOST', 'PEER_TIMEOUT']);

/** Looks with patience, but not for each file anew: a file system that does not answer is not asked again. */
export function patientLook(look: Look, clock: Clock): Look {
  const away = new Map<string, SluiceError>();
  return async (fileSystem, path) => {
    const known = away.get(fileSystem);
    if (known !== undefined) throw known;
    const done = new AbortController();
    const late = clock.sleep(TIMEOUT_MS, done.signal).then(() => {
      throw new SluiceError('PEER_TIMEOUT', `${fileSystem} did not answer within ${TIMEOUT_MS / 1000} s`);
    });
    try {
      return await Promise.race([look(fileSystem, path), late]);
    } catch (error) {
      if (error instanceof SluiceError && AWAY.has(error.code)) away.set(fileSystem, error);
      throw error;
    } finally {
      done.abort();
    }
  };
}
