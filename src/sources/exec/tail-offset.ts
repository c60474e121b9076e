import { open } from 'node:fs/promises';
import type { Beginning } from './tail-command.ts';

const LF = 0x0a;
const WINDOW = 256 << 10;

/**
 * The offset at which `tail` would begin to print a regular file of that size.
 *
 * @throws the error of the system when the file cannot be read
 */
export async function tailOffset(path: string, size: number, beginning: Beginning): Promise<number> {
  const { unit, from, count } = beginning;
  if (unit === 'bytes') return from === 'start' ? Math.min(size, count) : Math.max(0, size - count);
  if (count === 0) return from === 'start' ? 0 : size;
  return from === 'start' ? afterLines(path, size, count) : beforeLines(path, size, count);
}

/** Behind the first `count` lines. */
async function afterLines(path: string, size: number, count: number): Promise<number> {
  const handle = await open(path, 'r');
  try {
    const window = Buffer.allocUnsafeSlow(Math.min(WINDOW, size));
    let left = count;
    for (let at = 0; at < size; ) {
      const { bytesRead } = await handle.read(window, 0, Math.min(window.length, size - at), at);
      if (bytesRead === 0) break;
      const bytes = window.subarray(0, bytesRead);
      for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) {
        if (--left === 0) return at + lf + 1;
      }
      at += bytesRead;
    }
    return size;
  } finally {
    await handle.close();
  }
}

/** Before the last `count` lines; an unfinished one at the end is one of them. */
async function beforeLines(path: string, size: number, count: number): Promise<number> {
  const handle = await open(path, 'r');
  try {
    const window = Buffer.allocUnsafeSlow(Math.min(WINDOW, size));
    let left = count;
    for (let end = size; end > 0; ) {
      const start = Math.max(0, end - window.length);
      const { bytesRead } = await handle.read(window, 0, end - start, start);
      const bytes = window.subarray(0, bytesRead);
      // What ends the last line of the file parts it from nothing.
      let at = end === size && bytes.at(-1) === LF ? bytesRead - 1 : bytesRead;
      // A negative offset would count from the end.
      while (at > 0) {
        at = bytes.lastIndexOf(LF, at - 1);
        if (at >= 0 && --left === 0) return start + at + 1;
      }
      end = start;
    }
    return 0;
  } finally {
    await handle.close();
  }
}
