/** Splits at blanks as Java's `\s+` does: only at those of ASCII. */
export function javaWords(text: string): string[] {
  return text.split(/[ \t\n\v\f\r]+/);
}
