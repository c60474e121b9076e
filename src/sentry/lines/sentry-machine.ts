import { levelOf } from '../event/fields.ts';
import type { Fields } from '../payload.ts';
import { parseTime } from '../time.ts';
import { type LogLine, type OpenRow, Pairs } from './log-row.ts';
import { readTraceback } from './traceback.ts';

/* Sentry's own form for machines: a JSON object with `name` (the logger), `level`, `event`, more names, and `exception`, a traceback as text. */

/** Reads an object that was parsed; `undefined` when it is another. */
export function readSentryMachine(fields: Fields, near: number): LogLine | undefined {
  const { name, level, event } = fields;
  if (typeof event !== 'string' || typeof level !== 'string' || typeof name !== 'string') return undefined;
  const row: OpenRow = { level: levelOf(level), logger: name, message: event };
  const { exception, timestamp } = fields;
  // The version that was read writes none; others may.
  const time = parseTime(timestamp);
  const hasTraceback = typeof exception === 'string' && readTraceback(exception, row) >= 0;
  const pairs = new Pairs(row);
  for (const key of Object.keys(fields)) {
    if (key === 'name' || key === 'level' || key === 'event') continue;
    if (key === 'timestamp' ? !Number.isNaN(time) : key === 'exception' && hasTraceback) continue;
    pairs.addValue(key, fields[key]);
  }
  pairs.close();
  return { time: Number.isNaN(time) ? near : time, row };
}
