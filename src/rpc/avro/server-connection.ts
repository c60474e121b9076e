import type { Duplex } from 'node:stream';
import { describeError, SluiceError } from '../../errors.ts';
import type { EventBatch } from '../../event/event-batch.ts';
import { Cursor, CutShortError, encodeLong, encodeString } from './cursor.ts';
import { decodeAppend, decodeAppendBatch } from './decode-events.ts';
import { decodeHandshakeRequest, type HandshakeResponder, NO_HANDSHAKE } from './handshake.ts';
import { PackDecoder, packOf } from './pack.ts';
import { APPEND, APPEND_BATCH, STATUSES, type Status } from './protocol.ts';

/** Takes the events of one request and answers it; a rejection is answered with an error instead of a status. */
export type HandleRequest = (batch: EventBatch, message: typeof APPEND | typeof APPEND_BATCH) => Promise<Status>;

/** What a connection needs of the listener it belongs to. */
export interface ConnectionHost {
  readonly maxFrameBytes: number;
  readonly responder: HandshakeResponder;
  readonly handle: HandleRequest;
  /** Milliseconds that only grow. */
  now(): number;
  /** Something about the peer that an operator should know; the number of lines is limited. */
  warn(message: string): void;
  /** A request that could not be read. */
  badRequest(): void;
  /** The bytes of requests under way changed by so many. */
  inFlight(change: number): void;
  /** Memory of unfinished requests changed by so many bytes. */
  held(change: number): void;
  /** Whether the connection should stop reading for now; it is then told to `resume`. */
  shouldPause(connection: ServerConnection): boolean;
  closed(connection: ServerConnection): void;
}

/** What a request costs besides its bytes: promises, and the reply. */
const REQUEST_BYTES = 1024;
/** A peer that does not read its replies is not read from either beyond so many bytes. */
const MAX_UNREAD_REPLIES = 1 << 20;

/** The beginning of a reply's payload behind the handshake: no call metadata. */
const NO_METADATA = encodeLong(0);

/**
 * One client: reads its requests, hands them over in order without waiting for one another, and answers each when it is decided, so replies
 * may overtake each other.
 *
 *     request   [handshake]  metadata map<bytes>  message string  parameter
 *     reply     [handshake]  metadata map<bytes>  error boolean   status enum, or union index 0 and a string
 */
export class ServerConnection {
  readonly peer: string;
  readonly openedAt: number;
  /** When the peer sent or got something last. */
  lastActive: number;
  readonly #host: ConnectionHost;
  readonly #socket: Duplex;
  readonly #decoder: PackDecoder;
  #established = false;
  #requests = 0;
  #heldBytes = 0;
  #paused = false;
  #ended = false;
  #hungUp = false;
  #closed = false;

