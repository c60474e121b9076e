import { crc32 } from 'node:zlib';
import type { Decompression } from './decompression.ts';
import { HEAD_BYTES, type Mark, TRAIL_BYTES } from './fingerprint.ts';
import type { SavedFile } from './saved-files.ts';

/** A file that was read, or is being read, as it lies or lay there. */
export interface Original {
  /** The mark of its beginning. */
  readonly head: Mark;
  readonly known: () => SavedFile;
  /** No path leads to it any more, so that nothing comes to it. */
  readonly isGone: boolean;
  /** Lines of it are still under way or to be read: `known` is not the last word. */
  readonly isBusy: boolean;
}

/**
 * What a compressed file turned out to be: a copy of that file, whose content was read up to this offset; no copy; or it is too early to tell, since it ends in
 * the middle, or has too little to compare (`short`), or since what may be the original is not read yet.
 */
export type Verdict = { readonly known: SavedFile; readonly offset: number } | 'none' | 'cut' | 'short' | 'busy';

interface Alike {
  readonly original: Original;
  readonly known: SavedFile;
}

const SLAB = 256 << 10;

/**
 * Finds the file that a compressed one is a copy of: its content begins as that one did and has, before the offset up to which that one was
 * read, what stood there.
 *
 * @param begin gives the content from its beginning
 * @throws CorruptError
 */
export async function findOriginal(begin: () => Decompression, originals: Iterable<Original>): Promise<Verdict> {
  const content = begin();
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const length = await content.read(head);
    const alike: Alike[] = [];
    for (const original of originals) {
      if (original.head.length === 0 && original.isBusy) return 'busy';
      if (beginsAs(head.subarray(0, length), original)) alike.push({ original, known: original.known() });
    }
    if (alike.length === 0) return length < HEAD_BYTES && (await content.end()) === 'cut' ? 'short' : 'none';
    const same = await compare(content, head.subarray(0, length), alike);
    return (await content.end()) === 'cut' ? 'cut' : judge(same, content.position);
  } finally {
    content.close();
  }
}

function beginsAs(head: Buffer, { head: mark }: Original): boolean {
  return mark.length > 0 && mark.length <= head.length && crc32(head.subarray(0, mark.length)) === mark.crc;
}

/** Reads on to the end. @returns those that have what stood before the offset that is known of them */
async function compare(content: Decompression, head: Buffer, alike: readonly Alike[]): Promise<Alike[]> {
  const waiting = alike.filter(({ known }) => known.before.length > 0);
  const same = alike.filter(({ known }) => known.before.length === 0);
  const buffer = Buffer.allocUnsafe(TRAIL_BYTES + SLAB);
  // The last bytes before are kept at the beginning of the buffer.
  let kept = head.copy(buffer);
  let at = 0;
  for (;;) {
    for (const one of [...waiting]) {
      const { before } = one.known;
      const from = before.at - before.length - at;
      if (before.at > at + kept) continue;
      waiting.splice(waiting.indexOf(one), 1);
      if (from >= 0 && crc32(buffer.subarray(from, from + before.length)) === before.crc) same.push(one);
    }
    const keep = Math.min(kept, TRAIL_BYTES);
    buffer.copyWithin(0, kept - keep, kept);
    at += kept - keep;
    const size = await content.read(buffer.subarray(keep));
    if (size === 0) return same;
    kept = keep + size;
  }
}

function judge(same: readonly Alike[], total: number): Verdict {
  let best: Exclude<Verdict, string> | undefined;
  for (const { original, known } of same) {
    const { pos, size, before } = known;
    // What is still there goes on being read there; a copy has nothing to add.
    const isWhole = original.isGone ? pos === total : size === total || pos === total;
    // A few lines of a beginning are alike in many files: better twice than not at all.
    const isRead = original.isGone && pos < total && before.length >= TRAIL_BYTES;
    if (original.isBusy && (isWhole || isRead)) return 'busy';
    const offset = isWhole ? total : isRead ? pos : -1;
    if (offset > (best?.offset ?? -1)) best = { known, offset };
  }
  return best ?? 'none';
}
