import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, type SecureContextOptions, TLSSocket } from 'node:tls';
import type { Clock, Logger } from '../../component/context.ts';
import { fromSystemError, SluiceError } from '../../errors.ts';
import { Deflated } from '../deflated.ts';
import type { IpFilter } from '../ip-filter.ts';
import { LogLimit } from '../log-limit.ts';
import { HandshakeResponder } from './handshake.ts';
import { type ConnectionHost, type HandleRequest, ServerConnection } from './server-connection.ts';

export interface AvroServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Compress both ways. */
  readonly deflate: boolean;
  readonly tls?: SecureContextOptions;
  readonly filter?: IpFilter;
  /** The largest request. */
  readonly maxFrameBytes: number;
  readonly maxConnections: number;
  /** A peer that stops in the middle of a request or of the TLS handshake is dropped after so many ms. */
  readonly stallTimeoutMs: number;
  /** A peer that is silent between requests is dropped after so many ms; 0: never. */
  readonly idleTimeoutMs: number;
  /** Bytes of requests that are being handled; beyond, nothing more is read. One request is always taken. */
  readonly maxInFlightBytes: number;
  readonly log: Logger;
  readonly clock: Clock;
  readonly handle: HandleRequest;
  readonly onConnections?: (open: number) => void;
  readonly onBadRequest?: () => void;
}

/** Unfinished requests may hold so many times the largest request in memory, over all connections. */
const HELD_FRAMES = 4;
/** At a close, peers that do not take their replies are dropped after so many ms. */
const CLOSE_PATIENCE_MS = 2000;
/** Flume's server compresses at zlib's usual level whatever the client does. */
const DEFLATE_LEVEL = 6;

