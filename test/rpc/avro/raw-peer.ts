import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { withDeadline } from '../../support/wait-for.ts';

/** A bare connection that sends bytes and collects those that come back. */
export class RawPeer {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  static async open(port: number): Promise<RawPeer> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RawPeer(socket);
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Takes so many bytes, fewer if the other side hung up. */
  async read(length: number): Promise<Buffer> {
    while (this.#received.length < length && !this.#ended) await this.#change();
    const taken = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return taken;
  }

  /** Waits until the other side has hung up; gives what came before. */
  async readAll(): Promise<Buffer> {
    while (!this.#ended) await this.#change();
    return this.#received;
  }

  close(): void {
    this.socket.destroy();
  }

  #change(): Promise<void> {
    const changed = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    return withDeadline(changed, 10_000, 'bytes or the end of the connection');
  }
}
