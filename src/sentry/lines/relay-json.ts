import { levelOf } from '../event/fields.ts';
import { anyText, type Fields, fieldsOf, textOf } from '../payload.ts';
import { parseTime } from '../time.ts';
import { type LogLine, type OpenRow, Pairs } from './log-row.ts';
import { addSpanField, readPanic } from './relay-text.ts';

/* Relay's JSON log: an object with `timestamp`, `level`, `message`, `target` (older builds: `logger` or `module_path`), the fields of the line and its spans. */

const OWN = new Set(['timestamp', 'level', 'message', 'target', 'logger', 'span', 'spans', 'fields']);

/** Reads an object that was parsed; `undefined` when it is another. */
export function readRelayJson(record: Fields): LogLine | undefined {
  const { timestamp, level } = record;
  if (typeof timestamp !== 'string' || typeof level !== 'string') return undefined;
  const logger = textOf(record['target']) ?? textOf(record['logger']) ?? textOf(record['module_path']);
  const time = parseTime(timestamp);
  if (Number.isNaN(time) || logger === undefined) return undefined;
  // Tracing's own form has what the line says below `fields`.
  const inner = fieldsOf(record['fields']);
  const message = anyText(record['message'] ?? inner?.['message']);
  const row: OpenRow = { level: levelOf(level), logger, message };
  const pairs = new Pairs(row);
  const add = (fields: Fields): void => {
    for (const key of Object.keys(fields)) {
      if (!OWN.has(key)) pairs.addValue(key.startsWith('tags.') ? key.slice(5) : key, fields[key]);
    }
  };
  add(record);
  if (inner !== undefined) add(inner);
  addSpans(record, pairs);
  readPanic(row);
  pairs.close();
  return { time, row };
}

/** The innermost span's name, and the fields of all. */
function addSpans({ span, spans }: Fields, pairs: Pairs): void {
  const all = [span, ...(Array.isArray(spans) ? spans.slice(0, 100).reverse() : [])];
  for (const entry of all) {
    const fields = fieldsOf(entry);
    if (fields === undefined) continue;
    pairs.addValue('span', fields['name']);
    for (const key of Object.keys(fields)) if (key !== 'name') addSpanField(pairs, key, fields[key]);
  }
}
