import type { LinePiece } from '../event/line-splitter.ts';
import type { Handle } from './handle.ts';

/** How much is looked at at once. */
const WINDOW = 64 << 10;
const ZEROS = Buffer.alloc(WINDOW);

/** Reads some bytes; fewer at the end of the file. */
export async function readAt(handle: Handle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  const { bytesRead } = await handle.read(buffer, 0, length, at);
  return buffer.subarray(0, bytesRead);
}

/** The offset of the first byte that is not NUL. */
export async function findData(handle: Handle, from: number, to: number): Promise<number | undefined> {
  const buffer = Buffer.allocUnsafe(Math.min(WINDOW, Math.max(0, to - from)));
  for (let at = from; at < to; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, to - at), at);
    if (bytesRead === 0) return undefined;
    if (!ZEROS.subarray(0, bytesRead).equals(buffer.subarray(0, bytesRead))) {
      let i = 0;
      while (buffer[i] === 0) i++;
      return at + i;
    }
    at += bytesRead;
  }
  return undefined;
}

/** Batches keep what they were cut from; few lines beside a long unfinished one get a Buffer of their own. */
export function unpin(piece: LinePiece, held: number): LinePiece {
  return piece.bytes.length * 4 < held ? { ...piece, bytes: Buffer.from(piece.bytes) } : piece;
}
