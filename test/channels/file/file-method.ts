import { type FileHandle, open } from 'node:fs/promises';

/**
 * Puts another method into the place of one of every open file's, as a broken or slow disk would have it; `method` gets the sound one to call. Returns what puts the sound one
 * back.
 */
export async function replaceFileMethod(
  name: 'datasync' | 'sync' | 'writev',
  method: (sound: () => Promise<unknown>) => Promise<unknown>,
): Promise<() => void> {
  const handle = await open('/dev/null');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const sound = prototype[name] as (...args: unknown[]) => Promise<unknown>;
  const define = (value: unknown): void => {
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  };
  define(function (this: FileHandle, ...args: unknown[]): Promise<unknown> {
    return method(() => sound.apply(this, args));
  });
  return () => define(sound);
}
