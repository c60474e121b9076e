/** Java's `String.trim`: control characters and blanks, but not the no-break space, which is a byte of many UTF-8 letters. */
export function trim(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && text.charCodeAt(from) <= 0x20) from++;
  while (to > from && text.charCodeAt(to - 1) <= 0x20) to--;
  return text.slice(from, to);
}

/** The words of a list as Java splits it on `\s+`; again not at a no-break space. */
export function splitWords(list: string): string[] {
  return list.split(/[ \t\n\v\f\r]+/).filter((word) => word !== '');
}
