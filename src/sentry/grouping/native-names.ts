/** Longer names come from templates gone wild; they are taken as they are. */
const LONGEST_NAME = 2048;

const RUST_HASH = /::h[0-9a-f]{16}$/;
const CLONE = '[clone ';
const OPERATOR = /\boperator ?(?:\(\)|<=>|<<=?|>>=?|->\*?|<=?|>=?)/g;
/** Stand for the signs of operators while brackets are matched. */
const SIGNS: readonly [string, string][] = [
  ['(', '\u{e000}'],
  [')', '\u{e001}'],
  ['<', '\u{e002}'],
  ['>', '\u{e003}'],
  ['-', '\u{e004}'],
];
const ANONYMOUS = '\u{e005}';
const TRAILERS = [' const', ' volatile', ' noexcept', ' throws', ' async', '&'];

/**
 * The bare name of a function in C, C++, Rust, Objective-C or Swift: without arguments, return type and template arguments, which
 * compilers write each in their own way.
 */
export function bareNativeFunction(given: string): string {
  const name = given.trim();
  if (name.length > LONGEST_NAME || /^[-+]?\[/.test(name)) return name;
  const clone = name.indexOf(CLONE);
  let bare = (clone < 0 ? name : name.slice(0, clone).trimEnd()).replace(RUST_HASH, '');
  if (!/[\s(<]/.test(bare)) return bare === '' ? name : bare;
  bare = bare.replace(OPERATOR, (operator) => swap(operator.replace(' ', ''), true));
  bare = bare.replaceAll('(anonymous namespace)', ANONYMOUS).replaceAll("`anonymous namespace'", ANONYMOUS);
  // `<Cart as Shop>::add` and `<Cart>::add` are of Cart.
  if (bare.startsWith('<')) bare = ownType(bare);
  const arrow = bare.indexOf(' ->');
  if (arrow > 0) bare = bare.slice(0, arrow);
  bare = withoutTrailers(withoutEnclosed(withoutEnclosed(bare, '(', ')'), '<', '>'));
  bare = lastWord(bare);
  bare = swap(bare.replace(/^[*&]+/, ''), false).replaceAll(ANONYMOUS, '(anonymous namespace)');
  return bare === '' ? name : bare;
}

function swap(text: string, hide: boolean): string {
  let out = text;
  for (const [sign, stand] of SIGNS) out = hide ? out.replaceAll(sign, stand) : out.replaceAll(stand, sign);
  return out;
}

function withoutTrailers(text: string): string {
  let bare = text.trimEnd();
  for (let trailer = trailerOf(bare); trailer !== undefined; trailer = trailerOf(bare)) {
    bare = bare.slice(0, -trailer.length).trimEnd();
  }
  return bare;
}

function trailerOf(text: string): string | undefined {
  return TRAILERS.find((trailer) => text.endsWith(trailer));
}

/** What stands behind the return type. */
function lastWord(text: string): string {
  for (let i = text.length - 1; i >= 0; i--) if (/\s/.test(text[i]!)) return text.slice(i + 1);
  return text;
}

/** The text without what stands in brackets, and without those. */
function withoutEnclosed(text: string, open: string, close: string): string {
  if (!text.includes(open)) return text;
  let out = '';
  let depth = 0;
  for (const char of text) {
    if (char === open) depth++;
    else if (char === close && depth > 0) depth--;
    else if (depth === 0) out += char;
  }
  return out;
}

/** `<A as B>::c` as `A::c`. */
function ownType(text: string): string {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '<') depth++;
    else if (text[i] === '>' && --depth === 0) {
      const inner = withoutEnclosed(text.slice(1, i), '<', '>');
      return inner.split(' as ', 1)[0]! + text.slice(i + 1);
    }
  }
  return text;
}
