import { createDecipheriv, createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { children, type Der, objectId, octets, readDer, SEQUENCE, smallInteger } from './der.ts';
import { type StoreContents, type StoredKey, WrongPasswordError } from './store-contents.ts';

/**
 * PKCS#12 (RFC 7292), as keytool and openssl write it: Node reads a key out of it, but not certificates alone.
 *
 *     PFX          version 3  authSafe: data (AuthenticatedSafe)  mac
 *     AuthenticatedSafe   (data (SafeContents) | encryptedData (SafeContents))*
 *     SafeContents   (bag type, [0] value, attributes)*      a key bag, a shrouded key bag or a certificate bag
 */
const DATA = '1.2.840.113549.1.7.1';
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const KEY_BAG = '1.2.840.113549.1.12.10.1.1';
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2';
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3';
const LOCAL_KEY_ID = '1.2.840.113549.1.9.21';

const PBES2 = '1.2.840.113549.1.5.13';
const PBE_SHA1_3DES = '1.2.840.113549.1.12.1.3';
const PBE_SHA1_RC2_40 = '1.2.840.113549.1.12.1.6';

const DIGESTS: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
const HMACS: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};
const CIPHERS: Readonly<Record<string, { readonly name: string; readonly keyBytes: number }>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyBytes: 32 },
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyBytes: 24 },
};

/** A file that demands more rounds than this would stop the agent for minutes. */
const MAX_ITERATIONS = 5_000_000;

/**
 * Reads a PKCS#12 file.
 *
 * @throws WrongPasswordError; Error when it is none, or uses an algorithm that is not known
 */
export function readPkcs12(file: Buffer, password: string): StoreContents {
  const [version, authSafe, mac] = children(readDer(file));
  if (smallInteger(version) !== 3) throw new Error('it is not a PKCS#12 file');
  const safe = contentOf(authSafe);
  if (mac !== undefined) checkMac(mac, safe, password);
  const keys: { readonly pkcs8: Buffer; readonly id: string }[] = [];
  const certificates: { readonly der: Buffer; readonly id: string }[] = [];
  for (const part of children(readDer(safe))) {
    for (const bag of children(readDer(contentsOfPart(part, password)))) readBag(bag, password, keys, certificates);
  }
  return assemble(keys, certificates);
}

/** The bytes in a ContentInfo of the type data. */
function contentOf(info: Der | undefined): Buffer {
  const [type, content] = info === undefined ? [] : children(info);
  if (objectId(type) !== DATA || content === undefined) throw new Error('it is not a PKCS#12 file with a password');
  return octets(readDer(content.body));
}

function contentsOfPart(part: Der, password: string): Buffer {
  const [type, content] = children(part);
  if (objectId(type) === DATA) return contentOf(part);
  if (objectId(type) !== ENCRYPTED_DATA || content === undefined) throw new Error('a part of it is of an unknown kind');
  const [, info] = children(readDer(content.body));
  const [, algorithm, data] = children(info!);
  return decrypt(algorithm!, octets(data), password);
}

function readBag(
  bag: Der,
  password: string,
  keys: { pkcs8: Buffer; id: string }[],
  certificates: { der: Buffer; id: string }[],
): void {
  const [type, value, attributes] = children(bag);
  const inner = readDer(value!.body);
  const id = localKeyId(attributes);
  switch (objectId(type)) {
    case KEY_BAG:
      keys.push({ pkcs8: inner.whole, id });
      break;
    case SHROUDED_KEY_BAG: {
      const [algorithm, data] = children(inner);
      keys.push({ pkcs8: decrypt(algorithm!, octets(data), password), id });
      break;
    }
    case CERTIFICATE_BAG: {
      const [, wrapped] = children(inner);
      certificates.push({ der: octets(readDer(wrapped!.body)), id });
      break;
    }
    default: // A secret or a revocation list: nothing for us.
  }
}

/** What ties a certificate to its key. */
function localKeyId(attributes: Der | undefined): string {
  if (attributes === undefined) return '';
  for (const attribute of children(attributes)) {
    const [type, values] = children(attribute);
    if (objectId(type) === LOCAL_KEY_ID && values !== undefined) return values.body.toString('hex');
  }
  return '';
}

function assemble(
  keys: readonly { pkcs8: Buffer; id: string }[],
  certificates: readonly { der: Buffer; id: string }[],
): StoreContents {
  if (keys.length === 0) return { keys: [], certificates: certificates.map((one) => one.der) };
  const stored: StoredKey[] = keys.map((key) => {
    const own = certificates.filter((one) => one.id !== '' && one.id === key.id);
    const first = own.length > 0 ? own : certificates.slice(0, 1);
    const others = certificates.filter((one) => one.id === '' && !first.includes(one));
    return { pkcs8: key.pkcs8, chain: [...first, ...others].map((one) => one.der) };
  });
  return { keys: stored, certificates: certificates.filter((one) => one.id === '').map((one) => one.der) };
}

