import { JavaRegexError, Translator } from './java-regex-translator.ts';

export { JavaRegexError };

/** A Java pattern as a JavaScript one. */
export interface JavaRegex {
  readonly regex: RegExp;
  /** How many groups Java counts in it. */
  readonly groups: number;
  /** The numbers of its named groups. */
  readonly names: ReadonlyMap<string, number>;
  /** What group `n` (as Java counts) caught in a match of `regex`; 0 is the whole. */
  group(match: RegExpExecArray, n: number): string | undefined;
}

/**
 * Translates a pattern of `java.util.regex`. `full`: it must match the whole text, as `Matcher.matches()`; `global`: for a
 * search through a text by `lastIndex`. Case is ignored for ASCII alone unless `(?u)`, `.` and `$` know Java's line ends, possessive quantifiers
 * and atomic groups do not give back.
 *
 * @throws JavaRegexError with what cannot be translated and its place
 */
export function javaRegex(pattern: string, options: { full?: boolean; global?: boolean } = {}): JavaRegex {
  const translated = new Translator(pattern).run();
  const source = options.full ? `^(?:${translated.source})$` : translated.source;
  let regex: RegExp;
  try {
    regex = new RegExp(source, options.global ? 'gv' : 'v');
  } catch (error) {
    throw new JavaRegexError(`"${pattern}": ${error instanceof Error ? error.message : String(error)}`);
  }
  const { groups, names, hasHelpers } = translated;
  const group = hasHelpers
    ? (match: RegExpExecArray, n: number) => (n === 0 ? match[0] : match.groups?.[`g${n}`])
    : (match: RegExpExecArray, n: number) => match[n];
  return { regex, groups, names, group };
}

/** What is wrong with a Java pattern, or `undefined`: for the check of an option. */
export function javaRegexProblem(pattern: string): string | undefined {
  try {
    javaRegex(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
