/** One value of a DER encoding: tag, then length, then the contents (which for a constructed value are values again). */
export interface Der {
  readonly tag: number;
  /** The contents. */
  readonly body: Buffer;
  /** Tag, length and contents. */
  readonly whole: Buffer;
}

export const INTEGER = 0x02;
export const OCTET_STRING = 0x04;
export const OBJECT_ID = 0x06;
export const SEQUENCE = 0x30;
export const SET = 0x31;
/** `[0] EXPLICIT` and `[0] IMPLICIT` of something primitive. */
export const CONTEXT_0 = 0xa0;
export const CONTEXT_0_PRIMITIVE = 0x80;

/** Reads the value at the beginning of `bytes`. Indefinite lengths (BER) are read too. @throws Error when it is none */
export function readDer(bytes: Buffer): Der {
  const tag = bytes[0];
  let length = bytes[1];
  if (tag === undefined || length === undefined || (tag & 0x1f) === 0x1f) throw new Error('not a DER value');
  let at = 2;
  if (length === 0x80) return readIndefinite(bytes, tag);
  if (length > 0x80) {
    const size = length - 0x80;
    if (size > 4 || bytes.length < at + size) throw new Error('not a DER length');
    length = bytes.readUIntBE(at, size);
    at += size;
  }
  if (bytes.length < at + length) throw new Error('a DER value is cut short');
  return { tag, body: bytes.subarray(at, at + length), whole: bytes.subarray(0, at + length) };
}

/** Some tools write BER: a constructed value without a length, ended by two zeros. */
function readIndefinite(bytes: Buffer, tag: number): Der {
  let at = 2;
  while (bytes[at] !== 0 || bytes[at + 1] !== 0) at += readDer(bytes.subarray(at)).whole.length;
  return { tag, body: bytes.subarray(2, at), whole: bytes.subarray(0, at + 2) };
}

/** The values in the contents of a constructed one. */
export function children(parent: Der): Der[] {
  const found: Der[] = [];
  for (let rest = parent.body; rest.length > 0; ) {
    const next = readDer(rest);
    found.push(next);
    rest = rest.subarray(next.whole.length);
  }
  return found;
}

/** An object identifier in dotted form. */
export function objectId(value: Der | undefined): string {
  if (value?.tag !== OBJECT_ID) throw new Error('an object identifier was expected');
  const numbers: number[] = [];
  let number = 0;
  for (const byte of value.body) {
    number = number * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      if (numbers.length === 0)
        numbers.push(Math.min(2, Math.floor(number / 40)), number - 40 * Math.min(2, Math.floor(number / 40)));
      else numbers.push(number);
      number = 0;
    }
  }
  return numbers.join('.');
}

/** A small whole number. */
export function smallInteger(value: Der | undefined): number {
  if (value?.tag !== INTEGER || value.body.length > 4) throw new Error('a small number was expected');
  return value.body.readUIntBE(0, value.body.length);
}

/** The bytes of an octet string, also of one in parts (BER). */
export function octets(value: Der | undefined): Buffer {
  if (value?.tag === OCTET_STRING || value?.tag === CONTEXT_0_PRIMITIVE) return value.body;
  if (value?.tag === (OCTET_STRING | 0x20) || value?.tag === CONTEXT_0)
    return Buffer.concat(children(value).map(octets));
  throw new Error('an octet string was expected');
}
