/** Platforms whose frames follow the same rules. */
export type Family = 'javascript' | 'native' | 'other';

const FAMILIES: ReadonlyMap<string, Family> = new Map([
  ['javascript', 'javascript'],
  ['node', 'javascript'],
  ['c', 'native'],
  ['native', 'native'],
  ['objc', 'native'],
  ['cocoa', 'native'],
  ['swift', 'native'],
]);

const WITH_CONTEXT_LINES: ReadonlySet<string> = new Set(['javascript', 'node', 'python', 'php', 'ruby']);

export function familyOf(platform: string): Family {
  return FAMILIES.get(platform) ?? 'other';
}

/** Whether lines of source code are of use: of other platforms they are missing or of the wrong line too often. */
export function usesContextLines(platform: string): boolean {
  return WITH_CONTEXT_LINES.has(platform);
}
