import { type Fields, fieldsOf, textOf } from '../payload.ts';

/**
 * Exception groups: several exceptions that were raised together, as a tree by `exception_id` and `parent_id` of their mechanisms. How many of
 * a kind there were, and in which order, is chance.
 */

interface Node {
  readonly exception: Fields;
  readonly isGroup: boolean;
  readonly children: Node[];
}

/**
 * The exceptions that count. Without groups all of them; of one kind of exception that and its causes; of several one of
 * each and the root. A tree that is broken counts as none.
 * @param identity the same for exceptions of the same kind
 */
export function distinctOfGroups(
  exceptions: readonly Fields[],
  identity: (exception: Fields) => string,
): readonly Fields[] {
  if (exceptions.length < 2 || !exceptions.some(isGroup)) return exceptions;
  const root = treeOf(exceptions);
  if (root === undefined) return exceptions;
  const tops = new Map<string, Node>();
  for (const node of topLevel(root)) {
    const key = identity(node.exception);
    if (!tops.has(key)) tops.set(key, node);
  }
  if (tops.size === 0) return exceptions;
  if (tops.size === 1) {
    const path = new Set(firstPath([...tops.values()][0]!));
    return exceptions.filter((exception) => path.has(exception));
  }
  const sorted = [...tops].sort(([a, { exception: x }], [b, { exception: y }]) => {
    return compare(textOf(y['type']) ?? '', textOf(x['type']) ?? '') || compare(a, b);
  });
  return [...sorted.map(([, { exception }]) => exception), root.exception];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isGroup(exception: Fields): boolean {
  return fieldsOf(exception['mechanism'])?.['is_exception_group'] === true;
}

/** The root, which has number 0; `undefined` when numbers are missing, or some twice, or one's parent is itself. */
function treeOf(exceptions: readonly Fields[]): Node | undefined {
  const nodes = new Map<number, Node>();
  const parents = new Map<number, number>();
  // The latest of the list is the first that was raised.
  for (const exception of exceptions.toReversed()) {
    const mechanism = fieldsOf(exception['mechanism']);
    const id = mechanism?.['exception_id'];
    const parent = mechanism?.['parent_id'];
    if (typeof id !== 'number' || id === parent || nodes.has(id)) return undefined;
    nodes.set(id, { exception, isGroup: isGroup(exception), children: [] });
    if (typeof parent === 'number') parents.set(id, parent);
  }
  for (const [id, parent] of parents) nodes.get(parent)?.children.push(nodes.get(id)!);
  return nodes.get(0);
}

/** The nearest below the root that are no groups. */
function topLevel(root: Node): Node[] {
  const found: Node[] = [];
  const seen = new Set<Node>();
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.isGroup) open.push(...node.children.toReversed());
    else found.push(node);
  }
  return found;
}

/** An exception and its causes, by the first of each. */
function firstPath(top: Node): Fields[] {
  const path = new Set<Fields>();
  for (let node: Node | undefined = top; node !== undefined && !path.has(node.exception); node = node.children[0]) {
    path.add(node.exception);
  }
  return [...path];
}
