import type { Readable, Writable } from 'node:stream';

/** Says of each event of a file why it belongs to its issue. */
export async function explainFile(
  _what: { readonly file: string; readonly json: boolean },
  _streams: { readonly stdin: Readable; readonly stdout: Writable; readonly stderr: Writable },
): Promise<{ readonly unread: boolean }> {
  return { unread: false };
}
