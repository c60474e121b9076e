/** What an empty HashMap becomes with its first key. */
const DEFAULT_BUCKETS = 16;

/**
 * The order in which a Java HashMap with these keys is iterated, as row numbers into `names`. Flume's sources copy the headers of an
 * event into a new HashMap, which takes the smallest power of two that holds them at a load of 0.75; one that had none begins with
 * 16 buckets. It doubles when further keys need it. Keys that fall into one bucket keep their order.
 *
 * @param copied how many of the first names the map was made with; the others were put into it later
 */
export function javaHashOrder(names: readonly string[], copied = names.length): number[] {
  const wanted = Math.floor(copied / 0.75 + 1);
  let buckets = copied === 0 ? DEFAULT_BUCKETS : 1;
  while (buckets < wanted) buckets *= 2;
  while (Math.floor(buckets * 0.75) < names.length) buckets *= 2;
  const bucketOf = names.map((name) => spread(javaHashCode(name)) & (buckets - 1));
  return [...names.keys()].sort((a, b) => bucketOf[a]! - bucketOf[b]! || a - b);
}

/** String.hashCode: over UTF-16 units, in 32 bits. */
export function javaHashCode(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0;
  return hash;
}

/** HashMap.hash. */
function spread(hash: number): number {
  return hash ^ (hash >>> 16);
}
