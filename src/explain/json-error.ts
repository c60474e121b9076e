const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const VALUE = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null|NaN|-?Infinity/y;
const BLANKS = /[ \t\r\n]*/y;

/** What may stand next. */
type Expected = 'a value' | 'a value or ]' | 'a name or }' | 'a name' | 'a colon' | 'a comma or the end';

/** Where a text stops to be JSON, which the engine does not always say: `line 4, column 1: a value is missing`. */
export function whereBroken(text: string): string {
  const open: ('}' | ']')[] = [];
  let expected: Expected = 'a value';
  let at = skip(BLANKS, text, 0);
  while (at < text.length) {
    const c = text[at]!;
    const top = open.at(-1);
    let next: number;
    if (expected === 'a comma or the end') {
      if (top === undefined) return said(text, at, 'something stands behind the end');
      if (c !== ',' && c !== top) break;
      if (c === top) open.pop();
      else expected = top === '}' ? 'a name' : 'a value';
      next = at + 1;
    } else if (expected === 'a colon') {
      if (c !== ':') break;
      expected = 'a value';
      next = at + 1;
    } else if ((c === '}' && expected === 'a name or }') || (c === ']' && expected === 'a value or ]')) {
      open.pop();
      expected = 'a comma or the end';
      next = at + 1;
    } else if (expected === 'a name' || expected === 'a name or }') {
      next = skipString(text, at);
      if (next === at) break;
      expected = 'a colon';
    } else if (c === '{' || c === '[') {
      open.push(c === '{' ? '}' : ']');
      expected = c === '{' ? 'a name or }' : 'a value or ]';
      next = at + 1;
    } else {
      next = c === '"' ? skipString(text, at) : skip(VALUE, text, at);
      if (next === at) break;
      expected = 'a comma or the end';
    }
    at = skip(BLANKS, text, next);
  }
  if (text[at] === '"' && expected !== 'a comma or the end' && expected !== 'a colon') {
    return said(text, at, 'the text that begins here has no end, or a line break or an escape that is none');
  }
  const missing = expected === 'a comma or the end' && open.length > 0 ? `a comma or ${open.at(-1)}` : expected;
  return said(text, at, at === text.length ? `it ends where ${missing} must stand` : `${missing} must stand here`);
}

function said(text: string, at: number, what: string): string {
  const line = text.slice(0, at).split('\n').length;
  return `line ${line}, column ${at - text.lastIndexOf('\n', at - 1)}: ${what}`;
}

/** Behind the string at a place, or that place when there is none. A pattern for all of it would need a stack as deep as the string is long. */
function skipString(text: string, start: number): number {
  if (text[start] !== '"') return start;
  for (let at = start + 1; at < text.length; ) {
    const c = text.charCodeAt(at);
    if (c === 0x22) return at + 1;
    const next = c === 0x5c ? skip(ESCAPE, text, at) : at + 1;
    if (c < 0x20 || next === at) return start;
    at = next;
  }
  return start;
}

/** Behind what a sticky pattern matches at a place. */
function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
