/** The lines of `wanted` that `found` lacks, each as often as it lacks it; what `found` has beyond that does not matter. */
export function missingLines(wanted: string, found: string): string[] {
  const counts = new Map<string, number>();
  for (const line of found.split('\n')) counts.set(line, (counts.get(line) ?? 0) + 1);
  return wanted.split('\n').filter((line) => {
    const count = counts.get(line) ?? 0;
    counts.set(line, count - 1);
    return count <= 0;
  });
}
