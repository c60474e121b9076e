/**
 * What the first bytes of a connection look like when they are certainly not a frame of ours: the usual mistake is two ends that
 * disagree in TLS or compression. No frame begins so: its first byte is that of a small number.
 *
 * @returns a phrase for the log, or `undefined`
 */
export function guessProtocol(first: Buffer): string | undefined {
  const a = first[0]!;
  const b = first[1];
  if (a === 0x16 && (b === undefined || b === 0x03)) return 'the peer speaks TLS (is ssl set on one end only?)';
  if (a === 0x15 && b === 0x03) return 'the peer sent a TLS alert (is ssl set on one end only?)';
  if (a === 0x78 && (b === undefined || ((a << 8) | b) % 31 === 0)) {
    return 'the peer sends deflate (is compression-type set on one end only?)';
  }
  if (/^(?:GET|POST|PUT|HEAD|OPTIONS|DELETE|HTTP) ?\/?/.test(first.toString('latin1', 0, 8)))
    return 'the peer speaks HTTP';
  return undefined;
}
