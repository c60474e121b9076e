import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import fc from 'fast-check';
import { SluiceError } from '../../../src/errors.ts';
import { readJks } from '../../../src/rpc/tls/jks.ts';
import { readPkcs12 } from '../../../src/rpc/tls/pkcs12.ts';
import { readKeyPair, readTrusted, type StoreType } from '../../../src/rpc/tls/store.ts';
import { useTempDir } from '../../support/temp-dir.ts';

const dir = join(import.meta.dirname, '../../fixtures/tls');
const password = 'changeit';
const trusted = new X509Certificate(readFileSync(join(dir, 'trust.pem'))).fingerprint256;

function keystore(file: string, type: StoreType, secret: string | undefined = password) {
  return { what: 'keystore', path: join(dir, file), type, password: secret };
}

function refuses(action: () => unknown, pattern: RegExp): void {
  assert.throws(
    action,
    (error) =>
      error instanceof SluiceError &&
      error.code === 'TLS_SETTINGS' &&
      pattern.test(error.message) &&
      !error.message.includes(password) &&
      !String(error.cause).includes(password),
  );
}

describe('rpc/tls: stores', () => {
  const temp = useTempDir();

  const keyStores: [string, StoreType][] = [
    ['server.jks', 'JKS'],
    ['server.p12', 'PKCS12'],
    ['server-openssl.p12', 'PKCS12'],
    ['server-3des.p12', 'PKCS12'],
    ['server.pem', 'PEM'],
    ['encrypted.pem', 'PEM'],
    // As in Java, JKS and PKCS12 each read the other's files.
    ['server.p12', 'JKS'],
    ['server.jks', 'PKCS12'],
  ];
  for (const [file, type] of keyStores) {
    it(`reads the key and its certificate out of ${file} as ${type}`, () => {
      const pair = readKeyPair(keystore(file, type));
      assert.equal(new X509Certificate(pair.cert).fingerprint256, trusted);
      createSecureContext(pair); // Fails if they do not belong together.
    });
  }

  const trustStores: [string, StoreType][] = [
    ['trust.jks', 'JKS'],
    ['trust.p12', 'PKCS12'],
    ['trust-openssl.p12', 'PKCS12'],
    ['trust.pem', 'PEM'],
    ['server.jks', 'JKS'],
    ['server.p12', 'PKCS12'],
  ];
  for (const [file, type] of trustStores) {
    it(`reads the trusted certificate out of ${file} as ${type}`, () => {
      const found = readTrusted({ ...keystore(file, type), what: 'truststore' });
      assert.deepEqual(
        found.map((pem) => new X509Certificate(pem).fingerprint256),
        [trusted],
      );
    });
  }

  it('reads certificates out of a JKS without its password, as Java does, but no key', () => {
    assert.equal(readTrusted({ ...keystore('trust.jks', 'JKS'), password: undefined }).length, 1);
    refuses(() => readKeyPair({ ...keystore('server.jks', 'JKS'), password: undefined }), /its password is missing/);
  });

  it('says what is wrong, with which file, and never the password', () => {
    for (const [file, type] of [
      ['server.jks', 'JKS'],
      ['server.p12', 'PKCS12'],
      ['server-3des.p12', 'PKCS12'],
      ['encrypted.pem', 'PEM'],
    ] as const) {
      refuses(
        () => readKeyPair(keystore(file, type, 'wrong')),
        new RegExp(`keystore .*${file}: .*the password is wrong`),
      );
    }
    refuses(() => readKeyPair(keystore('nowhere.jks', 'JKS')), /nowhere\.jks: there is no such file/);
    refuses(() => readKeyPair(keystore('server.pem', 'JKS')), /it is PEM, not JKS: set keystore-type = PEM/);
    refuses(() => readKeyPair(keystore('server.jks', 'PEM')), /no private key in PEM/);
    refuses(() => readKeyPair(keystore('make.sh', 'PKCS12')), /not of type PKCS12/);
    refuses(() => readKeyPair(keystore('trust.jks', 'JKS')), /holds no private key/);
    refuses(() => readKeyPair(keystore('trust.pem', 'PEM')), /no private key in PEM/);
    refuses(() => readKeyPair(keystore('server-legacy.p12', 'PKCS12')), /40-bit RC2.*keytool -importkeystore/);
    const empty = join(temp(), 'empty.pem');
    writeFileSync(empty, '');
    refuses(() => readTrusted({ what: 'truststore', path: empty, type: 'PEM', password }), /holds no certificate/);
  });

  it('refuses a damaged file, whatever is damaged', () => {
    for (const [file, read] of [
      ['server.jks', readJks],
      ['server.p12', readPkcs12],
    ] as const) {
      const whole = readFileSync(join(dir, file));
      fc.assert(
        fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
          const damaged = Buffer.from(whole);
          damaged[at]! ^= change;
          try {
            read(damaged, password);
          } catch (error) {
            assert.ok(error instanceof Error);
          }
        }),
        { numRuns: 60 },
      );
      for (const cut of [0, 1, 5, 40, whole.length >> 1, whole.length - 1]) {
        assert.throws(() => read(whole.subarray(0, cut), password));
      }
    }
  });
});
