import { COLUMNS, type ColumnKind, type ColumnName } from '../../sentry/columns.ts';
import type { RowWriter } from './row-writer.ts';

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const WHOLE = /^-?(?:0|[1-9]\d*)$/;

/** Rows as JSON objects. A column without a value, or with one that is not of its kind, is left out. */
export function jsonRows(columns: readonly ColumnName[]): RowWriter {
  const keys = columns.map((name) => `${JSON.stringify(name)}:`);
  const kinds = columns.map((name) => COLUMNS[name].kind);
  return (row) => {
    let line = '';
    for (let i = 0; i < columns.length; i++) {
      const value = row[columns[i]!];
      if (value === undefined) continue;
      const json = jsonOf(value, kinds[i]!);
      if (json !== undefined) line += (line === '' ? '{' : ',') + keys[i]! + json;
    }
    return line === '' ? '{}\n' : `${withoutBreaks(line)}}\n`;
  };
}

function jsonOf(value: string, kind: ColumnKind): string | undefined {
  switch (kind) {
    case 'text':
    case 'time':
      return JSON.stringify(value.toWellFormed());
    case 'boolean':
      return value === 'true' || value === 'false' ? value : undefined;
    case 'integer':
      return WHOLE.test(value) ? value : undefined;
    case 'number':
      return NUMBER.test(value) ? value : undefined;
    case 'map':
      return mapOf(value);
    case 'json':
      return JSON.stringify(wholeEscapes(value).toWellFormed());
  }
}

/** A JSON object as it stands, on one line. Keys such as `__proto__` and the digits of numbers stay what they are. */
function mapOf(value: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  } catch {
    return undefined;
  }
  const whole = wholeEscapes(value).toWellFormed();
  // Between its values JSON may have line breaks, in them it may not.
  return /[\r\n]/.test(whole) ? whole.replace(/[\r\n]/g, ' ') : whole;
}

const ESCAPES = /\\(?:u(d[89ab][0-9a-f]{2}(?:\\ud[c-f][0-9a-f]{2})?|d[c-f][0-9a-f]{2})|.)/gis;

/** A JSON text whose escapes are of whole characters: readers refuse halves of surrogate pairs. */
export function wholeEscapes(json: string): string {
  if (!json.includes('\\ud') && !json.includes('\\uD')) return json;
  return json.replace(ESCAPES, (found, surrogates: string | undefined) =>
    surrogates?.length === 4 ? '\\ufffd' : found,
  );
}

/** Other line breaks than LF and CR, which `JSON.stringify` leaves. They stand in texts only, where escapes may. */
function withoutBreaks(line: string): string {
  // Three searches: in a text of Latin-1 alone two of them cost nothing.
  if (!line.includes('\u0085') && !line.includes('\u2028') && !line.includes('\u2029')) return line;
  return line.replaceAll('\u0085', '\\u0085').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
