const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SURROGATE = 0xd800;

/** Where `unescapeString` came to: behind the last byte that it wrote. */
export const unescaped = { end: 0 };

/**
 * Writes what a JSON string stands for, in UTF-8, to `out` from `at` on; never more bytes than it takes itself. `from` is behind its first
 * quote. Half a surrogate pair becomes U+FFFD.
 *
 * @returns the place of its last quote, or -1 when there is none before `to` or an escape is wrong
 */
export function unescapeString(bytes: Buffer, from: number, to: number, out: Buffer, at: number): number {
  let i = from;
  let o = at;
  while (i < to) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      unescaped.end = o;
      return i;
    }
    if (byte !== BACKSLASH) {
      out[o++] = byte;
      i++;
      continue;
    }
    const stands = i + 1 < to ? ESCAPES[bytes[i + 1]!]! : 0;
    if (stands === 0) return -1;
    i += 2;
    if (stands !== UNICODE) {
      out[o++] = stands;
      continue;
    }
    let code = hex4(bytes, i, to);
    if (code < 0) return -1;
    i += 4;
    if ((code & 0xf800) === SURROGATE) {
      const low = code < 0xdc00 && bytes[i] === BACKSLASH && bytes[i + 1] === 0x75 ? hex4(bytes, i + 2, to) : -1;
      if ((low & 0xfc00) === 0xdc00 && low > 0) {
        code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
        i += 6;
      } else code = 0xfffd;
    }
    o = writeUtf8(code, out, o);
  }
  return -1;
}

const UNICODE = 0xff;

/** By the byte behind the backslash: what it stands for, 0 when it is no escape. */
const ESCAPES = new Uint8Array(256);
for (const [name, byte] of Object.entries({ '"': 0x22, '\\': 0x5c, '/': 0x2f, b: 8, f: 12, n: 10, r: 13, t: 9 })) {
  ESCAPES[name.charCodeAt(0)] = byte;
}
ESCAPES[0x75] = UNICODE;

function hex4(bytes: Buffer, from: number, to: number): number {
  if (from + 4 > to) return -1;
  let code = 0;
  for (let i = from; i < from + 4; i++) {
    const byte = bytes[i]!;
    const letter = byte | 0x20;
    if (byte >= 0x30 && byte <= 0x39) code = code * 16 + byte - 0x30;
    else if (letter >= 0x61 && letter <= 0x66) code = code * 16 + letter - 0x57;
    else return -1;
  }
  return code;
}

function writeUtf8(code: number, out: Buffer, at: number): number {
  let o = at;
  if (code < 0x80) out[o++] = code;
  else if (code < 0x800) {
    out[o++] = 0xc0 | (code >> 6);
    out[o++] = 0x80 | (code & 0x3f);
  } else if (code < 0x10000) {
    out[o++] = 0xe0 | (code >> 12);
    out[o++] = 0x80 | ((code >> 6) & 0x3f);
    out[o++] = 0x80 | (code & 0x3f);
  } else {
    out[o++] = 0xf0 | (code >> 18);
    out[o++] = 0x80 | ((code >> 12) & 0x3f);
    out[o++] = 0x80 | ((code >> 6) & 0x3f);
    out[o++] = 0x80 | (code & 0x3f);
  }
  return o;
}
