import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { SluiceError } from '../../errors.ts';
import type { LinePiece, LineSplitter } from '../../event/line-splitter.ts';

/** So much output is gathered while the channel is busy; then the command has to wait. */
const MAX_GATHERED = 1 << 20;
const SLAB = 1 << 20;
/** A read that brings as much has all but emptied a full pipe: there is more to come at once. */
const FLOOD = 32 << 10;
/** How long such a command may take to print more, before what is there goes on. */
const GATHER_MS = 2;
/** A slab with less room is left: a pipe gives up to 64 KiB at once. */
const MIN_ROOM = 64 << 10;

/** The two ends of a pipe, as descriptors. */
export interface Pipe {
  readonly read: number;
  readonly write: number;
}

/**
 * Makes a pipe, by way of a named one that is removed at once. Node itself gives children sockets: then `/dev/stdout` cannot be opened
 * by the command, as scripts do.
 *
 * @param path where the named pipe stands for a moment
 * @throws SluiceError COMMAND_FAILED
 */
export async function makePipe(path: string): Promise<Pipe> {
  let read: number | undefined;
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', path]);
    try {
      read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      return { read, write: openSync(path, constants.O_WRONLY) };
    } finally {
      unlinkSync(path);
    }
  } catch (error) {
    if (read !== undefined) closeSync(read);
    throw new SluiceError('COMMAND_FAILED', `cannot make the pipe ${path}`, error);
  }
}

/**
 * Reads the lines from a pipe. The kernel writes into the very Buffers that become batches. Measured with `cat` of 640 MB: 1.3 GB/s;
 * through Node's own stream, which makes a Buffer for each 64 KiB to be copied once more, an agent had half the speed and twice the memory.
 */
export class PipeReader {
  readonly #socket: Socket;
  readonly #splitter: LineSplitter;
  #pieces: LinePiece[] = [];
  #gathered = 0;
  #isEnded = false;
  /** For how long nothing may come before that counts as the end. */
  #patience = Number.POSITIVE_INFINITY;
  #wake: (() => void) | undefined;
  /** The buffer that is read into, what of it was not pushed yet, and where the next bytes go. */
  #buffer: Buffer;
  #at: number;
  #from: number;

  /** @param fd the reading end; it belongs to the reader from now on */
  constructor(fd: number, splitter: LineSplitter) {
    this.#splitter = splitter;
    const { buffer, from } = splitter.prepare(SLAB);
    this.#buffer = buffer;
    this.#from = from;
    this.#at = from;
    this.#socket = new Socket({
      fd,
      readable: true,
      writable: false,
      onread: { buffer: () => this.#room(), callback: (count) => this.#filled(count) },
    });
    const end = () => {
      this.#isEnded = true;
      this.#wake?.();
    };
    this.#socket.on('end', end).on('close', end).on('error', end);
    this.#socket.resume();
  }

  /** The lines that have come, none at the end; waits for something. */
  async next(): Promise<LinePiece[]> {
    for (;;) {
      await this.#gather();
      if (this.#at > this.#from) this.#pushInPlace();
      if (this.#pieces.length > 0 || (this.#isEnded && this.#at === this.#from)) break;
      // An unfinished line alone: read on.
      this.#goOn();
      await this.#somethingNew();
    }
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#goOn();
    return pieces;
  }

  /** While the command prints as fast as it can, more than what one read brings: batches of 64 KiB cost the channel and the sink half of their speed. */
  async #gather(): Promise<void> {
    let before = 0;
    while (this.#gathered - before >= FLOOD && this.#gathered < MAX_GATHERED / 2 && !this.#isEnded) {
      before = this.#gathered;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, GATHER_MS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Ends when nothing comes for so long, though somebody may still hold the other end open. */
  endWhenQuiet(ms: number): void {
    this.#patience = ms;
    this.#wake?.();
  }

  async #somethingNew(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#patience === Number.POSITIVE_INFINITY) return;
      timer = setTimeout(() => {
        this.#isEnded = true;
        resolve();
      }, this.#patience);
    });
    clearTimeout(timer);
  }

  #goOn(): void {
    this.#gathered = 0;
    if (!this.#isEnded) this.#socket.resume();
  }

  /** Where the kernel writes next: always right behind what it has written, or in a new slab. */
  #room(): Buffer {
    if (this.#buffer.length - this.#at < MIN_ROOM) {
      for (const piece of this.#splitter.push(this.#buffer, this.#at)) this.#pieces.push(piece);
      const { buffer, from } = this.#splitter.prepare(SLAB);
      this.#buffer = buffer;
      this.#from = from;
      this.#at = from;
    }
    return this.#buffer.subarray(this.#at);
  }

  #filled(count: number): boolean {
    this.#at += count;
    this.#gathered += count;
    this.#wake?.();
    return this.#gathered < MAX_GATHERED;
  }

  /** Takes what has come; the next bytes follow it in the same buffer, which the kernel may have been given already. */
  #pushInPlace(): void {
    for (const piece of this.#splitter.push(this.#buffer, this.#at)) this.#pieces.push(piece);
    const { buffer, from } = this.#splitter.prepareBehind(this.#buffer, this.#at);
    this.#buffer = buffer;
    this.#from = from;
    this.#at = from;
  }
}
