import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { fromSystemError, SluiceError } from '../../errors.ts';
import type { EventBatch } from '../../event/event-batch.ts';
import { Deflated } from '../deflated.ts';
import { tlsError } from '../tls/errors.ts';
import { Cursor, encodeString } from './cursor.ts';
import { encodeAppendBatch } from './encode-events.ts';
import { decodeHandshakeResponse, encodeHandshakeRequest } from './handshake.ts';
import { PackDecoder, packHead } from './pack.ts';
import { APPEND_BATCH, STATUSES } from './protocol.ts';

export interface AvroClientOptions {
  readonly host: string;
  readonly port: number;
  /** For the connection with its TLS handshake, and again for the first answer with Avro's. */
  readonly connectTimeoutMs: number;
  /** The connection is given up when requests wait and no answer comes for so long. */
  readonly requestTimeoutMs: number;
  /** 0 to 9: compress both ways; left out: do not. */
  readonly deflateLevel?: number;
  readonly tls?: ConnectionOptions;
}

/** A reply is a few bytes, or the text of an error or of the server's protocol. */
const MAX_REPLY_BYTES = 1 << 20;
/** Buffers for requests that are kept to be filled again. */
const SPARE_BUFFERS = 4;

/** Why a peer hangs up before it has said anything. */
const DISAGREE = 'do both ends agree in ssl and compression-type, and may this host connect?';

interface Pending {
  /** When it was sent, in monotonic ms. */
  readonly sentAt: number;
  /** The request without its handshake, as long as it may have to be sent again. */
  readonly again: Buffer | undefined;
  resolve(): void;
  reject(error: SluiceError): void;
}

/** Call metadata (none) and the name of the message. */
const CALL = Buffer.concat([Buffer.of(0), encodeString(APPEND_BATCH)]);

/**
 * A connection to an Avro source with several requests in flight; answers are matched by serial, in whatever order they come. The first request
 * carries the handshake, and the others wait for its answer. After an error of the connection it is of no further use.
 */
