import { SluiceError } from '../../errors.ts';
import { guessProtocol } from '../guess-protocol.ts';

/**
 * The frame of Avro's Netty transport, the same in both directions. Numbers are 32 bits, big-endian:
 *
 *     pack    serial  count  buffer*count
 *     buffer  length  byte*length
 *
 * The buffers of a pack put together are its payload; where they are split means nothing, and they may be empty. A reply
 * carries the serial of its request.
 */

/** The largest payload taken when nothing else is said: 64 MiB of body and some room for headers. */
export const DEFAULT_MAX_FRAME_BYTES = 68 << 20;

const SERIAL = 0;
const COUNT = 1;
const LENGTH = 2;
const BYTES = 3;

/** Memory that is set aside on the word of the peer alone. */
const TRUSTED_BYTES = 64 << 10;
/** A first buffer up to this long holds a header; the events follow in the next. */
const HEADER_BYTES = 4096;

/** Takes a complete pack; the payload is the taker's to keep. */
export type OnPack = (serial: number, payload: Buffer) => void;

/**
 * Puts packs together from the chunks of a socket, split anywhere, in time linear to the bytes. A chunk is copied once and not held; memory
 * grows with what has come, not with the lengths that were announced.
 */
export class PackDecoder {
  readonly #maxBytes: number;
  readonly #onPack: OnPack;
  #state = SERIAL;
  #first = true;
  #int = 0;
  #intBytes = 0;
  #serial = 0;
  /** Buffers still to come, the current one included. */
  #buffers = 0;
  /** Bytes of the current buffer still to come. */
  #rest = 0;
  #frame: Buffer = Buffer.alloc(0);
  #used = 0;
  #previousSize = 0;

  /** @param maxBytes the largest payload */
  constructor(maxBytes: number, onPack: OnPack) {
    this.#maxBytes = maxBytes;
    this.#onPack = onPack;
  }

  /** Bytes of memory held by a pack that is not complete. */
  get heldBytes(): number {
    return this.#frame.length;
  }

  /** Whether the peer owes the rest of a pack. */
  get midPack(): boolean {
    return this.#state !== SERIAL || this.#intBytes > 0;
  }

  /**
   * Takes the next bytes and calls `onPack` for each pack they complete.
   *
   * @throws SluiceError TOO_LARGE or PROTOCOL; the stream can then not be read on
   */
  push(chunk: Buffer): void {
    if (this.#first && chunk.length > 0) {
      this.#first = false;
      const guess = guessProtocol(chunk);
      if (guess !== undefined) throw new SluiceError('PROTOCOL', `this is not Avro: ${guess}`);
    }
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === BYTES) {
        const end = Math.min(chunk.length, at + this.#rest);
        this.#append(chunk, at, end);
        at = end;
        if (this.#rest === 0) this.#endBuffer();
      } else {
        this.#int = (this.#int << 8) | chunk[at++]!;
        if (++this.#intBytes === 4) this.#number(this.#int);
      }
    }
  }

  #number(value: number): void {
    this.#int = 0;
    this.#intBytes = 0;
    if (this.#state === SERIAL) {
      this.#serial = value;
      this.#state = COUNT;
    } else if (this.#state === COUNT) {
      if (value <= 0) throw new SluiceError('PROTOCOL', `a pack of ${value} buffers`);
      // Each buffer costs the peer 4 bytes even if it is empty: no pack of more than the limit on the wire either.
      if (value > this.#maxBytes / 4) {
        throw new SluiceError('TOO_LARGE', `a pack of ${value} buffers; at most ${Math.floor(this.#maxBytes / 4)}`);
      }
      this.#buffers = value;
      this.#state = LENGTH;
    } else {
      if (value < 0) throw new SluiceError('PROTOCOL', `a buffer of ${value} bytes`);
      if (this.#used + value > this.#maxBytes) {
        throw new SluiceError('TOO_LARGE', `a pack of ${this.#used + value} bytes; at most ${this.#maxBytes}`);
      }
      this.#rest = value;
      if (value === 0) this.#endBuffer();
      else this.#state = BYTES;
    }
  }

  #append(chunk: Buffer, from: number, to: number): void {
    const size = to - from;
    if (this.#used + size > this.#frame.length) this.#grow(size);
    chunk.copy(this.#frame, this.#used, from, to);
    this.#used += size;
    this.#rest -= size;
  }

  /** Makes room for `size` bytes more: at once as much as will be needed, if it is little or the last pack was as large. */
  #grow(size: number): void {
    const known = this.#used + this.#rest;
    const like = this.#previousSize + (this.#previousSize >>> 3);
    const last = this.#buffers === 1;
    // Java splits a pack into buffers of 8 KiB: then only the pack before tells how long it will be.
    let capacity = last || known <= HEADER_BYTES ? known : Math.max(known, like);
    const trusted = Math.max(TRUSTED_BYTES, like);
    if (capacity > trusted) capacity = Math.max(trusted, Math.min(known, 2 * (this.#used + size)));
    // Doubling keeps the copies linear when the end is not known.
    if (!last) capacity = Math.max(capacity, Math.min(2 * this.#used, this.#maxBytes));
    const frame = Buffer.allocUnsafeSlow(capacity);
    this.#frame.copy(frame, 0, 0, this.#used);
    this.#frame = frame;
  }

  #endBuffer(): void {
    this.#state = LENGTH;
    if (--this.#buffers > 0) return;
    this.#state = SERIAL;
    const frame = this.#frame;
    const used = this.#used;
    this.#frame = Buffer.alloc(0);
    this.#used = 0;
    this.#previousSize = used;
    // The payload lives as long as its events: it must not pin much more than them.
    const payload = used * 4 >= frame.length * 3 ? frame.subarray(0, used) : copyOf(frame.subarray(0, used));
    this.#onPack(this.#serial, payload);
  }
}

function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

/**
 * What goes before the last buffer of a pack: serial, count, the other buffers, the length of the last. The last one is
 * written after it as it is, so that a body of megabytes is not copied; both go out as one (`cork`).
 */
export function packHead(serial: number, buffers: readonly Buffer[], lastLength: number): Buffer {
  let size = 12;
  for (const buffer of buffers) size += 4 + buffer.length;
  const head = Buffer.allocUnsafe(size);
  head.writeInt32BE(serial, 0);
  head.writeInt32BE(buffers.length + 1, 4);
  let at = 8;
  for (const buffer of buffers) {
    head.writeInt32BE(buffer.length, at);
    buffer.copy(head, at + 4);
    at += 4 + buffer.length;
  }
  head.writeInt32BE(lastLength, at);
  return head;
}

/** A whole pack of small buffers in one. */
export function packOf(serial: number, buffers: readonly Buffer[]): Buffer {
  const last = buffers.at(-1)!;
  return Buffer.concat([packHead(serial, buffers.slice(0, -1), last.length), last]);
}
