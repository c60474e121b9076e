import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';

/** What a server answered on a connection, and whether it closed it. */
export type Reply = { bytes: Buffer; closed: boolean };

/** An HTTP answer, headers in lower case. */
export type HttpReply = { status: number; reason: string; headers: Record<string, string>; body: Buffer };

/** One HTTP request on a connection of its own. */
export async function sendHttp(
  port: number,
  options: { method?: string; path?: string; headers?: Record<string, string>; body?: Buffer },
): Promise<HttpReply> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpReply>();
  const headers: Record<string, string | number> = { ...options.headers, Connection: 'close' };
  if (options.body) headers['Content-Length'] = options.body.length;
  const message = request(
    { host: '127.0.0.1', port, method: options.method ?? 'POST', path: options.path ?? '/', headers, timeout: 30_000 },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const got: Record<string, string> = {};
        for (const [name, value] of Object.entries(response.headers)) got[name] = String(value);
        resolve({
          status: response.statusCode ?? 0,
          reason: response.statusMessage ?? '',
          headers: got,
          body: Buffer.concat(chunks),
        });
      });
    },
  );
  message.on('error', reject);
  message.on('timeout', () => message.destroy(new Error(`no answer on port ${port}`)));
  message.end(options.body);
  return await promise;
}

/** A TCP connection to a server under test; keeps what comes back. */
export class Connection {
  readonly socket: Socket;
  #chunks: Buffer[] = [];
  closed = false;

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    this.socket.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    this.socket.on('error', () => {
      this.closed = true;
    });
    this.socket.on('end', () => {
      this.closed = true;
    });
    this.socket.on('close', () => {
      this.closed = true;
    });
  }

  async open(): Promise<void> {
    await once(this.socket, 'connect');
  }

  /** Everything received since the last call. */
  take(): Reply {
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [];
    return { bytes, closed: this.closed };
  }

  /** How many bytes wait to be taken. */
  get received(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  async write(bytes: Buffer): Promise<void> {
    if (this.closed || bytes.length === 0) return;
    await new Promise<void>((resolve) => this.socket.write(bytes, () => resolve()));
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** Sends one datagram. */
export async function sendUdp(port: number, bytes: Buffer): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) =>
    socket.send(bytes, port, '127.0.0.1', (error) => (error ? reject(error) : resolve())),
  );
  socket.close();
}