export class AvroClient {
  readonly #options: AvroClientOptions;
  readonly #socket: Duplex;
  readonly #where: string;
  readonly #decoder: PackDecoder;
  readonly #pending = new Map<number, Pending>();
  readonly #spare: Buffer[] = [];
  readonly #established: Promise<void>;
  #markEstablished: () => void = () => {};
  #shaking: 'not yet' | 'hashes' | 'protocol' | 'done' = 'not yet';
  #serial = 0;
  #error: SluiceError | undefined;
  #closing = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: AvroClientOptions, socket: Duplex) {
    this.#options = options;
    this.#socket = socket;
    this.#where = `${options.host}:${options.port}`;
    this.#established = new Promise((resolve) => {
      this.#markEstablished = resolve;
    });
    this.#decoder = new PackDecoder(MAX_REPLY_BYTES, (serial, payload) => this.#reply(serial, payload));
    socket.on('data', (chunk: Buffer) => this.#data(chunk));
    socket.on('error', (error) => this.#fail(this.#lost(error)));
    socket.on('end', () => this.#fail(this.#lost()));
    socket.on('close', () => this.#fail(this.#lost()));
  }

  /**
   * Opens a connection.
   *
   * @throws SluiceError CONNECTION_FAILED, PEER_TIMEOUT, TLS_SETTINGS (a certificate that is not trusted), PROTOCOL (no TLS over there)
   */
  static async connect(options: AvroClientOptions, signal?: AbortSignal): Promise<AvroClient> {
    return new AvroClient(options, await openSocket(options, signal));
  }

  /** The error that ended the connection. */
  get error(): SluiceError | undefined {
    return this.#error;
  }

  /** Requests without an answer. */
  get underWay(): number {
    return this.#pending.size;
  }

  /**
   * Sends rows `from` up to `to` as one request; resolves when the server has answered OK.
   *
   * @throws SluiceError PEER_REFUSED: the server took none of these rows, the connection goes on;
   *   CONNECTION_LOST, PEER_TIMEOUT, PROTOCOL: the connection is over and it is not known whether it took them
   */
  async appendBatch(batch: EventBatch, from: number, to: number): Promise<void> {
    if (this.#shaking === 'not yet') {
      this.#shaking = 'hashes';
      return this.#call(batch, from, to, true);
    }
    // Even when that was long ago, so that calls stay in their order.
    await this.#established;
    return this.#call(batch, from, to, false);
  }

  /** Answers are waited for, then the connection is closed. Resolves at once; nothing may be sent any more. */
  close(): void {
    this.#closing = true;
    if (this.#pending.size === 0) this.#end();
  }

  /** Closes the connection; what is under way is rejected. */
  abort(reason: SluiceError): void {
    this.#fail(reason);
  }

  #call(batch: EventBatch, from: number, to: number, handshake: boolean): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    const parameter = encodeAppendBatch(batch, from, to, (size) => this.#buffer(size));
    return new Promise((resolve, reject) => {
      const serial = ++this.#serial;
      const again = handshake ? parameter : undefined;
      this.#pending.set(serial, { sentAt: performance.now(), again, resolve, reject });
      const front = handshake ? Buffer.concat([encodeHandshakeRequest(false), CALL]) : CALL;
      this.#write(serial, front, parameter, !handshake);
      if (this.#pending.size === 1) this.#watch(handshake ? this.#options.connectTimeoutMs : undefined);
    });
  }

  #write(serial: number, front: Buffer, parameter: Buffer, reuse: boolean): void {
    const socket = this.#socket;
    socket.cork();
    socket.write(packHead(serial, [front], parameter.length));
    socket.write(parameter, (error) => {
      if (!error && reuse && this.#spare.length < SPARE_BUFFERS) this.#spare.push(parameter);
    });
    socket.uncork();
  }

  /** Fresh memory costs as much as filling it (57 instead of 31 ns an event of 320 bytes): buffers that have been sent are used again. */
  #buffer(size: number): Buffer {
    const spare = this.#spare.pop();
    if (spare !== undefined) {
      const whole = Buffer.from(spare.buffer, 0, spare.buffer.byteLength);
      if (whole.length >= size && whole.length <= 4 * size) return whole;
    }
    return Buffer.allocUnsafeSlow(size + (size >>> 3));
  }

  #data(chunk: Buffer): void {
    if (this.#error !== undefined) return;
    try {
      this.#decoder.push(chunk);
    } catch (error) {
      const detail = error instanceof SluiceError ? error.detail : String(error);
      this.#fail(new SluiceError('PROTOCOL', `${this.#where}: ${detail}`, error));
    }
  }

  #reply(serial: number, payload: Buffer): void {
    const pending = this.#pending.get(serial);
    if (pending === undefined) throw new SluiceError('PROTOCOL', 'an answer to a request that was not sent');
    const cursor = new Cursor(payload);
    if (this.#shaking !== 'done' && !this.#handshake(serial, pending, cursor)) return;
    cursor.skipMap();
    const failed = cursor.take(1)[0] !== 0;
    let problem: string | undefined;
    if (failed) {
      cursor.long();
      problem = cursor.string().slice(0, 500);
    } else {
      const status = STATUSES[cursor.long()];
      if (status !== 'OK') problem = `it answered ${status ?? 'nonsense'}`;
    }
    this.#pending.delete(serial);
    this.#watch();
    if (problem === undefined) pending.resolve();
    else pending.reject(new SluiceError('PEER_REFUSED', `${this.#where}: ${problem}`));
    if (this.#closing && this.#pending.size === 0) this.#end();
  }

  /** Reads the server's handshake. Returns whether the answer to the request follows it. */
  #handshake(serial: number, pending: Pending, cursor: Cursor): boolean {
    const { match, serverHash } = decodeHandshakeResponse(cursor);
    if (match !== 'NONE') {
      this.#shaking = 'done';
      this.#markEstablished();
      return true;
    }
    if (this.#shaking === 'protocol') throw new SluiceError('PROTOCOL', "it has another protocol than Flume's");
    this.#shaking = 'protocol';
    const front = Buffer.concat([encodeHandshakeRequest(true, serverHash), CALL]);
    this.#write(serial, front, pending.again!, false);
    return false;
  }

  /** Waits anew for the next answer, if one is due. */
  #watch(timeoutMs = this.#options.requestTimeoutMs): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const oldest = this.#pending.values().next().value;
    if (oldest === undefined) return;
    // Others may be answered while one is forgotten: then its own age counts.
    const left = oldest.sentAt + timeoutMs * (this.#pending.size + 1) - performance.now();
    this.#timer = setTimeout(
      () => {
        const what = `${this.#where}: no answer within ${timeoutMs} ms, ${this.#pending.size} requests wait`;
        this.#fail(new SluiceError('PEER_TIMEOUT', what));
      },
      Math.max(0, Math.min(timeoutMs, left)),
    );
  }

  #lost(error?: Error): SluiceError {
    if (error instanceof SluiceError) return new SluiceError(error.code, `${this.#where}: ${error.detail}`, error);
    const known = tlsError(error, this.#where);
    if (known !== undefined) return known;
    const what =
      this.#shaking === 'done' ? 'it hung up' : `it hung up without an answer to the handshake (${DISAGREE})`;
    return new SluiceError('CONNECTION_LOST', `${this.#where}: ${what}`, error);
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#error ??= new SluiceError('CONNECTION_LOST', `${this.#where}: closed`);
    this.#socket.end(() => this.#socket.destroy());
    // A peer that does not take the end is not waited for.
    setTimeout(() => this.#socket.destroy(), 1000).unref();
  }

  #fail(error: SluiceError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    clearTimeout(this.#timer);
    this.#socket.destroy();
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const request of pending) request.reject(error);
    this.#markEstablished(); // Those that wait for it find the error.
  }
}

/** Connects, with deflate outside and TLS inside it if wanted, as Flume 1.11 does. */
function openSocket(options: AvroClientOptions, signal?: AbortSignal): Promise<Duplex> {
  const where = `${options.host}:${options.port}`;
  return new Promise((resolve, reject) => {
    const tcp = connectTcp({ host: options.host, port: options.port, noDelay: true, keepAlive: true });
    let stream: Duplex = tcp;
    if (options.deflateLevel !== undefined) stream = new Deflated(tcp, options.deflateLevel);
    const settle = (error?: SluiceError) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      stream.off('error', onError);
      stream.off('close', onClose);
      stream.on('error', () => {}); // Whoever gets it listens for himself.
      if (error === undefined) {
        resolve(stream);
        return;
      }
      stream.destroy();
      tcp.destroy();
      reject(error);
    };
    const hungUp = (cause?: Error) =>
      settle(new SluiceError('CONNECTION_LOST', `${where}: it hung up while connecting (${DISAGREE})`, cause));
    const onError = (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') hungUp(error);
      else settle(connectError(error, where));
    };
    const onClose = () => hungUp();
    const onAbort = () => settle(new SluiceError('CONNECTION_FAILED', `${where}: given up`, signal?.reason));
    const timer = setTimeout(() => {
      settle(new SluiceError('PEER_TIMEOUT', `${where}: no connection within ${options.connectTimeoutMs} ms`));
    }, options.connectTimeoutMs);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) {
      onAbort();
      return;
    }
    const settings = options.tls;
    if (settings === undefined) {
      tcp.once('connect', () => settle());
    } else {
      const secure = connectTls({ ...settings, socket: stream });
      stream.on('error', (error) => secure.destroy(error));
      stream = secure;
      secure.once('secureConnect', () => settle());
    }
    stream.on('error', onError);
    stream.on('close', onClose);
    if (stream !== tcp) tcp.on('error', onError);
  });
}

function connectError(error: Error, where: string): SluiceError {
  if (error instanceof SluiceError) return new SluiceError(error.code, `${where}: ${error.detail}`, error);
  const known = tlsError(error, where) ?? fromSystemError(error, where);
  return known.code === 'FILE_SYSTEM' ? new SluiceError('CONNECTION_FAILED', where, error) : known;
}
