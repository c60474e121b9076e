/** A charset that the JSON handler takes, as Java names it. */
export type BodyCharset = 'UTF-8' | 'UTF-16' | 'UTF-32';

/** Names that Jetty knows a charset by. */
const ALIASES: Readonly<Record<string, string>> = { UTF8: 'UTF-8', UTF16: 'UTF-16' };

/**
 * The charset that a Content-Type names, in upper case, and what a text is read in when it names none: UTF-8 when the
 * whole Content-Type is one of JSON, else ISO-8859-1, as with Jetty.
 */
export function charsetOf(contentType = ''): { named: string | undefined; assumed: 'UTF-8' | 'ISO-8859-1' } {
  const found = /; *charset *= *(?:"([^"]*)"|([^ ;"][^ ;]*))/.exec(contentType);
  const named = (found?.[1] ?? found?.[2])?.toUpperCase();
  return {
    named: named === undefined ? undefined : (ALIASES[named] ?? named),
    assumed: /^(application|text)\/json$/i.test(contentType) ? 'UTF-8' : 'ISO-8859-1',
  };
}

/** A text as Java writes it in UTF-8: half a surrogate pair becomes a question mark. */
export function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.replace(/\p{Surrogate}/gu, '?');
}

/** Decodes as Java does: a byte order mark decides for UTF-16 and UTF-32, without one they are big-endian. */
export function decode(bytes: Buffer, charset: BodyCharset | 'ISO-8859-1'): string {
  switch (charset) {
    case 'UTF-8':
      return bytes.toString('utf8');
    case 'ISO-8859-1':
      return bytes.toString('latin1');
    case 'UTF-16': {
      const little = bytes[0] === 0xff && bytes[1] === 0xfe;
      const even = Buffer.from(bytes.subarray(0, bytes.length & ~1));
      return (little ? even : even.swap16()).toString('utf16le').replace(/^\ufeff/, '');
    }
    case 'UTF-32':
      return decodeUtf32(bytes);
  }
}

function decodeUtf32(bytes: Buffer): string {
  const little = bytes.length >= 4 && bytes.readUInt32LE(0) === 0xfeff;
  const parts: string[] = [];
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const point = little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
    if (at === 0 && point === 0xfeff) continue;
    parts.push(point > 0x10ffff ? '\ufffd' : String.fromCodePoint(point));
  }
  return parts.join('');
}

/** Encodes as Java does: UTF-16 big-endian behind a byte order mark, UTF-32 big-endian without one. */
export function encode(text: string, charset: BodyCharset): Buffer {
  switch (charset) {
    case 'UTF-8':
      return Buffer.from(wellFormed(text), 'utf8');
    case 'UTF-16':
      return text === '' ? Buffer.alloc(0) : Buffer.from(`\ufeff${text}`, 'utf16le').swap16();
    case 'UTF-32': {
      const points = Array.from(text);
      const bytes = Buffer.alloc(points.length * 4);
      points.forEach((point, i) => {
        bytes.writeUInt32BE(point.codePointAt(0) ?? 0xfffd, i * 4);
      });
      return bytes;
    }
  }
}
