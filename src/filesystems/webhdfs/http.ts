import { Agent, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request as plain } from 'node:http';
import { request as secure, Agent as TlsAgent } from 'node:https';
import { fromSystemError, SluiceError } from '../../errors.ts';

/** Bytes of a body handed to the socket at once; smaller Buffers are gathered into such pieces. */
const PIECE = 256 * 1024;
/** A cautious sender waits after so many bytes for an early refusal, so long. */
const CAUTIOUS_BYTES = 128 * 1024;
const CAUTIOUS_MS = 1000;
/** Connections to one host at a time; further calls wait. */
const MAX_SOCKETS = 64;

export interface HttpSettings {
  readonly connectTimeoutMs: number;
  /** Without a byte in either direction. */
  readonly readTimeoutMs: number;
  /** Certificates of authorities to trust, as PEM; default: those of the system. */
  readonly ca?: readonly string[];
}

export interface Exchange {
  readonly method: string;
  readonly url: URL;
  /** For errors: operation, path and host, without the query (it may hold a token). */
  readonly what: string;
  /** Sent with its length; no connection is kept then. */
  readonly body?: readonly Buffer[];
  /**
   * Holds the body back after its first bytes to see whether it is refused. A DataNode closes the connection behind a refusal without
   * reading on; of 8 MiB sent at full speed 4 in 5 refusals were lost that way (EPIPE). So what failed without an answer is repeated with caution.
   */
  readonly cautious?: boolean;
  /** Bytes of the answer, at the most. */
  readonly limit: number;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * One HTTP exchange after another, with bounds on everything.
 *
 * It rests on node:http because a DataNode sends an unasked `100 Continue` before every answer to a body, which undici 8 takes
 * for an error ("bad response") and ends the connection.
 */
export class HttpClient {
  readonly #settings: HttpSettings;
  readonly #kept: Agent;
  readonly #single: Agent;
  readonly #keptTls: TlsAgent;
  readonly #singleTls: TlsAgent;
  #closed = false;

  constructor(settings: HttpSettings) {
    this.#settings = settings;
    const tls = settings.ca === undefined ? {} : { ca: [...settings.ca] };
    const kept = { keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: 8 };
    const single = { keepAlive: false, maxSockets: MAX_SOCKETS };
    this.#kept = new Agent(kept);
    this.#single = new Agent(single);
    this.#keptTls = new TlsAgent({ ...kept, ...tls });
    this.#singleTls = new TlsAgent({ ...single, ...tls });
  }

  /**
   * Sends a request and reads the whole answer, whatever its status.
   * @throws SluiceError CONNECTION_FAILED, CONNECTION_LOST, PEER_TIMEOUT, PROTOCOL, TLS_SETTINGS
   */
  async exchange(exchange: Exchange): Promise<Answer> {
    const { method, url, what, body, signal } = exchange;
    signal?.throwIfAborted();
    if (this.#closed) throw new SluiceError('INTERNAL', `${what}: the file system is closed`);
    const tls = url.protocol === 'https:';
    const length = body === undefined ? 0 : body.reduce((sum, chunk) => sum + chunk.length, 0);
    const headers: Record<string, string> = method === 'GET' ? {} : { 'content-length': String(length) };
    // HttpFS asks for this type; the DataNode minds none.
    if (body !== undefined) headers['content-type'] = 'application/octet-stream';
    const agent = tls
      ? body === undefined
        ? this.#keptTls
        : this.#singleTls
      : body === undefined
        ? this.#kept
        : this.#single;
    const request = (tls ? secure : plain)(url, { method, headers, agent, signal });
    // Well below the time after which silence is an error.
    const caution = exchange.cautious === true ? Math.min(CAUTIOUS_MS, this.#settings.readTimeoutMs / 2) : 0;
    const answered = this.#answer(request, exchange);
    if (body === undefined) request.end();
    // A failure of sending shows in `answered` as well, or an answer came early and makes the rest needless.
    else void sendBody(request, body, answered, caution).catch(() => {});
    try {
      return await answered;
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw explain(error, what);
    } finally {
      if (!request.writableFinished) request.destroy();
    }
  }

  /** Ends all connections, also those in use; no further exchange is begun. */
  close(): void {
    this.#closed = true;
    for (const agent of [this.#kept, this.#single, this.#keptTls, this.#singleTls]) agent.destroy();
  }

  #answer(request: ClientRequest, { limit, what }: Exchange): Promise<Answer> {
    const { connectTimeoutMs, readTimeoutMs } = this.#settings;
    return new Promise((resolve, reject) => {
      const late = (doing: string, ms: number): void => {
        const error = new SluiceError('PEER_TIMEOUT', `${what}: ${doing} for ${ms} ms`);
        request.destroy(error);
        reject(error);
      };
      let connecting: NodeJS.Timeout | undefined;
      request.on('socket', (socket) => {
        if (!socket.connecting) return;
        connecting = setTimeout(() => late('no connection', connectTimeoutMs), connectTimeoutMs);
        socket.once('connect', () => clearTimeout(connecting));
      });
      request.setTimeout(readTimeoutMs, () => late('silent', readTimeoutMs));
      request.on('error', reject);
      request.on('close', () => {
        clearTimeout(connecting);
        reject(new SluiceError('CONNECTION_LOST', `${what}: closed without an answer`));
      });
      request.on('response', (response: IncomingMessage) => {
        const parts: Buffer[] = [];
        let length = 0;
        response.on('data', (part: Buffer) => {
          length += part.length;
          parts.push(part);
          if (length <= limit) return;
          reject(new SluiceError('PROTOCOL', `${what}: an answer of more than ${limit} bytes`));
          request.destroy();
        });
        response.on('error', reject);
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts, length) });
        });
      });
    });
  }
}

async function sendBody(
  request: ClientRequest,
  body: readonly Buffer[],
  answered: Promise<unknown>,
  cautionMs: number,
): Promise<void> {
  let sent = 0;
  let held = cautionMs === 0;
  for (const piece of pieces(body)) {
    if (request.destroyed) return;
    if (!held && sent >= CAUTIOUS_BYTES) {
      held = true;
      await Promise.race([answered, pause(cautionMs)]);
    }
    sent += piece.length;
    if (request.write(piece)) continue;
    // `answered` settles too when the connection ends, so this waits for nothing that never comes.
    await Promise.race([answered, new Promise((resolve) => request.once('drain', resolve))]);
  }
  request.end();
}

/** The same bytes in pieces of good size: many small Buffers would be as many system calls. */
function* pieces(body: readonly Buffer[]): Generator<Buffer> {
  let small: Buffer[] = [];
  let length = 0;
  for (const chunk of body) {
    for (let from = 0; from < chunk.length; from += PIECE) {
      const part = chunk.length <= PIECE ? chunk : chunk.subarray(from, from + PIECE);
      if (length + part.length > PIECE) {
        yield small.length === 1 ? small[0] : Buffer.concat(small, length);
        small = [];
        length = 0;
      }
      small.push(part);
      length += part.length;
    }
  }
  if (length > 0) yield small.length === 1 ? small[0] : Buffer.concat(small, length);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function explain(error: unknown, what: string): SluiceError {
  if (error instanceof SluiceError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (/CERT|TLS|SSL|UNABLE_TO|SELF_SIGNED/.test(code)) return new SluiceError('TLS_SETTINGS', what, error);
  if (code.startsWith('HPE_')) return new SluiceError('PROTOCOL', `${what}: the answer is no HTTP`, error);
  const known = fromSystemError(error, what);
  return known.code === 'FILE_SYSTEM' ? new SluiceError('CONNECTION_LOST', what, error) : known;
}
