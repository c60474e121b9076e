import { stat } from 'node:fs/promises';
import type { Clock } from '../component/context.ts';

export interface WatchSettings {
  readonly files: readonly string[];
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onChange: () => Promise<void>;
}

/** Calls back whenever the time of a configuration file has changed, looking every interval, until the signal is aborted. */
export async function watchConfiguration(settings: WatchSettings): Promise<void> {
  const { files, intervalMs, clock, signal, onChange } = settings;
  let seen = await stamps(files);
  while (!signal.aborted) {
    await clock.sleep(intervalMs, signal);
    if (signal.aborted) return;
    const now = await stamps(files);
    // A file that is away for a moment (an editor at work) is no change yet.
    if (now === seen || now.includes('missing')) continue;
    seen = now;
    await onChange();
  }
}

async function stamps(files: readonly string[]): Promise<string> {
  const found = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ mtimeMs, size }) => `${mtimeMs}/${size}`,
        () => 'missing',
      ),
    ),
  );
  return found.join(' ');
}

/**
 * Makes one run at a time of many calls: a call during a run starts another run behind it, which further calls share. The calls
 * never reject.
 * @param failed is told what `work` throws
 */
export function oneAtATime(work: () => Promise<void>, failed: (error: unknown) => void): () => Promise<void> {
  let running: Promise<void> | undefined;
  let again = false;
  const run = async (): Promise<void> => {
    while (again) {
      again = false;
      try {
        await work();
      } catch (error) {
        failed(error);
      }
    }
    running = undefined;
  };
  return () => {
    again = true;
    running ??= run();
    return running;
  };
}
