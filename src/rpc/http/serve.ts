import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../../component/context.ts';
import { describeError, fromSystemError, SluiceError } from '../../errors.ts';

export interface ServeSettings {
  readonly bind: string;
  /** 0: any free one. */
  readonly port: number;
  readonly tls: ServerOptions | undefined;
  /** More connections are closed at once. */
  readonly maxConnections: number;
  /** How long a client may take to send a request, in ms. */
  readonly requestTimeout: number;
  /** How long a connection may be idle between two requests, in ms; as long as Node has it when nothing is said. */
  readonly idleTimeout?: number;
  readonly log: Logger;
  /** Serves one request; must answer, and never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** How many connections are open now. */
  onConnections(open: number): void;
  /** Called once, when the port is open. */
  onListening(address: AddressInfo): void;
}

/**
 * Serves HTTP until `signal` is aborted; requests under way are answered then, and connections closed.
 * @throws SluiceError ADDRESS_IN_USE, ADDRESS_UNUSABLE
 */
export async function serveHttp(settings: ServeSettings, signal: AbortSignal): Promise<void> {
  const inFlight = new Set<Promise<void>>();
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const done = settings.handle(request, response).finally(() => inFlight.delete(done));
    inFlight.add(done);
  };
  const { tls, log } = settings;
  const checks = { connectionsCheckingInterval: Math.min(30_000, Math.ceil(settings.requestTimeout / 4)) };
  const server =
    tls === undefined
      ? createServer(checks, onRequest)
      : createTlsServer({ ...tls, ...checks, handshakeTimeout: settings.requestTimeout }, onRequest);
  server.requestTimeout = settings.requestTimeout;
  server.headersTimeout = settings.requestTimeout;
  if (settings.idleTimeout !== undefined) server.keepAliveTimeout = settings.idleTimeout;
  server.maxConnections = settings.maxConnections;
  let open = 0;
  server.on('connection', (socket) => {
    settings.onConnections(++open);
    socket.on('close', () => settings.onConnections(--open));
  });
  await listen(server, settings);
  server.on('error', (error: Error) => log.warn(`http server: ${describeError(error)}`));
  settings.onListening(server.address() as AddressInfo);
  if (!signal.aborted) await once(signal, 'abort');
  const closed = once(server, 'close');
  server.close();
  await Promise.all(inFlight);
  server.closeAllConnections();
  await closed;
}

/** `127.0.0.1:80`, `[::]:80`. */
export function addressText({ address, family, port }: AddressInfo): string {
  return `${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

async function listen(server: Server, { bind, port }: ServeSettings): Promise<void> {
  server.listen(port, bind);
  try {
    await once(server, 'listening');
  } catch (error) {
    const where = `${bind}:${port}`;
    const failure = fromSystemError(error, where);
    throw failure.code === 'ADDRESS_IN_USE' ? failure : new SluiceError('ADDRESS_UNUSABLE', where, error);
  }
}
