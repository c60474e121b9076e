/**
 * Hadoop's framing of codecs that have none: a run of blocks, each
 *
 *     length of the raw bytes         4 bytes, big endian
 *     length of the compressed bytes  4 bytes, big endian
 *     the compressed bytes
 *
 * Readers take a block into a buffer of 256 KiB (`io.compression.codec.*.buffersize`), so neither side of one may be longer. A raw length of 0
 * means the end of the file to them, so that nothing at all is written for an empty unit.
 */
export async function compressBlocks(
  unit: readonly Buffer[],
  blockSize: number,
  compress: (raw: Buffer) => Promise<Buffer>,
): Promise<readonly Buffer[]> {
  const raw = cut(unit, blockSize);
  const packed = await Promise.all(raw.map(compress));
  const out: Buffer[] = [];
  for (let i = 0; i < raw.length; i++) {
    const head = Buffer.allocUnsafe(8);
    head.writeUInt32BE(raw[i]!.length, 0);
    head.writeUInt32BE(packed[i]!.length, 4);
    out.push(head, packed[i]!);
  }
  return out;
}

/** The unit as Buffers of `size` bytes, the last one shorter; bytes are copied only where a block spans several Buffers. */
export function cut(unit: readonly Buffer[], size: number): Buffer[] {
  const blocks: Buffer[] = [];
  let parts: Buffer[] = [];
  let held = 0;
  for (const chunk of unit) {
    let at = 0;
    while (at < chunk.length) {
      const part = chunk.subarray(at, at + size - held);
      at += part.length;
      held += part.length;
      parts.push(part);
      if (held === size) {
        blocks.push(parts.length === 1 ? part : Buffer.concat(parts));
        parts = [];
        held = 0;
      }
    }
  }
  if (held > 0) blocks.push(parts.length === 1 ? parts[0]! : Buffer.concat(parts));
  return blocks;
}
