import { randomUUID } from 'node:crypto';

/**
 * JSON as Sentry's clients write it. Whole numbers above 2^53 keep their digits; bare NaN and Infinity of old clients become texts.
 */

/** A whole number of more digits than a double holds; `JSON.stringify` writes the digits. */
export interface BigNumber {
  readonly rawJSON: string;
}

// Not in the library's types yet.
const json = JSON as typeof JSON & {
  rawJSON(text: string): BigNumber;
  isRawJSON(value: unknown): value is BigNumber;
};

/** A number of so many digits stands behind a colon, a comma or a bracket (or in a text that looks so, which does no harm). */
const LONG_NUMBER = /[:,[]\s*-?\d{16}/;

/**
 * Reads a JSON text.
 * @throws SyntaxError when it is none
 */
export function parseJson(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    const mended = nameNonNumbers(text);
    if (mended === undefined) throw new SyntaxError('not JSON', { cause: error });
    try {
      return parse(mended);
    } catch (cause) {
      throw new SyntaxError('not JSON', { cause });
    }
  }
}

/** Whether it is a number that `parseJson` kept the digits of. */
export function isBigNumber(value: unknown): value is BigNumber {
  return json.isRawJSON(value);
}

function parse(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text);
  // A reviver with access to the source would do, at four times the cost, and only so deep.
  const { marked, count } = markLongNumbers(text);
  return count === 0 ? JSON.parse(text) : unmark(JSON.parse(marked), count);
}

/** A whole number of 16 digits or more, where a value may stand. */
const LONG_WHOLE = /(?<![\d.eE+-])-?[1-9]\d{15,}(?=\s*[,\]}])/g;
/** What stands in front of the digits while they are a text. Nobody outside can know it. */
const MARK = `${randomUUID()}:`;

/** The text with every whole number that no double holds as a marked string, and how many there are. */
function markLongNumbers(text: string): { readonly marked: string; readonly count: number } {
  let count = 0;
  const mark = (digits: string): string => {
    if (Number.isSafeInteger(Number(digits))) return digits;
    count++;
    return `"${MARK}${digits}"`;
  };
  let marked = '';
  let from = 0;
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at);
    const end = quote < 0 ? text.length : quote;
    // Between strings there is seldom room for so many digits.
    if (end - at > 16) {
      const between = text.slice(at, end);
      const done = between.replace(LONG_WHOLE, mark);
      if (done !== between) {
        marked += text.slice(from, at) + done;
        from = end;
      }
    }
    at = quote < 0 ? text.length : endOfString(text, quote + 1);
  }
  return { marked: marked + text.slice(from), count };
}

/** Turns the marked strings into numbers that keep their digits, in place; `count` of them at most. */
function unmark(value: unknown, count: number): unknown {
  const todo: unknown[] = [value];
  let left = count;
  while (left > 0 && todo.length > 0) {
    const holder = todo.pop() as { [key: string]: unknown };
    for (const key of Object.keys(holder)) {
      const inner = holder[key];
      if (typeof inner === 'object') {
        if (inner !== null) todo.push(inner);
      } else if (typeof inner === 'string' && inner.startsWith(MARK)) {
        holder[key] = json.rawJSON(inner.slice(MARK.length));
        left--;
      }
    }
  }
  return value;
}

/** The text with quotes round bare NaN, Infinity and -Infinity; `undefined` when there are none. */
function nameNonNumbers(text: string): string | undefined {
  let out = '';
  let from = 0;
  let at = 0;
  while (at < text.length) {
    const c = text.charCodeAt(at);
    if (c === 0x22) {
      at = endOfString(text, at + 1);
      continue;
    }
    const word = c === 0x4e ? 'NaN' : c === 0x49 ? 'Infinity' : c === 0x2d && text[at + 1] === 'I' ? '-Infinity' : '';
    if (word === '' || !text.startsWith(word, at)) {
      at++;
      continue;
    }
    out += `${text.slice(from, at)}"${word}"`;
    at += word.length;
    from = at;
  }
  return from === 0 ? undefined : out + text.slice(from);
}

/** Behind the closing quote of a string whose inside begins at `at`. */
function endOfString(text: string, at: number): number {
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === 0x5c && quote - 1 - slashes >= at) slashes++;
    if (slashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}
