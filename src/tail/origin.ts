import { crc32 } from 'node:zlib';
import type { Handle } from './handle.ts';

/** So much of the first line tells a content from another one. */
const FIRST_LINE_BYTES = 1024;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Names what a file holds, so that a line has the same name in every life of the agent, and none that another line had: device, inode, when the file was made, how often it
 * has begun anew since it is known (a file that is cut may begin with the same line each time), and its first line. The file must have a whole line.
 * @param generation how often it began anew
 */
export async function nameContent(key: string, generation: number, handle: Handle): Promise<string> {
  const { birthtimeNs } = await handle.stat({ bigint: true });
  const buffer = Buffer.alloc(FIRST_LINE_BYTES);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
  let end = 0;
  while (end < bytesRead && buffer[end] !== LF && buffer[end] !== CR) end++;
  const line = crc32(buffer.subarray(0, end)).toString(16).padStart(8, '0');
  return `${key}-${birthtimeNs.toString(36)}-${generation}-${line}`;
}

/** The offsets of rows in their file. */
export function offsetsOf(offset: number, starts: Uint32Array): Float64Array {
  const offsets = new Float64Array(starts.length);
  for (let row = 0; row < offsets.length; row++) offsets[row] = offset + starts[row];
  return offsets;
}
