import type { EventBatch } from './event-batch.ts';

/**
 * Frees the memory of a batch at once instead of when the garbage collector comes by. V8 sees only the small objects and
 * lets slabs pile up: reading at 1.5 GB/s with 25 slabs of 1 MiB in use peaked at 193 MB and took 4 times as long as with this, at 78 MB.
 * What was freed reads as empty afterwards, so only the owner of the memory may call this, when nobody reads it any more.
 */
export function freeBatch(batch: EventBatch): void {
  freeMemory(batch.body);
  freeMemory(batch.starts);
  freeMemory(batch.ends);
}

/** Frees what an array lies in, at once; the same holds as above. */
export function freeMemory(array: Uint8Array | Uint32Array): void {
  const { buffer } = array;
  // Small Buffers are cut from a pool that others use, too.
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}