/** The listening side: accepts connections and bounds what they may use together. */
export class AvroServer {
  readonly #options: AvroServerOptions;
  readonly #server: Server;
  readonly #context: SecureContext | undefined;
  readonly #limit: LogLimit;
  readonly #host: ConnectionHost;
  /** What is between accept and the first byte of Avro counts too. */
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Set<ServerConnection>();
  readonly #paused = new Set<ServerConnection>();
  /** Sockets that a connection has taken over. */
  readonly #wrapped = new WeakSet<Socket>();
  #inFlightBytes = 0;
  #heldBytes = 0;
  #closing = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: AvroServerOptions) {
    this.#options = options;
    this.#context = options.tls === undefined ? undefined : createSecureContext(options.tls);
    this.#limit = new LogLimit(options.log, () => options.clock.monotonic());
    this.#host = this.#makeHost();
    // Half open: a client may end its side and still read the replies.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 });
    this.#server.on('connection', (socket) => void this.#accept(socket));
  }

  /**
   * Opens the port.
   *
   * @throws SluiceError ADDRESS_IN_USE, ADDRESS_UNUSABLE
   */
  static async listen(options: AvroServerOptions): Promise<AvroServer> {
    const server = new AvroServer(options);
    try {
      server.#server.listen({ host: options.host, port: options.port });
      await once(server.#server, 'listening');
    } catch (error) {
      const where = `${options.host}:${options.port}`;
      const known = fromSystemError(error, where);
      throw known.code === 'ADDRESS_IN_USE' ? known : new SluiceError('ADDRESS_UNUSABLE', where, error);
    }
    server.#server.on('error', (error) => options.log.error(`The listener failed: ${error.message}`));
    const shortest = Math.min(options.stallTimeoutMs, options.idleTimeoutMs || options.stallTimeoutMs);
    server.#timer = setInterval(() => server.#dropStalled(), Math.max(10, Math.min(1000, shortest / 4))).unref();
    return server;
  }

  /** The port that is open. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Stops accepting and reading, answers what is under way, closes every connection. Idempotent. */
  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#timer);
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const connection of [...this.#connections]) connection.finish();
    const patience = setTimeout(() => this.#dropIdle(), CLOSE_PATIENCE_MS);
    const handshaking = [...this.#sockets].filter((socket) => !this.#wrapped.has(socket));
    for (const socket of handshaking) socket.destroy();
    await closed;
    clearTimeout(patience);
  }

  /** While closing: what has nothing under way any more has had its time. */
  #dropIdle(): void {
    for (const connection of [...this.#connections]) if (connection.hungUp) connection.fail();
    if (this.#connections.size > 0) setTimeout(() => this.#dropIdle(), CLOSE_PATIENCE_MS).unref();
  }

  #makeHost(): ConnectionHost {
    const { maxFrameBytes, handle, clock, onBadRequest } = this.#options;
    return {
      maxFrameBytes,
      handle,
      responder: new HandshakeResponder(),
      now: () => clock.monotonic(),
      warn: (message) => this.#limit.warn(message),
      badRequest: () => onBadRequest?.(),
      inFlight: (change) => this.#inFlight(change),
      held: (change) => this.#held(change),
      shouldPause: (connection) => this.#shouldPause(connection),
      closed: (connection) => this.#closed(connection),
    };
  }

  async #accept(socket: Socket): Promise<void> {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    socket.on('error', () => socket.destroy()); // Reported by the connection above it, if it came to that.
    if (this.#closing || this.#sockets.size >= this.#options.maxConnections) {
      socket.destroy();
      if (!this.#closing)
        this.#limit.warn(`Refused the connection from ${peer}: there are ${this.#sockets.size} already`);
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#options.onConnections?.(this.#sockets.size);
    });
    this.#options.onConnections?.(this.#sockets.size);
    const filter = this.#options.filter;
    if (filter !== undefined && !(await filter.allows(socket.remoteAddress ?? ''))) {
      socket.destroy();
      this.#limit.warn(`Refused the connection from ${peer}: ipFilterRules deny it`);
      return;
    }
    if (this.#closing || socket.destroyed) {
      socket.destroy();
      return;
    }
    this.#wrapped.add(socket);
    // Flume 1.11 has deflate outside and TLS inside it: zlib(TLS(packs)).
    const inner: Duplex = this.#options.deflate ? new Deflated(socket, DEFLATE_LEVEL) : socket;
    const connection = this.#context === undefined ? this.#add(inner, peer) : this.#addTls(inner, peer, this.#context);
    this.#connections.add(connection);
  }

  #add(stream: Duplex, peer: string): ServerConnection {
    return new ServerConnection(this.#host, stream, peer);
  }

  #addTls(inner: Duplex, peer: string, secureContext: SecureContext): ServerConnection {
    const stream = new TLSSocket(inner, { isServer: true, secureContext });
    const connection = this.#add(stream, peer);
    const { stallTimeoutMs } = this.#options;
    const timer = setTimeout(() => {
      connection.fail(new SluiceError('PEER_TIMEOUT', `no TLS handshake within ${stallTimeoutMs} ms`));
    }, stallTimeoutMs).unref();
    stream.once('secure', () => clearTimeout(timer));
    stream.once('close', () => clearTimeout(timer));
    return connection;
  }

  #closed(connection: ServerConnection): void {
    this.#connections.delete(connection);
    this.#paused.delete(connection);
  }

  #inFlight(change: number): void {
    this.#inFlightBytes += change;
    if (change >= 0 || this.#paused.size === 0 || this.#inFlightBytes >= this.#options.maxInFlightBytes) return;
    const paused = [...this.#paused];
    this.#paused.clear();
    for (const connection of paused) connection.resume();
  }

  #shouldPause(connection: ServerConnection): boolean {
    if (this.#inFlightBytes < this.#options.maxInFlightBytes) return false;
    this.#paused.add(connection);
    return true;
  }

  #held(change: number): void {
    this.#heldBytes += change;
    const limit = HELD_FRAMES * this.#options.maxFrameBytes;
    if (change <= 0 || this.#heldBytes <= limit) return;
    let largest: ServerConnection | undefined;
    for (const connection of this.#connections) {
      if (largest === undefined || connection.heldBytes > largest.heldBytes) largest = connection;
    }
    largest?.fail(new SluiceError('TOO_LARGE', `unfinished requests of all connections hold over ${limit} bytes`));
  }

  #dropStalled(): void {
    const now = this.#options.clock.monotonic();
    const { stallTimeoutMs, idleTimeoutMs } = this.#options;
    for (const connection of [...this.#connections]) {
      const silent = now - connection.lastActive;
      if (silent >= stallTimeoutMs && connection.hungUp) {
        connection.fail();
      } else if (silent >= stallTimeoutMs && connection.waitsForRest) {
        this.#options.onBadRequest?.();
        connection.fail(new SluiceError('PEER_TIMEOUT', `half a request, and nothing more for ${stallTimeoutMs} ms`));
      } else if (idleTimeoutMs > 0 && silent >= idleTimeoutMs && connection.idle) {
        connection.fail(new SluiceError('PEER_TIMEOUT', `silent for ${idleTimeoutMs} ms`));
      }
    }
  }
}
