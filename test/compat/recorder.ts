import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** The bytes of one connection, each way. */
export type Recording = { toSource: Buffer[]; fromSource: Buffer[] };

/** A proxy from one port to another that keeps the bytes of every connection, in the order of connecting. */
export class Recorder {
  readonly connections: Recording[] = [];
  /** Keep only so many bytes each way. */
  readonly head: number | undefined;
  #server: Server;
  #sockets = new Set<Socket>();
  #frozen = false;

  private constructor(server: Server, to: number, head: number | undefined) {
    this.#server = server;
    this.head = head;
    server.on('connection', (client) => this.#pair(client, to));
  }

  static async start(from: number, to: number, head?: number): Promise<Recorder> {
    const server = createServer({ allowHalfOpen: true });
    const recorder = new Recorder(server, to, head);
    server.listen(from, '127.0.0.1');
    await once(server, 'listening');
    return recorder;
  }

  #pair(client: Socket, to: number): void {
    const server = connect({ host: '127.0.0.1', port: to, allowHalfOpen: true });
    const recording: Recording = { toSource: [], fromSource: [] };
    let kept = false;
    const keep = (list: Buffer[]) => (chunk: Buffer) => {
      if (this.#frozen) return;
      // Who only connects and says nothing leaves no recording.
      if (!kept) this.connections.push(recording);
      kept = true;
      list.push(chunk);
    };
    client.on('data', keep(recording.toSource)).pipe(server);
    server.on('data', keep(recording.fromSource)).pipe(client);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ]) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroySoon();
      });
    }
  }

  /** From now on bytes are passed on, but not kept. */
  freeze(): void {
    this.#frozen = true;
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