  constructor(host: ConnectionHost, socket: Duplex, peer: string) {
    this.#host = host;
    this.#socket = socket;
    this.peer = peer;
    this.openedAt = this.lastActive = host.now();
    this.#decoder = new PackDecoder(host.maxFrameBytes, (serial, payload) => this.#request(serial, payload));
    socket.on('data', (chunk: Buffer) => this.#data(chunk));
    socket.on('end', () => this.#end());
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.#close());
    socket.on('drain', () => this.resume());
  }

  /** The bytes of memory that an unfinished request holds. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether the peer owes the rest of a request (and we do read). */
  get waitsForRest(): boolean {
    return this.#decoder.midPack && !this.#paused;
  }

  /** Whether we have hung up and only wait for the peer to do so. */
  get hungUp(): boolean {
    return this.#hungUp;
  }

  /** Whether nothing is under way, of either side. */
  get idle(): boolean {
    return this.#requests === 0 && !this.#decoder.midPack;
  }

  /** Reads on after a pause, if the replies have gone out too. */
  resume(): void {
    if (!this.#paused || this.#ended || this.#socket.writableLength > MAX_UNREAD_REPLIES) return;
    if (this.#host.shouldPause(this)) return;
    this.#paused = false;
    this.lastActive = this.#host.now();
    this.#socket.resume();
  }

  /** Reads no more, answers what is under way, hangs up. */
  finish(): void {
    if (this.#closed) return;
    this.#ended = true;
    this.#socket.pause();
    if (this.#requests === 0 && !this.#hungUp) this.#hangUp();
  }

  /** Drops the connection, with a line in the log if there is a reason. */
  fail(reason?: unknown): void {
    if (this.#closed) return;
    if (reason !== undefined) this.#host.warn(`Dropped the connection from ${this.peer}: ${describeError(reason)}`);
    this.#close();
    this.#socket.destroy();
  }

  #data(chunk: Buffer): void {
    if (this.#closed || this.#ended) return;
    this.lastActive = this.#host.now();
    try {
      this.#decoder.push(chunk);
    } catch (error) {
      this.#host.badRequest();
      this.fail(error);
      return;
    }
    const held = this.#decoder.heldBytes;
    if (held !== this.#heldBytes) {
      const change = held - this.#heldBytes;
      this.#heldBytes = held;
      this.#host.held(change);
    }
    if (this.#closed || this.#paused) return;
    if (this.#socket.writableLength > MAX_UNREAD_REPLIES || this.#host.shouldPause(this)) {
      this.#paused = true;
      this.#socket.pause();
    }
  }

  #end(): void {
    if (this.#decoder.midPack && !this.#closed) {
      this.#host.badRequest();
      this.#host.warn(`${this.peer} hung up in the middle of a request`);
    }
    this.finish();
  }

  #hangUp(): void {
    this.#hungUp = true;
    this.lastActive = this.#host.now();
    this.#socket.end();
    // What still comes is read and thrown away: closing with unread bytes would make the system throw our replies away.
    this.#socket.resume();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ended = true;
    this.#host.held(-this.#heldBytes);
    this.#heldBytes = 0;
    this.#host.closed(this);
  }

  #request(serial: number, payload: Buffer): void {
    if (this.#closed) return;
    const cursor = new Cursor(payload);
    let handshake: Buffer = NO_HANDSHAKE;
    if (!this.#established) {
      // An error here is thrown through the decoder: the peer speaks something else, and the connection ends.
      const request = decodeHandshakeRequest(cursor);
      const answer = this.#host.responder.answer(request);
      handshake = answer.bytes;
      if (answer.match === 'NONE') {
        if (request.clientProtocol !== undefined) {
          this.#host.badRequest();
          this.#host.warn(`${this.peer} has another protocol than Flume's and was told so`);
        }
        this.#reply(serial, [handshake]);
        return;
      }
      this.#established = true;
    }
    try {
      cursor.skipMap();
      const message = cursor.string();
      if (message === '') this.#reply(serial, [handshake]);
      else if (message === APPEND) this.#events(serial, handshake, decodeAppend(payload, cursor.at), message);
      else if (message === APPEND_BATCH)
        this.#events(serial, handshake, decodeAppendBatch(payload, cursor.at), message);
      else {
        const name = message.slice(0, 200);
        throw new SluiceError('PROTOCOL', `org.apache.avro.AvroRuntimeException: No such remote message: ${name}`);
      }
    } catch (error) {
      this.#host.badRequest();
      this.#host.warn(`A request from ${this.peer} cannot be read: ${describeError(error)}`);
      // Flume's words, for clients that look at them.
      const text =
        error instanceof CutShortError
          ? 'java.io.EOFException'
          : error instanceof SluiceError
            ? error.detail
            : String(error);
      this.#replyError(serial, handshake, text);
    }
  }

  #events(serial: number, handshake: Buffer, batch: EventBatch, message: typeof APPEND | typeof APPEND_BATCH): void {
    const bytes = batch.retainedBytes + REQUEST_BYTES;
    this.#requests++;
    this.#host.inFlight(bytes);
    this.#host
      .handle(batch, message)
      .then(
        (status) => this.#reply(serial, [handshake, NO_METADATA, Buffer.of(0, STATUSES.indexOf(status) * 2)]),
        (error: unknown) => this.#replyError(serial, handshake, describeError(error)),
      )
      .finally(() => {
        this.#requests--;
        this.#host.inFlight(-bytes);
        if (this.#ended && !this.#closed && !this.#hungUp && this.#requests === 0) this.#hangUp();
      });
  }

  #replyError(serial: number, handshake: Buffer, text: string): void {
    this.#reply(serial, [handshake, NO_METADATA, Buffer.concat([Buffer.of(1, 0), encodeString(text)])]);
  }

  #reply(serial: number, buffers: readonly Buffer[]): void {
    if (this.#closed) return;
    this.lastActive = this.#host.now();
    this.#socket.write(packOf(serial, buffers));
  }
}
