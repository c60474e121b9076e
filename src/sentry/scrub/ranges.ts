/** What stands in place of a secret. */
export const FILTERED = '[Filtered]';
/** What stands in place of an IP address. */
export const IP = '[ip]';

/** Parts of a text that are to be replaced. */
export class Ranges {
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly texts: string[] = [];
  #last = 0;
  #ordered = true;

  get size(): number {
    return this.starts.length;
  }

  add(start: number, end: number, text: string): void {
    if (start < this.#last) this.#ordered = false;
    this.#last = end;
    this.starts.push(start);
    this.ends.push(end);
    this.texts.push(text);
  }

  /** The same in order; of those that overlap one, over all of them, with the text of the one that begins first (of two, the longer one). */
  settled(): Ranges {
    if (this.#ordered) return this;
    const { starts, ends, texts } = this;
    const order = starts.map((_, i) => i).sort((a, b) => starts[a]! - starts[b]! || ends[b]! - ends[a]!);
    const merged = new Ranges();
    for (const i of order) {
      const last = merged.size - 1;
      if (last < 0 || starts[i]! >= merged.ends[last]!) merged.add(starts[i]!, ends[i]!, texts[i]!);
      else if (ends[i]! > merged.ends[last]!) merged.ends[last] = ends[i]!;
    }
    return merged;
  }
}

/** A copy of the bytes with the ranges of their `latin1` text replaced. */
export function replaceRanges(bytes: Buffer, found: Ranges): Buffer {
  const { size, starts, ends, texts } = found.settled();
  let length = bytes.length;
  for (let i = 0; i < size; i++) length += texts[i]!.length - (ends[i]! - starts[i]!);
  const out = Buffer.allocUnsafe(length);
  let at = 0;
  let from = 0;
  for (let i = 0; i < size; i++) {
    at += bytes.copy(out, at, from, starts[i]!);
    at += out.write(texts[i]!, at, 'latin1');
    from = ends[i]!;
  }
  bytes.copy(out, at, from);
  return out;
}
