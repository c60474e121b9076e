import type { Report } from '../../options/bind.ts';
import { nearest } from '../../options/nearest.ts';
import { choice, type OptionValues, type Parsed, type ScalarOption, text } from '../../options/option.ts';
import { COLUMN_NAMES, COLUMNS, type ColumnName, EVENT_COLUMN_NAMES } from '../../sentry/columns.ts';

/** Columns by name, with commas between them. `undefined`: those of every row, and in JSON the others where they have a value. */
const columns: ScalarOption<readonly ColumnName[] | undefined> = {
  shape: 'scalar',
  kind: 'words',
  doc: `The columns, in this order, with commas between them. Default: ${EVENT_COLUMN_NAMES.join(', ')}; JSON rows then also have the following where there is a value: ${COLUMN_NAMES.slice(EVENT_COLUMN_NAMES.length).join(', ')}.`,
  required: false,
  default: undefined,
  parse: parseColumns,
};

const delimiter: ScalarOption<string> = {
  shape: 'scalar',
  kind: 'character',
  doc: "delimited: what stands between two columns; Hive's own (^A) by default. One ASCII character as itself, or by its code as in \\u0009, or the words tab and ^A. (A properties file makes one of two backslashes: write \\\\u0009 there.) Letters, digits, blank, dash, colon and dot, which stand in times and numbers, and the backslash cannot be it.",
  required: false,
  default: '\u0001',
  parse: parseDelimiter,
};

const escapeOption: ScalarOption<string | undefined> = {
  shape: 'scalar',
  kind: 'character',
  doc: 'delimited: none (the default) replaces what would break a row: a delimiter in a value by a blank (a comma by a semicolon), line breaks by the two characters \\n; tables need no ESCAPED BY and every reader finds the same columns. A character (mostly a backslash; \\\\ in a properties file, or the word backslash) stands before delimiters and itself, before n for a line feed and r for a carriage return: nothing is lost, and the table needs ESCAPED BY with that character, and the property serialization.escape.crlf = true to get line breaks back.',
  required: false,
  default: undefined,
  range: 'none, backslash, or an ASCII character',
  parse: parseEscape,
};

export const options = {
  format: choice(['json', 'delimited'], {
    default: 'json',
    doc: 'json: one object a line. delimited: one line a row, the columns with a delimiter between them.',
  }),
  columns,
  delimiter,
  escape: escapeOption,
  nullText: text({
    default: '\\N',
    doc: 'delimited: what stands for a missing value; \\N is what Hive and Spark read as NULL.',
    check: (given) => (/[\n-\r\u0085\u2028\u2029]/.test(given) ? 'it must not hold a line break' : undefined),
  }),
  crash: choice(['last', 'first'], {
    default: 'last',
    doc: 'Where in a stack trace the frame that crashed stands: last as Python prints it, first as Java does.',
  }),
};

export type SentryRowsValues = OptionValues<typeof options>;

function parseColumns(list: string): Parsed<readonly ColumnName[]> {
  const found: ColumnName[] = [];
  for (const part of list.split(',')) {
    const name = part.trim();
    if (name === '') continue;
    if (!Object.hasOwn(COLUMNS, name)) {
      const near = nearest(name, COLUMN_NAMES);
      const hint = near === undefined ? `known: ${COLUMN_NAMES.join(', ')}` : `did you mean ${near}?`;
      return { problem: `there is no column "${name}"`, hint };
    }
    if (found.includes(name as ColumnName)) return { problem: `the column ${name} is named twice` };
    found.push(name as ColumnName);
  }
  return found.length === 0 ? { problem: 'it names no column', hint: COLUMN_NAMES.join(', ') } : { value: found };
}

const NAMED: Readonly<Record<string, string>> = { tab: '\t', '\\t': '\t', '^a': '\u0001', backslash: '\\' };

/** The character that is meant: itself, a name, or its code as `\u0001` or, as Hive has it, `\001`. */
function characterOf(spelt: string): string | undefined {
  if (spelt.length === 1) return spelt;
  const named = NAMED[spelt.toLowerCase()];
  if (named !== undefined) return named;
  const hex = /^\\u([0-9a-f]{4})$/i.exec(spelt)?.[1];
  const octal = /^\\?([0-3][0-7]{2})$/.exec(spelt)?.[1];
  if (hex === undefined && octal === undefined) return undefined;
  return String.fromCharCode(hex === undefined ? Number.parseInt(octal!, 8) : Number.parseInt(hex, 16));
}

function parseDelimiter(spelt: string): Parsed<string> {
  const character = characterOf(spelt);
  const hint = 'a character such as , or |, tab, ^A, or its code as in \\\\u0001';
  if (spelt === '') return { problem: 'it is empty: blanks round a value are cut off', hint };
  if (character === undefined) return { problem: `"${spelt}" is not one character`, hint };
  if (/[^\u0001-\u007f]|[\n-\r\\]/.test(character))
    return { problem: 'it is not a character that can part columns', hint };
  if (/[A-Za-z0-9 .:-]/.test(character)) return { problem: `"${character}" stands in times and numbers`, hint };
  return { value: character };
}

function parseEscape(spelt: string): Parsed<string | undefined> {
  if (spelt.toLowerCase() === 'none') return { value: undefined };
  const character = characterOf(spelt);
  const hint = 'none, backslash, or a character such as ^';
  if (character === undefined) return { problem: `"${spelt}" is not one character`, hint };
  if (!/^[!-/:-@[-`{-~]$/.test(character)) return { problem: 'it is not a character that can escape', hint };
  return { value: character };
}

/** Whether an escape in the text has something behind it that values have there. */
function writtenForOthers(nullText: string, mark: string): boolean {
  const at = nullText.indexOf(mark);
  return at >= 0 && ['n', 'r', mark, ''].includes(nullText.charAt(at + 1));
}

/** What stands between the values of a JSON text. */
const JSON_MARKS = new Set('{}[],:"');

/** Rules between the options. */
export function checkOptions(values: SentryRowsValues, report: Report): void {
  if (values.format !== 'delimited') return;
  const { delimiter: between, escape: before, nullText } = values;
  if (before === between) report('error', 'escape', 'it is the delimiter, too');
  if (before !== undefined && writtenForOthers(nullText, before))
    report('error', 'nullText', `"${nullText}" is how other values are written`, '\\\\N in a properties file');
  if (nullText === 'N') report('warning', 'nullText', 'a properties file makes N of \\N', 'write \\\\N');
  if (nullText.includes(between)) report('error', 'nullText', 'it holds the delimiter');
  const asJson = (values.columns ?? EVENT_COLUMN_NAMES).filter((name) => /^(map|json)$/.test(COLUMNS[name].kind));
  if (before === undefined && JSON_MARKS.has(between) && asJson.length > 0) {
    report(
      'warning',
      'delimiter',
      `${asJson.join(' and ')} hold JSON, in which each ${between} will be replaced`,
      'another delimiter, an escape, or columns without them',
    );
  }
}
