import { isFields, textOf } from '../payload.ts';

/** Deeper values are no text that anybody has written. */
const DEEPEST = 50;

/** Any value as text, whatever the order of its keys; null, empty texts and what is nested too deep are missing. */
export function stableText(value: unknown): string | undefined {
  const text = textOf(value);
  if (text !== undefined || typeof value !== 'object' || value === null) return text;
  return JSON.stringify(sorted(value, 0));
}

function sorted(value: unknown, depth: number): unknown {
  if (depth > DEEPEST) return null;
  if (Array.isArray(value)) return value.map((entry) => sorted(entry, depth + 1));
  if (!isFields(value)) return value;
  // Pairs, since a key may be `__proto__`.
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key], depth + 1)]),
  );
}
