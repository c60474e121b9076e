import { SluiceError } from '../../errors.ts';

/** What OpenSSL says when the other end does not speak TLS. */
const NO_TLS = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST']);

/** What OpenSSL says of a certificate that is not trusted. */
const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** Node's errors of a TLS connection as errors of the table; `undefined` for any other. `where` names the peer. */
export function tlsError(error: unknown, where: string): SluiceError | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === undefined) return undefined;
  if (NO_TLS.has(code)) return new SluiceError('PROTOCOL', `${where}: the peer does not speak TLS`, error);
  if (UNTRUSTED.has(code)) return new SluiceError('TLS_SETTINGS', `${where}: its certificate is not trusted`, error);
  if (code.startsWith('ERR_SSL_')) return new SluiceError('PROTOCOL', `${where}: the TLS handshake failed`, error);
  return undefined;
}
