/** How many bytes of a file tell whether it is compressed. */
export const MAGIC_BYTES = 6;

/** What compressed files begin with; no text does. */
const MAGIC: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['gzip', Buffer.from([0x1f, 0x8b, 0x08])],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ['bzip2', Buffer.from('BZh')],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])],
];

/** The program that a file was compressed by, told by its first bytes; `undefined` for anything else. */
export function compressorOf(first: Buffer): string | undefined {
  const [name] = MAGIC.find(([, bytes]) => first.subarray(0, bytes.length).equals(bytes)) ?? [];
  // "BZh" could begin a text; a bzip2 file goes on with the size of its blocks and the first digits of pi.
  if (name === 'bzip2' && !(first[3] >= 0x31 && first[3] <= 0x39 && first[4] === 0x31 && first[5] === 0x41)) {
    return undefined;
  }
  return name;
}
