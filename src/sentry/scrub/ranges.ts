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

/** The text with the ranges replaced, which are settled. */
export function replaced(text: string, { size, starts, ends, texts }: Ranges): string {
  let out = '';
  let from = 0;
  for (let i = 0; i < size; i++) {
    out += text.slice(from, starts[i]!) + texts[i]!;
    from = ends[i]!;
  }
  return out + text.slice(from);
}

/** Both at once: what was replaced first, and what was replaced in the outcome of that. Both are settled. */
export function composed(first: Ranges, second: Ranges): Ranges {
  const both = new Ranges();
  let next = 0;
  let shift = 0;
  // A place in the outcome as a place before: of what was replaced there its start, or its end.
  const before = (place: number, end: boolean): number => {
    while (next < first.size) {
      const start = first.starts[next]! + shift;
      const stop = start + first.texts[next]!.length;
      if (end ? place <= start : place < start) break;
      if (end ? place <= stop : place < stop) return end ? first.ends[next]! : first.starts[next]!;
      shift += first.texts[next]!.length - (first.ends[next]! - first.starts[next]!);
      next++;
    }
    return place - shift;
  };
  for (let i = 0; i < second.size; i++)
    both.add(before(second.starts[i]!, false), before(second.ends[i]!, true), second.texts[i]!);
  for (let i = 0; i < first.size; i++) both.add(first.starts[i]!, first.ends[i]!, first.texts[i]!);
  return both.settled();
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
