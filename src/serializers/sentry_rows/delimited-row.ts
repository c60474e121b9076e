import { COLUMNS, type ColumnName } from '../../sentry/columns.ts';
import { wholeEscapes } from './json-row.ts';
import type { RowWriter } from './row-writer.ts';

export interface DelimitedSettings {
  readonly columns: readonly ColumnName[];
  /** One ASCII character. */
  readonly delimiter: string;
  /** One ASCII character, or none: then what would break a row is replaced. */
  readonly escape: string | undefined;
  readonly nullText: string;
}

/**
 * Rows of delimited text. Hadoop's readers end a line at LF, CR and CRLF; others also at VT, FF, NEL and the separators of
 * Unicode, so none of them is written.
 */
export function delimitedRows({ columns, delimiter, escape: mark, nullText }: DelimitedSettings): RowWriter {
  const harmless = mark === undefined ? replacing(delimiter) : escaping(delimiter, mark);
  const likeNull = textLikeNull(nullText, mark);
  const isJson = columns.map((name) => /^(map|json)$/.test(COLUMNS[name].kind));
  return (row) => {
    let line = '';
    for (let i = 0; i < columns.length; i++) {
      if (i > 0) line += delimiter;
      const value = row[columns[i]!];
      if (value === undefined) line += nullText;
      else {
        const text = harmless(isJson[i] ? wholeEscapes(value) : value);
        line += text === nullText ? likeNull : text;
      }
    }
    return `${line}\n`;
  };
}

/** How a value is written that would read as a missing one: escaped somewhere, else with a blank before it. */
function textLikeNull(nullText: string, mark: string | undefined): string {
  if (nullText === '') return '';
  // n and r behind the escape are line breaks.
  const at = mark === undefined ? -1 : nullText.search(/[^nr]/);
  return at < 0 ? ` ${nullText}` : `${nullText.slice(0, at)}${mark}${nullText.slice(at)}`;
}

/** Line breaks become the two characters `\n`, the delimiter a blank or, for a comma, a semicolon, control characters a blank. */
function replacing(delimiter: string): (value: string) => string {
  const instead = delimiter === ',' ? ';' : ' ';
  const breaking = new RegExp(
    `\\r\\n?|[\\n\\v\\f\\u0085\\u2028\\u2029]|[\\0-\\x08\\x0e-\\x1f\\x7f${classOf(delimiter)}]`,
    'g',
  );
  const replace = (found: string): string => {
    const code = found.charCodeAt(0);
    if ((code >= 0x0a && code <= 0x0d) || code >= 0x85) return '\\n';
    return found === delimiter ? instead : ' ';
  };
  return (value) => value.replace(breaking, replace);
}

/** The escape stands before delimiter and escape; `n` and `r` behind it are line feed and carriage return. NUL becomes a blank. */
function escaping(delimiter: string, mark: string): (value: string) => string {
  const breaking = new RegExp(`[\\r\\n\\v\\f\\u0085\\u2028\\u2029\\0${classOf(delimiter)}${classOf(mark)}]`, 'g');
  const replace = (found: string): string => {
    if (found === delimiter || found === mark) return mark + found;
    if (found === '\r') return `${mark}r`;
    return found === '\0' ? ' ' : `${mark}n`;
  };
  return (value) => value.replace(breaking, replace);
}

/** An ASCII character as it stands in a class of a regular expression. */
function classOf(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
