import { DEFAULT_CIPHERS, getCiphers, type SecureContextOptions, type SecureVersion } from 'node:tls';
import { SluiceError } from '../../errors.ts';

/** What include and exclude lists leave, by Java's names. */
export interface Restrictions {
  readonly includeProtocols: readonly string[];
  readonly excludeProtocols: readonly string[];
  readonly includeCipherSuites: readonly string[];
  readonly excludeCipherSuites: readonly string[];
}

/** What there is: older versions are switched off in Java too. */
const VERSIONS: readonly SecureVersion[] = ['TLSv1.2', 'TLSv1.3'];

/** The restrictions as node:tls takes them. @throws SluiceError TLS_SETTINGS when nothing is left */
export function restrict(restrictions: Restrictions): SecureContextOptions {
  const { includeProtocols, excludeProtocols } = restrictions;
  const versions = VERSIONS.filter(
    (version) =>
      (includeProtocols.length === 0 || includeProtocols.includes(version)) && !excludeProtocols.includes(version),
  );
  if (versions.length === 0) {
    throw new SluiceError(
      'TLS_SETTINGS',
      `no protocol is left of ${VERSIONS.join(', ')} (include-protocols, exclude-protocols)`,
    );
  }
  const ciphers = cipherList(restrictions);
  return {
    minVersion: versions[0]!,
    maxVersion: versions.at(-1)!,
    ...(ciphers === undefined ? {} : { ciphers }),
  };
}

function cipherList(restrictions: Restrictions): string | undefined {
  const { includeCipherSuites, excludeCipherSuites } = restrictions;
  if (includeCipherSuites.length === 0 && excludeCipherSuites.length === 0) return undefined;
  const excluded = new Set(excludeCipherSuites.map(openSslName));
  if (includeCipherSuites.length === 0) {
    const kept = DEFAULT_CIPHERS.split(':').filter((name) => !excluded.has(name));
    return [...kept, ...[...excluded].filter((name) => !name.startsWith('TLS_')).map((name) => `!${name}`)].join(':');
  }
  // Java passes over names that it does not know.
  const known = new Set(getCiphers());
  const kept = includeCipherSuites
    .map(openSslName)
    .filter((name) => known.has(name.toLowerCase()) && !excluded.has(name));
  if (kept.length === 0) {
    throw new SluiceError('TLS_SETTINGS', 'no cipher suite is left (include-cipher-suites, exclude-cipher-suites)');
  }
  return kept.join(':');
}

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is `ECDHE-RSA-AES128-GCM-SHA256` to OpenSSL; the suites of TLS 1.3 have one name. */
export function openSslName(javaName: string): string {
  const match = /^(?:TLS|SSL)_(.+)_WITH_(.+)$/.exec(javaName);
  if (match === null) return javaName;
  const exchange = match[1] === 'RSA' ? '' : `${match[1]!.replaceAll('_', '-')}-`;
  const cipher = match[2]!
    .replace(/^AES_(\d+)_CBC_/, 'AES$1-')
    .replace(/^AES_(\d+)_/, 'AES$1-')
    .replace(/^CHACHA20_POLY1305_SHA256$/, 'CHACHA20-POLY1305')
    .replaceAll('_', '-');
  return exchange + cipher;
}
