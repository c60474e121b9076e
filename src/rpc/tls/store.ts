import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SluiceError } from '../../errors.ts';
import { isJks, readJks } from './jks.ts';
import { isPkcs12, readPkcs12 } from './pkcs12.ts';
import type { StoreContents } from './store-contents.ts';

export const STORE_TYPES = ['JKS', 'PKCS12', 'PEM'] as const;
export type StoreType = (typeof STORE_TYPES)[number];

/** Where a store lies. `what` names it in errors: keystore, truststore. */
export interface StoreFile {
  readonly what: string;
  readonly path: string;
  readonly type: StoreType;
  readonly password: string | undefined;
}

/** A private key with its certificates, and trusted certificates, as node:tls takes them. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/**
 * Reads the first key of a key store.
 *
 * @throws SluiceError TLS_SETTINGS: what of which file, never the password
 */
export function readKeyPair(store: StoreFile): KeyPair {
  const file = readStore(store);
  if (store.type === 'PEM') return pemKeyPair(file.toString('latin1'), store);
  const key = contents(file, store).keys[0];
  if (key === undefined) {
    if (store.password === undefined) throw problem(store, 'its password is missing');
    throw problem(store, 'it holds no private key');
  }
  if (key.chain.length === 0) throw problem(store, 'its key has no certificate');
  const pem = createPrivateKey({ key: key.pkcs8, format: 'der', type: 'pkcs8' }).export({
    format: 'pem',
    type: 'pkcs8',
  });
  return { key: pem.toString(), cert: key.chain.map(toPem).join('') };
}

/**
 * Reads the certificates of a trust store, in PEM.
 *
 * @throws SluiceError TLS_SETTINGS
 */
export function readTrusted(store: StoreFile): readonly string[] {
  const file = readStore(store);
  const found =
    store.type === 'PEM' ? pemCertificates(file.toString('latin1')) : trustedOf(contents(file, store)).map(toPem);
  if (found.length === 0) throw problem(store, 'it holds no certificate');
  for (const pem of found) {
    try {
      new X509Certificate(pem);
    } catch (error) {
      throw problem(store, 'a certificate in it cannot be read', error);
    }
  }
  return found;
}

/** Java trusts the certificates without a key, and those of keys. */
function trustedOf(store: StoreContents): readonly Buffer[] {
  return [...store.certificates, ...store.keys.flatMap((key) => key.chain.slice(0, 1))];
}

function readStore(store: StoreFile): Buffer {
  try {
    return readFileSync(store.path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw problem(store, code === 'ENOENT' ? 'there is no such file' : 'it cannot be read', error);
  }
}

function contents(file: Buffer, store: StoreFile): StoreContents {
  try {
    // As Java has done since version 8, either type reads the other's files.
    if (isJks(file)) return readJks(file, store.password);
    if (isPkcs12(file)) return readPkcs12(file, store.password ?? '');
  } catch (error) {
    throw problem(store, error instanceof Error ? error.message : String(error));
  }
  const pem = file.includes('-----BEGIN ');
  throw problem(
    store,
    pem ? `it is PEM, not ${store.type}: set ${store.what}-type = PEM` : `it is not of type ${store.type}`,
  );
}

const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+?-----END [A-Z ]*PRIVATE KEY-----/;

function pemCertificates(text: string): string[] {
  return [...text.matchAll(CERTIFICATE)].map((match) => `${match[0]}\n`);
}

function pemKeyPair(text: string, store: StoreFile): KeyPair {
  const key = PRIVATE_KEY.exec(text)?.[0];
  if (key === undefined) throw problem(store, 'it holds no private key in PEM');
  const certificates = pemCertificates(text);
  if (certificates.length === 0)
    throw problem(store, 'it holds no certificate in PEM; put it behind the key in the same file');
  try {
    const plain = createPrivateKey({ key, format: 'pem', passphrase: store.password ?? '' });
    return { key: plain.export({ format: 'pem', type: 'pkcs8' }).toString(), cert: certificates.join('') };
  } catch (error) {
    throw problem(store, 'its key cannot be read: the password is wrong, or the file is damaged', error);
  }
}

function toPem(der: Buffer): string {
  const lines =
    der
      .toString('base64')
      .match(/.{1,64}/g)
      ?.join('\n') ?? '';
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function problem(store: StoreFile, what: string, cause?: unknown): SluiceError {
  return new SluiceError('TLS_SETTINGS', `${store.what} ${store.path}: ${what}`, cause);
}
