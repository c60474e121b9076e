/** Java's POSIX classes, ASCII alone, as the inside of a class under the flag v. */
export const PROPERTIES: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null), {
  Lower: 'a-z',
  Upper: 'A-Z',
  ASCII: '\\x00-\\x7F',
  Alpha: 'a-zA-Z',
  Digit: '0-9',
  Alnum: 'a-zA-Z0-9',
  Punct: '\\x21-\\x2F\\x3A-\\x40\\x5B-\\x60\\x7B-\\x7E',
  Graph: '\\x21-\\x7E',
  Print: '\\x20-\\x7E',
  Blank: '\\x20\\t',
  Cntrl: '\\x00-\\x1F\\x7F',
  XDigit: '0-9a-fA-F',
  Space: '\\x20\\t\\n\\x0B\\f\\r',
  javaLowerCase: '\\p{Lowercase}',
  javaUpperCase: '\\p{Uppercase}',
  javaWhitespace: '\\t-\\r\\x1C-\\x1F\\x20\\u1680\\u2000-\\u2006\\u2008-\\u200A\\u2028\\u2029\\u205F\\u3000',
});

const HORIZONTAL = '\\x20\\t\\xA0\\u1680\\u180E\\u2000-\\u200A\\u202F\\u205F\\u3000';
const VERTICAL = '\\n\\x0B\\f\\r\\x85\\u2028\\u2029';

/** The sets of one letter behind a backslash. Java's \s knows ASCII alone. */
export function predefined(letter: string): string | undefined {
  switch (letter) {
    case 'd':
      return '[0-9]';
    case 'D':
      return '[^0-9]';
    case 'w':
      return '[a-zA-Z0-9_]';
    case 'W':
      return '[^a-zA-Z0-9_]';
    case 's':
      return `[${PROPERTIES['Space']}]`;
    case 'S':
      return `[^${PROPERTIES['Space']}]`;
    case 'h':
      return `[${HORIZONTAL}]`;
    case 'H':
      return `[^${HORIZONTAL}]`;
    case 'v':
      return `[${VERTICAL}]`;
    case 'V':
      return `[^${VERTICAL}]`;
    default:
      return undefined;
  }
}

/** A Unicode property by JavaScript's name: L, Lu, IsAlphabetic, IsLatin, script=Latin; `undefined` for blocks and unknown ones. */
export function unicodeProperty(name: string): string | undefined {
  const assigned = /^(?:(script|sc)|(?:general_category|gc))=(.+)$/i.exec(name);
  const bare = name.replace(/^Is/, '');
  const candidates = assigned
    ? [assigned[1] === undefined ? assigned[2] : `Script=${capital(assigned[2])}`]
    : [bare, `Script=${capital(bare)}`, BINARY[bare.toLowerCase()] ?? bare];
  return candidates.find(isProperty);
}

/** Java takes the names of binary properties in any case. */
const BINARY: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null), {
  alphabetic: 'Alphabetic',
  ideographic: 'Ideographic',
  letter: 'L',
  lowercase: 'Lowercase',
  uppercase: 'Uppercase',
  titlecase: 'Lt',
  punctuation: 'P',
  control: 'Cc',
  white_space: 'White_Space',
  digit: 'Nd',
  hex_digit: 'Hex_Digit',
  assigned: 'Assigned',
  emoji: 'Emoji',
});

function isProperty(name: string): boolean {
  if (!/^[A-Za-z_=]+$/.test(name)) return false;
  try {
    new RegExp(`\\p{${name}}`, 'v');
    return true;
  } catch {
    return false;
  }
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();
}

/** Whether it is a letter of ASCII. */
function isAscii(c: string): boolean {
  return /^[a-zA-Z]$/.test(c);
}

/** The other cases of a character: for ASCII alone, or as Unicode has them. */
function otherCases(c: string, unicode: boolean): string[] {
  if (!unicode && !isAscii(c)) return [];
  const cases = [c.toLowerCase(), c.toUpperCase()];
  return [...new Set(cases)].filter((other) => other !== c && Array.from(other).length === 1);
}

/** `\Q…\E` with each of its characters escaped, as Java does it too, so that a quantifier behind it belongs to the last one. */
export function withoutQuotes(pattern: string): string {
  return pattern.replace(/\\Q([\s\S]*?)(?:\\E|$)|\\[\s\S]/g, (whole, quoted: string | undefined) =>
    quoted === undefined ? whole : quoted.replace(/[\x00-\x7f]/g, (c) => (/[a-zA-Z0-9]/.test(c) ? c : `\\${c}`)),
  );
}

/** The flags that say which cases are the same. */
interface CaseFlags {
  readonly i: boolean;
  readonly u: boolean;
}

/** A character by its number, so that none has a meaning; letters and digits as they are. */
function plain(c: string): string {
  return /[a-zA-Z0-9]/.test(c) ? c : `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`;
}

/** A character of a pattern, in its other cases too under (?i). */
export function literal(c: string, flags: CaseFlags): string {
  const cases = flags.i ? otherCases(c, flags.u) : [];
  return cases.length === 0 ? plain(c) : `[${plain(c)}${cases.map(plain).join('')}]`;
}

/** A range as a part of a class, in its other cases too under (?i): (?u) counts for single characters. */
export function range(from: string, to: string, flags: CaseFlags): string {
  const out = from === to ? plain(from) : `${plain(from)}-${plain(to)}`;
  if (!flags.i) return out;
  if (from === to) return out + otherCases(from, flags.u).map(plain).join('');
  let more = '';
  for (let code = 0x41; code <= 0x7a; code++) {
    const c = String.fromCharCode(code);
    if (isAscii(c) && c >= from && c <= to) more += otherCases(c, false).map(plain).join('');
  }
  return out + more;
}
