/** The number of edits (insert, delete, replace, swap neighbours) between two words, ignoring case. */
export function editDistance(left: string, right: string): number {
  const a = left.toLowerCase();
  const b = right.toLowerCase();
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/** The valid word that was most likely meant, or `undefined` when none is near (a third of its letters differ). */
export function nearest(word: string, valid: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of valid) {
    // A forgotten or superfluous prefix (`rollSize` for `hdfs.rollSize`) is a near miss too.
    const distance =
      candidate.toLowerCase().endsWith(`.${word.toLowerCase()}`) ||
      word.toLowerCase().endsWith(`.${candidate.toLowerCase()}`)
        ? 0.5
        : editDistance(word, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  if (best === undefined) return undefined;
  const shorter = Math.min(word.length, best.length);
  // One letter is not a misspelling of another one.
  return bestDistance < shorter && bestDistance <= Math.max(1, Math.floor(shorter / 3)) ? best : undefined;
}

/**
 * Whether a word is plainly another one misspelt: two edits away at the most, or short of a prefix. A word that is merely like it may be
 * an option of another version or component.
 */
export function isSlip(word: string, valid: string): boolean {
  return valid.toLowerCase().endsWith(`.${word.toLowerCase()}`) || editDistance(word, valid) <= 2;
}
