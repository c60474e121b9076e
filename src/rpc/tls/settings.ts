import { type ConnectionOptions, getCACertificates, type SecureContextOptions } from 'node:tls';
import { SluiceError } from '../../errors.ts';
import { bool, choice, type OptionValues, text, words } from '../../options/option.ts';
import { readKeyPair, readTrusted, STORE_TYPES, type StoreFile, type StoreType } from './store.ts';
import { type Restrictions, restrict } from './versions.ts';

const restrictionOptions = {
  'exclude-protocols': words({
    default: ['SSLv3'],
    doc: "TLS versions that are not spoken, by Java's names. There are TLSv1.2 and TLSv1.3.",
  }),
  'include-protocols': words({ doc: 'The only TLS versions that are spoken.' }),
  'exclude-cipher-suites': words({ doc: "Cipher suites that are not used, by Java's names." }),
  'include-cipher-suites': words({ doc: "The only cipher suites that are used, by Java's names." }),
};

/** The options of a listener: a source's. */
export const serverTlsOptions = {
  ssl: bool({ default: false, doc: 'Speak TLS. The key store may also be given for all components, as in Flume.' }),
  keystore: text({ doc: 'The file with the private key and its certificates.' }),
  'keystore-password': text({ secret: true, doc: 'The password of the key store and of its key.' }),
  'keystore-type': choice(STORE_TYPES, {
    doc: 'The type of the key store: JKS if nothing is said. Sluice also reads PEM: the key, then its certificates, in one file.',
  }),
  ...restrictionOptions,
};

/** The options of a client: a sink's. */
export const clientTlsOptions = {
  ssl: bool({ default: false, doc: 'Speak TLS. The trust store may also be given for all components, as in Flume.' }),
  'trust-all-certs': bool({ default: false, doc: 'Trust any certificate: for tests.' }),
  truststore: text({
    doc: 'The file with the certificates to trust. Without it: those of Node and of the system.',
  }),
  'truststore-password': text({ secret: true, doc: 'The password of the trust store.' }),
  'truststore-type': choice(STORE_TYPES, {
    doc: 'The type of the trust store: JKS if nothing is said. Sluice also reads PEM.',
  }),
  'verify-hostname': bool({
    default: false,
    ours: true,
    doc: "Also demand that the certificate is for the host name. Flume does not, and its users' certificates often are not.",
  }),
  ...restrictionOptions,
};

/** Where the settings for all components come from. */
export interface TlsGlobals {
  readonly systemProperties: ReadonlyMap<string, string>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * What a listener's options make of TLS; `undefined` without `ssl`. Reads the key store.
 *
 * @throws SluiceError TLS_SETTINGS
 */
export function serverTls(
  options: OptionValues<typeof serverTlsOptions>,
  globals: TlsGlobals,
): SecureContextOptions | undefined {
  if (!options.ssl) return undefined;
  const path = keystorePath(options, globals);
  if (path === undefined) throw new SluiceError('TLS_SETTINGS', 'ssl = true needs a keystore');
  const store: StoreFile = {
    what: 'keystore',
    path,
    type: options['keystore-type'] ?? globalType(globals, 'javax.net.ssl.keyStoreType', 'FLUME_SSL_KEYSTORE_TYPE'),
    password:
      options['keystore-password'] ??
      globalSetting(globals, 'javax.net.ssl.keyStorePassword', 'FLUME_SSL_KEYSTORE_PASSWORD'),
  };
  return { ...readKeyPair(store), ...restrict(restrictions(options, globals)) };
}

/**
 * What a client's options make of TLS; `undefined` without `ssl`. Reads the trust store.
 *
 * @param host the name to verify, if it is to be
 * @throws SluiceError TLS_SETTINGS
 */
export function clientTls(
  options: OptionValues<typeof clientTlsOptions>,
  globals: TlsGlobals,
  host: string,
): ConnectionOptions | undefined {
  if (!options.ssl) return undefined;
  const settings: ConnectionOptions = restrict(restrictions(options, globals));
  if (options['trust-all-certs']) return { ...settings, rejectUnauthorized: false };
  const path = options.truststore ?? globalSetting(globals, 'javax.net.ssl.trustStore', 'FLUME_SSL_TRUSTSTORE_PATH');
  const verify: ConnectionOptions = options['verify-hostname'] ? { host } : { checkServerIdentity: () => undefined };
  if (path === undefined) {
    return { ...settings, ...verify, ca: [...getCACertificates('default'), ...getCACertificates('system')] };
  }
  const store: StoreFile = {
    what: 'truststore',
    path,
    type:
      options['truststore-type'] ?? globalType(globals, 'javax.net.ssl.trustStoreType', 'FLUME_SSL_TRUSTSTORE_TYPE'),
    password:
      options['truststore-password'] ??
      globalSetting(globals, 'javax.net.ssl.trustStorePassword', 'FLUME_SSL_TRUSTSTORE_PASSWORD'),
  };
  return { ...settings, ...verify, ca: [...readTrusted(store)] };
}

/**
 * What can be known to be wrong without reading the key store: for the start, which it ends.
 *
 * @throws SluiceError TLS_SETTINGS
 */
export function checkServerTls(
  options: OptionValues<typeof serverTlsOptions>,
  context: TlsGlobals & { readonly name: string },
): void {
  if (!options.ssl || keystorePath(options, context) !== undefined) return;
  throw new SluiceError('TLS_SETTINGS', 'ssl = true needs a keystore');
}

function keystorePath(options: OptionValues<typeof serverTlsOptions>, globals: TlsGlobals): string | undefined {
  return options.keystore ?? globalSetting(globals, 'javax.net.ssl.keyStore', 'FLUME_SSL_KEYSTORE_PATH');
}

/** A system property, else the variable of the environment, as Flume has it. */
function globalSetting(globals: TlsGlobals, property: string, variable: string): string | undefined {
  return globals.systemProperties.get(property) ?? globals.env[variable];
}

function globalType(globals: TlsGlobals, property: string, variable: string): StoreType {
  const given = globalSetting(globals, property, variable) ?? 'JKS';
  const type = STORE_TYPES.find((one) => one === given.toUpperCase());
  if (type === undefined)
    throw new SluiceError('TLS_SETTINGS', `${property} = ${given}: one of ${STORE_TYPES.join(', ')}`);
  return type;
}

function restrictions(options: OptionValues<typeof restrictionOptions>, globals: TlsGlobals): Restrictions {
  const list = (own: readonly string[] | undefined, kind: string) =>
    own ??
    globalSetting(globals, `flume.ssl.${kind}`, `FLUME_SSL_${kind.replace('.', '_').toUpperCase()}`)
      ?.split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '') ??
    [];
  return {
    includeProtocols: list(options['include-protocols'], 'include.protocols'),
    excludeProtocols: [...options['exclude-protocols'], ...list(undefined, 'exclude.protocols')],
    includeCipherSuites: list(options['include-cipher-suites'], 'include.cipherSuites'),
    excludeCipherSuites: list(options['exclude-cipher-suites'], 'exclude.cipherSuites'),
  };
}
