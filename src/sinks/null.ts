import { declare } from '../component/declaration.ts';
import type { DeliveryWindow, Sink, SinkContext } from '../component/sink.ts';
import type { EventBatch } from '../event/event-batch.ts';
import { integer, type OptionValues } from '../options/option.ts';

/** null: takes every event and forgets it. */

const options = {
  batchSize: integer({
    default: 100,
    min: 1,
    unit: 'events',
    doc: 'Events of a batch, for the check against transactionCapacity; the sink takes what the channel gives.',
  }),
  logEveryNEvents: integer({
    default: 10_000,
    min: 1,
    unit: 'events',
    doc: 'A line in the log whenever so many more events have been taken, at most one for each batch.',
  }),
};

class NullSink implements Sink {
  readonly window: DeliveryWindow = { rows: Number.POSITIVE_INFINITY, deliveries: 1, bytes: Number.POSITIVE_INFINITY };
  readonly #every: number;
  readonly #context: SinkContext;
  #taken = 0;

  constructor(values: OptionValues<typeof options>, context: SinkContext) {
    this.#every = values.logEveryNEvents;
    this.#context = context;
  }

  async open(): Promise<void> {}

  async deliver(batch: EventBatch): Promise<void> {
    const before = Math.floor(this.#taken / this.#every);
    this.#taken += batch.length;
    const after = Math.floor(this.#taken / this.#every);
    if (after > before) {
      this.#context.log.info(`Null sink ${this.#context.name} successful processed ${after * this.#every} events.`);
    }
  }

  async close(): Promise<void> {}
}

/** `type = null`. */
export const nullSink = declare('sink', {
  type: 'null',
  classNames: ['org.apache.flume.sink.NullSink'],
  summary: 'Takes every event and forgets it.',
  options,
  batchSize: (values) => values.batchSize,
  counted: false,
  create: (values, context) => new NullSink(values, context),
});
