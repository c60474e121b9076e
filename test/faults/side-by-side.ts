/** Does this for each of the things, some at a time, in their order: what is killed and started again mostly waits. */
export function sideBySide<T, R>(
  things: readonly T[],
  width: number,
  act: (thing: T) => Promise<R>,
): Map<T, Promise<R>> {
  const results = new Map<T, Promise<R>>();
  const queue = things.map((thing) => ({ thing, result: Promise.withResolvers<R>() }));
  for (const { thing, result } of queue) {
    // Whoever asks for it hears of a failure.
    result.promise.catch(() => {});
    results.set(thing, result.promise);
  }
  const work = async (): Promise<void> => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      const { thing, result } = job;
      await act(thing).then(result.resolve, result.reject);
    }
  };
  for (let lane = 0; lane < width; lane++) void work();
  return results;
}
