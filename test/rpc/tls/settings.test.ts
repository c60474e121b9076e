import assert from 'node:assert/strict';
import { join } from 'node:path';
import { getCiphers } from 'node:tls';
import { SluiceError } from '../../../src/errors.ts';
import { bind } from '../../../src/options/bind.ts';
import type { OptionValues } from '../../../src/options/option.ts';
import {
  checkServerTls,
  clientTls,
  clientTlsOptions,
  serverTls,
  serverTlsOptions,
} from '../../../src/rpc/tls/settings.ts';
import { openSslName } from '../../../src/rpc/tls/versions.ts';

const dir = join(import.meta.dirname, '../../fixtures/tls');
const nothing = { systemProperties: new Map<string, string>(), env: {} };

function server(options: Record<string, string>): OptionValues<typeof serverTlsOptions> {
  const raw = new Map(Object.entries(options).map(([name, text]) => [name, { text }]));
  const target = { kind: 'source', type: 't', options: serverTlsOptions };
  return bind(target, raw, 'source r', () => ({ known: [] })).values as OptionValues<typeof serverTlsOptions>;
}

function client(options: Record<string, string>): OptionValues<typeof clientTlsOptions> {
  const raw = new Map(Object.entries(options).map(([name, text]) => [name, { text }]));
  const target = { kind: 'sink', type: 't', options: clientTlsOptions };
  return bind(target, raw, 'sink k', () => ({ known: [] })).values as OptionValues<typeof clientTlsOptions>;
}

const own = { ssl: 'true', keystore: join(dir, 'server.jks'), 'keystore-password': 'changeit' };

function isTlsSettings(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'TLS_SETTINGS';
}

describe('rpc/tls: settings', () => {
  it('makes nothing of them without ssl = true, not even of those for all components', () => {
    const env = { FLUME_SSL_KEYSTORE_PATH: own.keystore };
    assert.equal(serverTls(server({ ...own, ssl: 'false' }), { ...nothing, env }), undefined);
    assert.equal(clientTls(client({}), { ...nothing, env }, 'h'), undefined);
  });

  it('takes the component, then the system property, then the environment', () => {
    const env = {
      FLUME_SSL_KEYSTORE_PATH: join(dir, 'server.p12'),
      FLUME_SSL_KEYSTORE_PASSWORD: 'changeit',
      FLUME_SSL_KEYSTORE_TYPE: 'pkcs12',
    };
    assert.ok(serverTls(server({ ssl: 'true' }), { ...nothing, env })?.cert);
    const systemProperties = new Map([['javax.net.ssl.keyStore', '/not/here']]);
    assert.throws(
      () => serverTls(server({ ssl: 'true' }), { env, systemProperties }),
      /\/not\/here: there is no such file/,
    );
    assert.ok(serverTls(server(own), { env: {}, systemProperties })?.cert);
    assert.throws(() => serverTls(server({ ssl: 'true' }), nothing), isTlsSettings);
    assert.throws(
      () => checkServerTls(server({ ssl: 'true' }), { ...nothing, name: 'r' }),
      /ssl = true needs a keystore/,
    );
    checkServerTls(server({ ssl: 'true' }), { ...nothing, env, name: 'r' });
    const wrong = new Map([
      ['javax.net.ssl.trustStoreType', 'BKS'],
      ['javax.net.ssl.trustStore', '/x'],
    ]);
    assert.throws(
      () => clientTls(client({ ssl: 'true' }), { env: {}, systemProperties: wrong }, 'h'),
      /one of JKS, PKCS12, PEM/,
    );
  });

  it('trusts the trust store, or everything, or what the system trusts', () => {
    const trust = { ssl: 'true', truststore: join(dir, 'trust.jks'), 'truststore-password': 'changeit' };
    const settings = clientTls(client(trust), nothing, 'h')!;
    assert.equal((settings.ca as string[]).length, 1);
    assert.equal(settings.rejectUnauthorized, undefined);
    assert.equal(settings.checkServerIdentity!('h', {} as never), undefined);
    assert.equal(
      clientTls(client({ ...trust, 'verify-hostname': 'true' }), nothing, 'h')!.checkServerIdentity,
      undefined,
    );
    assert.equal(
      clientTls(client({ ssl: 'true', 'trust-all-certs': 'true' }), nothing, 'h')!.rejectUnauthorized,
      false,
    );
    assert.ok((clientTls(client({ ssl: 'true' }), nothing, 'h')!.ca as string[]).length > 50);
  });

  it('speaks the versions that the lists leave', () => {
    const versions = (options: Record<string, string>, globals = nothing) => {
      const settings = serverTls(server({ ...own, ...options }), globals)!;
      return [settings.minVersion, settings.maxVersion];
    };
    assert.deepEqual(versions({}), ['TLSv1.2', 'TLSv1.3']);
    assert.deepEqual(versions({ 'exclude-protocols': 'SSLv3 TLSv1.3' }), ['TLSv1.2', 'TLSv1.2']);
    assert.deepEqual(versions({ 'include-protocols': 'TLSv1.3' }), ['TLSv1.3', 'TLSv1.3']);
    const systemProperties = new Map([['flume.ssl.exclude.protocols', 'SSLv3,TLSv1.2']]);
    assert.deepEqual(versions({}, { env: {}, systemProperties }), ['TLSv1.3', 'TLSv1.3']);
    assert.throws(() => versions({ 'include-protocols': 'TLSv1.1' }), isTlsSettings);
  });

  it("knows cipher suites by Java's names", () => {
    const names: [string, string][] = [
      ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
      ['TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384', 'ECDHE-ECDSA-AES256-SHA384'],
      ['TLS_RSA_WITH_AES_128_CBC_SHA', 'AES128-SHA'],
      ['TLS_DHE_RSA_WITH_AES_256_GCM_SHA384', 'DHE-RSA-AES256-GCM-SHA384'],
      ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'],
      ['TLS_AES_256_GCM_SHA384', 'TLS_AES_256_GCM_SHA384'],
    ];
    for (const [java, openSsl] of names) {
      assert.equal(openSslName(java), openSsl);
      assert.ok(getCiphers().includes(openSsl.toLowerCase()), openSsl);
    }
    const ciphers = (options: Record<string, string>) => serverTls(server({ ...own, ...options }), nothing)!.ciphers;
    assert.equal(
      ciphers({ 'include-cipher-suites': 'TLS_AES_256_GCM_SHA384 NO_SUCH TLS_RSA_WITH_AES_128_CBC_SHA' }),
      'TLS_AES_256_GCM_SHA384:AES128-SHA',
    );
    assert.match(ciphers({ 'exclude-cipher-suites': 'TLS_RSA_WITH_AES_128_CBC_SHA' })!, /:!AES128-SHA$/);
    assert.throws(() => ciphers({ 'include-cipher-suites': 'NO_SUCH' }), isTlsSettings);
  });
});