function checkMac(mac: Der, safe: Buffer, password: string): void {
  const [info, salt, iterations] = children(mac);
  const [algorithm, expected] = children(info!);
  const digest = DIGESTS[objectId(children(algorithm!)[0])];
  if (digest === undefined) throw new Error('its check sum is of an algorithm that is not known');
  const rounds = iterations === undefined ? 1 : bounded(smallInteger(iterations));
  const size = createHash(digest).digest().length;
  const key = deriveKey(digest, 3, password, octets(salt), rounds, size);
  const found = createHmac(digest, key).update(safe).digest();
  const wanted = octets(expected);
  if (found.length !== wanted.length || !timingSafeEqual(found, wanted)) throw new WrongPasswordError();
}

function bounded(iterations: number): number {
  if (iterations < 1 || iterations > MAX_ITERATIONS) throw new Error(`it demands ${iterations} rounds of hashing`);
  return iterations;
}

function decrypt(algorithm: Der, data: Buffer, password: string): Buffer {
  const [id, parameters] = children(algorithm);
  const name = objectId(id);
  const { cipher, key, iv } = name === PBES2 ? pbes2(parameters!, password) : pbe1(name, parameters!, password);
  try {
    const decipher = createDecipheriv(cipher, key, iv);
    return Buffer.concat([decipher.update(data), decipher.final()]);
  } catch {
    throw new WrongPasswordError();
  }
}

interface CipherSettings {
  readonly cipher: string;
  readonly key: Buffer;
  readonly iv: Buffer;
}

/** PBES2 with PBKDF2 (RFC 8018): what keytool has written since Java 17 and openssl since 3.0. */
function pbes2(parameters: Der, password: string): CipherSettings {
  const [derivation, scheme] = children(parameters);
  const [, settings] = children(derivation!);
  const [salt, iterations, ...rest] = children(settings!);
  const prf = rest.find((one) => one.tag === SEQUENCE);
  const hash = prf === undefined ? 'sha1' : HMACS[objectId(children(prf)[0])];
  const [cipherId, iv] = children(scheme!);
  const cipher = CIPHERS[objectId(cipherId)];
  if (hash === undefined || cipher === undefined) throw new Error('it is encrypted by an algorithm that is not known');
  const rounds = bounded(smallInteger(iterations));
  const key = pbkdf2Sync(Buffer.from(password, 'utf8'), octets(salt), rounds, cipher.keyBytes, hash);
  return { cipher: cipher.name, key, iv: octets(iv) };
}

/** PKCS#12's own scheme: what older tools write. */
function pbe1(name: string, parameters: Der, password: string): CipherSettings {
  const [salt, iterations] = children(parameters);
  if (name === PBE_SHA1_RC2_40) {
    throw new Error(
      'its certificates are encrypted with 40-bit RC2, which OpenSSL 3 has given up; write it anew: ' +
        'keytool -importkeystore -srckeystore OLD -destkeystore NEW -deststoretype pkcs12 (Java 17 or later)',
    );
  }
  if (name !== PBE_SHA1_3DES) throw new Error('it is encrypted by an algorithm that is not known');
  const rounds = bounded(smallInteger(iterations));
  return {
    cipher: 'des-ede3-cbc',
    key: deriveKey('sha1', 1, password, octets(salt), rounds, 24),
    iv: deriveKey('sha1', 2, password, octets(salt), rounds, 8),
  };
}

/** The key derivation of PKCS#12 (RFC 7292, appendix B); `purpose` 1: key, 2: initial vector, 3: check sum. */
function deriveKey(
  digest: string,
  purpose: number,
  password: string,
  salt: Buffer,
  iterations: number,
  size: number,
): Buffer {
  const block = digest === 'sha384' || digest === 'sha512' ? 128 : 64;
  const secret = Buffer.from(`${password}\0`, 'utf16le').swap16();
  const input = Buffer.concat([fill(salt, block), fill(secret, block)]);
  const result: Buffer[] = [];
  let got = 0;
  while (got < size) {
    let hash = createHash(digest).update(Buffer.alloc(block, purpose)).update(input).digest();
    for (let i = 1; i < iterations; i++) hash = createHash(digest).update(hash).digest();
    result.push(hash);
    got += hash.length;
    addOne(input, fill(hash, block).subarray(0, block), block);
  }
  return Buffer.concat(result).subarray(0, size);
}

/** The bytes repeated up to a multiple of the block. */
function fill(bytes: Buffer, block: number): Buffer {
  const filled = Buffer.alloc(Math.ceil(bytes.length / block) * block);
  for (let i = 0; i < filled.length; i++) filled[i] = bytes[i % bytes.length]!;
  return filled;
}

/** Adds `step` and one to every block of `input`, as big-endian numbers. */
function addOne(input: Buffer, step: Buffer, block: number): void {
  for (let from = 0; from < input.length; from += block) {
    let carry = 1;
    for (let i = block - 1; i >= 0; i--) {
      carry += input[from + i]! + step[i]!;
      input[from + i] = carry & 0xff;
      carry >>>= 8;
    }
  }
}

/** Whether a file may be PKCS#12: a DER sequence that begins with the number 3. */
export function isPkcs12(file: Buffer): boolean {
  try {
    const outer = readDer(file);
    return outer.tag === SEQUENCE && smallInteger(children(outer)[0]) === 3;
  } catch {
    return false;
  }
}
