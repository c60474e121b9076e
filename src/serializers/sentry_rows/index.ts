import { declare } from '../../component/declaration.ts';
import type { Serializer } from '../../component/serializer.ts';
import type { EventBatch } from '../../event/event-batch.ts';
import { Slab } from '../../event/slab.ts';
import { COLUMN_NAMES, EVENT_COLUMN_NAMES } from '../../sentry/columns.ts';
import { GivenReader } from '../../sentry/headers.ts';
import { type RowOptions, rowsOf } from '../../sentry/rows.ts';
import { delimitedRows } from './delimited-row.ts';
import { jsonRows } from './json-row.ts';
import { checkOptions, options, type SentryRowsValues } from './options.ts';
import type { RowWriter } from './row-writer.ts';

/**
 * sentry_rows: Sentry's data as rows for Hive, Spark, Pig and DuckDB: one line a row, whatever the values hold. A container (logs, spans,
 * aggregated sessions) gives a row for each of its entries.
 */

const NOTHING: readonly Buffer[] = [];

/** A UTF-16 unit is at most so many bytes of UTF-8. */
const MOST_BYTES = 3;

class SentryRowsSerializer implements Serializer {
  readonly #write: RowWriter;
  readonly #rowOptions: RowOptions;
  readonly #slab = new Slab();

  constructor(write: RowWriter, rowOptions: RowOptions) {
    this.#write = write;
    this.#rowOptions = rowOptions;
  }

  begin(): readonly Buffer[] {
    return NOTHING;
  }

  rows(batch: EventBatch, from: number, to: number): readonly Buffer[] {
    const given = new GivenReader(batch);
    const slab = this.#slab;
    for (let event = from; event < to; event++) {
      for (const row of rowsOf(batch.bodyOf(event), given.of(event), this.#rowOptions)) {
        const line = this.#write(row);
        slab.ensure(line.length * MOST_BYTES);
        slab.at += slab.bytes.write(line, slab.at);
      }
    }
    return slab.length === 0 ? NOTHING : [slab.take()];
  }

  endUnit(): readonly Buffer[] {
    return NOTHING;
  }

  end(): readonly Buffer[] {
    return NOTHING;
  }
}

function writerOf(values: SentryRowsValues): RowWriter {
  if (values.format === 'json') return jsonRows(values.columns ?? COLUMN_NAMES);
  return delimitedRows({ ...values, columns: values.columns ?? EVENT_COLUMN_NAMES });
}

/** `serializer = sentry_rows`. */
export const sentryRows = declare('serializer', {
  type: 'sentry_rows',
  summary: 'Writes Sentry data as rows of JSON or of delimited text, for tables of Hive, Spark and the like.',
  options,
  check: checkOptions,
  create: (values) => new SentryRowsSerializer(writerOf(values), { crash: values.crash }),
});
