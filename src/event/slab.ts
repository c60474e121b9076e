const LEAST_BYTES = 16 * 1024;
/** No more than this is taken on the strength of the last piece: thousands of files may hold a slab each, and most of them rest. */
const MOST_AHEAD = 256 * 1024;

const NOTHING: Buffer = Buffer.alloc(0);

/**
 * A Buffer that grows while it is written, and is handed on in pieces. What was handed on is never written to again; what is left of the Buffer serves
 * for the next piece. Hot loops ask for room once a row and write into `bytes` themselves.
 */
export class Slab {
  bytes: Buffer = NOTHING;
  /** Where the next byte goes. */
  at = 0;
  #start = 0;
  #lastPiece = 0;

  /** Bytes of the piece so far. */
  get length(): number {
    return this.at - this.#start;
  }

  /** Makes room for `count` more bytes; `bytes` and `at` may be others after it. */
  ensure(count: number): void {
    if (this.at + count > this.bytes.length) this.#grow(count);
  }

  /** The piece; the next one begins behind it. */
  take(): Buffer {
    const piece = this.bytes.subarray(this.#start, this.at);
    this.#lastPiece = piece.length;
    if (this.at > this.bytes.length * 0.75) {
      this.bytes = NOTHING;
      this.at = 0;
    }
    this.#start = this.at;
    return piece;
  }

  #grow(count: number): void {
    const held = this.length;
    // The next piece will be about as long as the last one was.
    const ahead = Math.min(MOST_AHEAD, this.#lastPiece + count);
    const next = Buffer.allocUnsafeSlow(Math.max(LEAST_BYTES, ahead, held * 2, held + count));
    this.bytes.copy(next, 0, this.#start, this.at);
    this.bytes = next;
    this.#start = 0;
    this.at = held;
  }
}
