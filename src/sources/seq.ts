import { declare } from '../component/declaration.ts';
import type { Source, SourceContext, SourceOutput } from '../component/source.ts';
import { EventBatch } from '../event/event-batch.ts';
import { integer, type OptionValues } from '../options/option.ts';

/* The seq source: the numbers from 0 on, as texts. For trying a configuration out. */

const options = {
  batchSize: integer({
    default: 1,
    min: 1,
    max: 1_000_000,
    unit: 'events',
    doc: 'How many numbers are handed on at once.',
  }),
  totalEvents: integer({
    default: Number.MAX_SAFE_INTEGER,
    min: 0,
    unit: 'events',
    doc: 'After how many numbers it ends.',
  }),
  backoffSleepIncrement: integer({
    default: 1000,
    min: 0,
    unit: 'ms',
    doc: 'Has no effect: the source waits for the channel alone.',
  }),
  maxBackoffSleep: integer({ default: 5000, min: 0, unit: 'ms', doc: 'Has no effect, as above.' }),
};

type Options = OptionValues<typeof options>;

class SeqSource implements Source {
  readonly #options: Options;
  readonly #context: SourceContext;
  /** The next number; it goes on over failed lives. */
  #next = 0;

  constructor(options: Options, context: SourceContext) {
    this.#options = options;
    this.#context = context;
  }

  async run(out: SourceOutput, signal: AbortSignal): Promise<void> {
    const { batchSize, totalEvents } = this.#options;
    out.ready();
    try {
      while (!signal.aborted && this.#next < totalEvents) {
        const count = Math.min(batchSize, totalEvents - this.#next);
        await out.emit(numbers(this.#next, count));
        this.#next += count;
        // As Flume, which counts batches only where they may be longer than one event.
        if (batchSize > 1) this.#context.counters.AppendBatchAcceptedCount++;
        // Channels with room answer in the same turn of the event loop: without a break in between, nobody else would have one.
        await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

function numbers(from: number, count: number): EventBatch {
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  const texts: string[] = [];
  let at = 0;
  for (let row = 0; row < count; row++) {
    const text = String(from + row);
    texts.push(text);
    starts[row] = at;
    at += text.length;
    ends[row] = at;
  }
  return new EventBatch({ body: Buffer.from(texts.join(''), 'latin1'), starts, ends });
}

export const seqSource = declare('source', {
  type: 'seq',
  classNames: ['org.apache.flume.source.SequenceGeneratorSource'],
  summary: 'Counts from 0, one event a number.',
  options,
  batchSize: (values) => values.batchSize,
  create: (values, context) => new SeqSource(values, context),
});
