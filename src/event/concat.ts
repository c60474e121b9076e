import { EventBatch } from './event-batch.ts';
import { ConstantColumn, type HeaderColumn, NumberColumn, TextColumn } from './header-columns.ts';

/** One batch with the rows of all, in order, in memory of its own. For small batches: it copies every body. */
export function concatBatches(batches: readonly EventBatch[]): EventBatch {
  if (batches.length === 1) return batches[0]!;
  let rows = 0;
  let bytes = 0;
  for (const batch of batches) {
    rows += batch.length;
    bytes += batch.bodyBytes();
  }
  // A newline after each row keeps the slice without a copy possible for the text serializers.
  const body = Buffer.allocUnsafeSlow(bytes + rows);
  const starts = new Uint32Array(rows);
  const ends = new Uint32Array(rows);
  let row = 0;
  let at = 0;
  for (const batch of batches) {
    for (let i = 0; i < batch.length; i++, row++) {
      starts[row] = at;
      at += batch.body.copy(body, at, batch.starts[i], batch.ends[i]);
      ends[row] = at;
      body[at++] = 0x0a;
    }
  }
  // What events were born with stands first, as in each of the batches.
  const names = new Set<string>();
  for (const batch of batches) for (const column of batch.headers.slice(0, batch.bornWith)) names.add(column.name);
  const bornWith = names.size;
  for (const batch of batches) for (const column of batch.headers) names.add(column.name);
  const headers = Array.from(names, (name) => concatColumn(name, batches, rows));
  return new EventBatch({ body, starts, ends, headers, delimiter: 0x0a, bornWith });
}

function concatColumn(name: string, batches: readonly EventBatch[], rows: number): HeaderColumn {
  const columns = batches.map((batch) => batch.header(name));
  const constant = columns[0]?.constant;
  if (constant !== undefined && columns.every((column) => column?.constant === constant)) {
    return new ConstantColumn(name, constant);
  }
  if (columns.every((column) => column instanceof NumberColumn)) {
    const numbers = new Float64Array(rows);
    let row = 0;
    batches.forEach((batch, i) => {
      for (let j = 0; j < batch.length; j++) numbers[row++] = columns[i]!.number(j);
    });
    return new NumberColumn(name, numbers);
  }
  const values: (string | undefined)[] = new Array(rows);
  let row = 0;
  batches.forEach((batch, i) => {
    for (let j = 0; j < batch.length; j++) values[row++] = columns[i]?.value(j);
  });
  return new TextColumn(name, values);
}
