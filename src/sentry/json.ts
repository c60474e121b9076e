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
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
};

/** A number of so many digits stands behind a colon, a comma or a bracket (or in a text that looks so, which does no harm). */
const LONG_NUMBER = /[:,[]\s*-?\d{16}/;
const WHOLE = /^-?\d+$/;

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
  try {
    return json.parse(text, keepDigits);
  } catch (error) {
    // A reviver goes only so deep, the parser itself any depth: better without the digits than not at all.
    if (error instanceof RangeError) return JSON.parse(text);
    throw error;
  }
}

function keepDigits(_key: string, value: unknown, { source }: { source?: string }): unknown {
  if (typeof value !== 'number' || source === undefined) return value;
  return Number.isSafeInteger(value) || !WHOLE.test(source) ? value : json.rawJSON(source);
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
