import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromSystemError } from '../errors.ts';

export interface MonitoringSettings {
  /** Loopback unless told otherwise. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** The body of `/metrics`. */
  readonly metrics: () => string;
}

export interface MonitoringServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * The monitoring server, as Flume's: `/metrics` in any case gives the counters, `/` a link to them, anything else is 404; POST
 * and HEAD count as GET; TRACE and OPTIONS are refused.
 * @throws SluiceError ADDRESS_IN_USE or the like
 */
export async function startMonitoring(settings: MonitoringSettings): Promise<MonitoringServer> {
  const server = createServer({ requestTimeout: 10_000, maxHeaderSize: 16_384 }, (request, response) => {
    request.resume();
    if (request.method === 'TRACE' || request.method === 'OPTIONS') return void response.writeHead(403).end();
    const path = (request.url ?? '/').split('?', 1)[0]!;
    if (path.toLowerCase() === '/metrics') {
      response.writeHead(200, { 'Content-Type': 'application/json;charset=utf-8' }).end(settings.metrics());
    } else if (path === '/') {
      response
        .writeHead(200, { 'Content-Type': 'text/html;charset=utf-8' })
        // Flume's words, byte for byte.
        .end('For Flume metrics please click <a href = "./metrics"> here</a>.');
    } else {
      response.writeHead(404).end();
    }
  });
  server.maxConnections = 100;
  await listen(server, settings.host, settings.port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(fromSystemError(error, `monitoring on ${host}:${port}`)));
    server.listen(port, host, () => resolve());
  });
}
