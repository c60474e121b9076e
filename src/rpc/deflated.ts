import { Duplex } from 'node:stream';
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib';
import { SluiceError } from '../errors.ts';

/** What zlib gives out at a time. */
const CHUNK_BYTES = 64 << 10;

/**
 * A connection with one zlib stream in each direction, as Flume's `compression-type = deflate`: what is written together is
 * followed by a sync flush, so that the peer can read all of it.
 */
export class Deflated extends Duplex {
  readonly #inner: Duplex;
  readonly #deflate: Deflate;
  readonly #inflate: Inflate;

  /** @param level 0 to 9 */
  constructor(inner: Duplex, level: number) {
    super({ allowHalfOpen: true });
    this.#inner = inner;
    this.#deflate = createDeflate({ level, flush: constants.Z_SYNC_FLUSH, chunkSize: CHUNK_BYTES });
    // A peer never finishes its stream, it hangs up.
    this.#inflate = createInflate({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: CHUNK_BYTES });
    inner.pipe(this.#inflate);
    this.#deflate.pipe(inner);
    this.#inflate.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) this.#inflate.pause();
    });
    this.#inflate.on('end', () => this.push(null));
    this.#inflate.on('error', (error) =>
      this.destroy(new SluiceError('PROTOCOL', 'the peer does not send deflate (compression-type)', error)),
    );
    this.#deflate.on('error', (error) => this.destroy(error));
    inner.on('error', (error) => this.destroy(error));
    inner.on('close', () => {
      // Whatever has come before is still to be read; only a connection torn in the middle ends here.
      if (!inner.readableEnded) this.destroy();
    });
  }

  override _read(): void {
    this.#inflate.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#deflate.write(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    // One write, one flush: zlib would otherwise send its two bytes of header on their own, and each piece with a flush.
    this.#deflate.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#deflate.end();
    this.#inner.once('finish', () => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#inner.unpipe(this.#inflate);
    this.#inner.destroy();
    this.#inflate.destroy();
    this.#deflate.destroy();
    done(error);
  }
}
