import { type LinePiece, LineSplitter } from '../../src/event/line-splitter.ts';
import type { Chunk, Shaper } from '../../src/tail/chunk.ts';

/** An event as a shaper gave it. */
export interface Shaped {
  readonly text: string;
  /** The offset of its first byte in the file, and where the next event begins. */
  readonly offset: number;
  readonly next: number;
  /** Where the file must be read from to get this event again. */
  readonly resume: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Writes bytes to a file that is read in pieces, and gathers what a shaper makes of its lines. */
export class Shaping {
  readonly events: Shaped[] = [];
  readonly chunks: Chunk[] = [];
  readonly #shaper: Shaper;
  readonly #splitter: LineSplitter;

  constructor(shaper: Shaper, offset = 0, maxLength = 1 << 20) {
    this.#shaper = shaper;
    this.#splitter = new LineSplitter({ maxLength, longLine: 'cut', bareCr: false, onLongLine: () => {} }, offset);
  }

  /** Reads these bytes in pieces of the sizes given, one after another and from the first again. */
  write(bytes: Buffer | string, sizes: readonly number[] = [1 << 20]): this {
    const all = Buffer.from(bytes);
    for (let at = 0, i = 0; at < all.length; i++) {
      const size = Math.min(all.length - at, Math.max(1, sizes[i % sizes.length]!));
      const { buffer, from } = this.#splitter.prepare(size);
      all.copy(buffer, from, at, at + size);
      at += size;
      for (const piece of this.#splitter.push(buffer, from + size)) this.#push(piece);
    }
    return this;
  }

  flush(): this {
    this.#take(this.#shaper.flush());
    return this;
  }

  get texts(): string[] {
    return this.events.map((event) => event.text);
  }

  #push(piece: LinePiece): void {
    this.#take(this.#shaper.push(piece, this.#splitter.rows(piece)));
  }

  #take(chunks: readonly Chunk[]): void {
    for (const chunk of chunks) {
      this.chunks.push(chunk);
      const { starts, ends, places, offset, body, resumes } = chunk;
      for (let row = 0; row < starts.length; row++) {
        const headers: Record<string, string> = {};
        for (const column of chunk.headers) {
          const value = column.value(row);
          if (value !== undefined) headers[column.name] = value;
        }
        this.events.push({
          text: body.toString('utf8', starts[row], ends[row]),
          offset: offset + places[row]!,
          next: row + 1 < starts.length ? offset + places[row + 1]! : chunk.end,
          resume: resumes?.[row] ?? offset + places[row]!,
          headers,
        });
        if (chunk.delimiter >= 0) {
          const next = row + 1 < starts.length ? starts[row + 1]! : ends[row]! + 1;
          if (body[ends[row]!] !== chunk.delimiter || next !== ends[row]! + 1)
            throw new Error(`row ${row} is not followed by its delimiter`);
        }
      }
    }
  }
}
