import { createHash, timingSafeEqual } from 'node:crypto';
import { children, objectId, octets, readDer } from './der.ts';
import { type StoreContents, type StoredKey, WrongPasswordError } from './store-contents.ts';

/**
 * Java's own key store, numbers big-endian, strings as 16 bits length and modified UTF-8:
 *
 *     file         0xFEEDFEED  version u32 (1, 2)  count u32  entry*count  SHA-1 of (password in UTF-16BE, "Mighty Aphrodite", all before)
 *     entry        1  alias  time u64  protected key (u32 length, DER)  chain count u32  certificate*
 *                | 2  alias  time u64  certificate
 *     certificate  [type string, from version 2]  u32 length, DER
 *
 * A protected key is an EncryptedPrivateKeyInfo of Sun's own algorithm: salt (20), the key xor a stream of SHA-1 (password, block before),
 * SHA-1 (password, key).
 */
const MAGIC = 0xfeedfeed;
const SUN_PROTECTION = '1.3.6.1.4.1.42.2.17.1.1';

export function isJks(file: Buffer): boolean {
  return file.length >= 4 && file.readUInt32BE(0) === MAGIC;
}

/**
 * Reads a JKS file.
 *
 * @param password undefined: the file is not checked, and keys cannot be read (as in Java)
 * @throws WrongPasswordError; Error when it is no JKS file
 */
export function readJks(file: Buffer, password: string | undefined): StoreContents {
  if (!isJks(file)) throw new Error('it is not a JKS file');
  const secret = Buffer.from(password ?? '', 'utf16le').swap16();
  const end = file.length - 20;
  if (end < 12) throw new Error('it is cut short');
  if (password !== undefined) {
    const hash = createHash('sha1').update(secret).update('Mighty Aphrodite').update(file.subarray(0, end)).digest();
    if (!timingSafeEqual(hash, file.subarray(end))) throw new WrongPasswordError();
  }
  const reader = new Reader(file.subarray(0, end));
  reader.number();
  const version = reader.number();
  const keys: StoredKey[] = [];
  const certificates: Buffer[] = [];
  for (let left = reader.number(); left > 0; left--) {
    const tag = reader.number();
    reader.text();
    reader.bytes(8);
    if (tag === 2) {
      certificates.push(certificate(reader, version));
    } else if (tag === 1) {
      const sealed = reader.bytes(reader.number());
      const chain: Buffer[] = [];
      for (let count = reader.number(); count > 0; count--) chain.push(certificate(reader, version));
      if (password !== undefined) keys.push({ pkcs8: unseal(sealed, secret), chain });
    } else {
      throw new Error(`it has an entry of the kind ${tag}, which is neither a key nor a certificate`);
    }
  }
  return { keys, certificates };
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  bytes(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new Error('it is cut short');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  number(): number {
    return this.bytes(4).readUInt32BE(0);
  }

  text(): string {
    return this.bytes(this.bytes(2).readUInt16BE(0)).toString('utf8');
  }
}

function certificate(reader: Reader, version: number): Buffer {
  if (version >= 2) reader.text();
  return reader.bytes(reader.number());
}

function unseal(sealed: Buffer, secret: Buffer): Buffer {
  const [algorithm, data] = children(readDer(sealed));
  if (algorithm === undefined || objectId(children(algorithm)[0]) !== SUN_PROTECTION) {
    throw new Error('a key in it is protected by an algorithm that is not known');
  }
  const bytes = octets(data);
  const key = Buffer.from(bytes.subarray(20, bytes.length - 20));
  let block = bytes.subarray(0, 20);
  for (let at = 0; at < key.length; at++) {
    if (at % 20 === 0) block = createHash('sha1').update(secret).update(block).digest();
    key[at] = key[at]! ^ block[at % 20]!;
  }
  const check = createHash('sha1').update(secret).update(key).digest();
  if (!timingSafeEqual(check, bytes.subarray(bytes.length - 20))) throw new WrongPasswordError();
  return key;
}
