/**
 * The order in which a Java HashMap with these keys is iterated, as row numbers into `names`. Flume's sources copy the headers of an event
 * into a new HashMap, which takes the smallest power of two that holds them at a load of 0.75; keys that fall into one
 * bucket keep their order.
 */
export function javaHashOrder(names: readonly string[]): number[] {
  const wanted = Math.floor(names.length / 0.75 + 1);
  let buckets = 1;
  while (buckets < wanted) buckets *= 2;
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
