import { createHash } from 'node:crypto';
import { SluiceError } from '../../errors.ts';
import { type Cursor, encodeLong, encodeString } from './cursor.ts';
import { isCompatible, PROTOCOL_HASH, PROTOCOL_TEXT } from './protocol.ts';

/**
 * What stands before the first request of a connection and before its reply:
 *
 *     request    clientHash fixed16   clientProtocol null|string   serverHash fixed16        meta null|map<bytes>
 *     response   match enum           serverProtocol null|string   serverHash null|fixed16   meta null|map<bytes>
 *
 * The client sends the hashes alone. A server that knows the client's hash answers BOTH (or CLIENT, with its own protocol, if the client has
 * a wrong hash of the server) and executes the call; one that does not answers NONE with its protocol, and the client sends the same
 * call again with its own protocol. From BOTH or CLIENT on, requests and replies of this connection carry no handshake.
 */
export const MATCHES = ['BOTH', 'CLIENT', 'NONE'] as const;
export type Match = (typeof MATCHES)[number];

const NULL = encodeLong(0);
const SECOND = encodeLong(1);

/** The client's handshake: hashes alone, or with the protocol's text after a NONE. Flume's bytes. */
export function encodeHandshakeRequest(withProtocol: boolean, serverHash: Buffer = PROTOCOL_HASH): Buffer {
  return Buffer.concat([
    PROTOCOL_HASH,
    withProtocol ? Buffer.concat([SECOND, encodeString(PROTOCOL_TEXT)]) : NULL,
    serverHash,
    SECOND, // Java sends an empty map where null would do.
    encodeLong(0),
  ]);
}

export interface HandshakeResponse {
  readonly match: Match;
  /** The server's hash, if it sent one. */
  readonly serverHash: Buffer | undefined;
}

/** Reads the handshake at the beginning of a reply. @throws SluiceError PROTOCOL */
export function decodeHandshakeResponse(cursor: Cursor): HandshakeResponse {
  const match = MATCHES[cursor.long()];
  if (match === undefined) throw new SluiceError('PROTOCOL', 'a handshake that is neither BOTH, CLIENT nor NONE');
  if (isPresent(cursor)) cursor.skipBytes();
  const serverHash = isPresent(cursor) ? Buffer.from(cursor.take(16)) : undefined;
  if (isPresent(cursor)) cursor.skipMap();
  return { match, serverHash };
}

export interface HandshakeRequest {
  readonly clientHash: Buffer;
  readonly clientProtocol: string | undefined;
  readonly serverHash: Buffer;
}

/** Reads the handshake at the beginning of a request. @throws SluiceError PROTOCOL, CutShortError */
export function decodeHandshakeRequest(cursor: Cursor): HandshakeRequest {
  const clientHash = cursor.take(16);
  const clientProtocol = isPresent(cursor) ? cursor.string() : undefined;
  const serverHash = cursor.take(16);
  if (isPresent(cursor)) cursor.skipMap();
  return { clientHash, clientProtocol, serverHash };
}

function isPresent(cursor: Cursor): boolean {
  const index = cursor.long();
  if (index !== 0 && index !== 1) throw new SluiceError('PROTOCOL', `a union with the index ${index}`);
  return index === 1;
}

/** The most protocols of clients that a server remembers. */
const MAX_KNOWN = 64;

/** The server's side: the clients' protocols that it knows, by hash, for all its connections. */
export class HandshakeResponder {
  readonly #known = new Set<string>([PROTOCOL_HASH.toString('hex')]);

  /** Decides on a client's handshake. */
  answer(request: HandshakeRequest): { readonly match: Match; readonly bytes: Buffer } {
    const match = this.#match(request);
    if (match === 'BOTH') return { match, bytes: Buffer.concat([encodeLong(0), NULL, NULL, NULL]) };
    return {
      match,
      bytes: Buffer.concat([
        encodeLong(MATCHES.indexOf(match)),
        SECOND,
        encodeString(PROTOCOL_TEXT),
        SECOND,
        PROTOCOL_HASH,
        NULL,
      ]),
    };
  }

  #match(request: HandshakeRequest): Match {
    const hash = request.clientHash.toString('hex');
    if (!this.#known.has(hash)) {
      const text = request.clientProtocol;
      if (text === undefined || !isCompatible(text)) return 'NONE';
      // Remembered only under its true hash, or anyone could make any hash known.
      if (this.#known.size < MAX_KNOWN && createHash('md5').update(text).digest('hex') === hash) this.#known.add(hash);
    }
    return request.serverHash.equals(PROTOCOL_HASH) ? 'BOTH' : 'CLIENT';
  }
}

/** A reply to a request of a connection that has no handshake to answer any more. */
export const NO_HANDSHAKE = Buffer.alloc(0);
