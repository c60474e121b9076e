import type { EventBatch } from './event-batch.ts';
import { ConstantColumn, TextColumn } from './header-columns.ts';

/** The batch with that header on every row; `preserve` leaves rows alone that have it. */
export function setHeader(batch: EventBatch, name: string, value: string, preserve: boolean): EventBatch {
  const present = preserve ? batch.header(name) : undefined;
  if (present === undefined) return batch.withHeader(new ConstantColumn(name, value));
  if (present.constant !== undefined) return batch;
  const values: (string | undefined)[] = new Array(batch.length);
  for (let row = 0; row < batch.length; row++) values[row] = present.value(row) ?? value;
  return batch.withHeader(new TextColumn(name, values));
}
