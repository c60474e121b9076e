import { declare } from '../component/declaration.ts';
import type { DeliveryWindow, Sink, SinkContext } from '../component/sink.ts';
import type { EventBatch } from '../event/event-batch.ts';
import { javaHashOrder } from '../event/java-hash-order.ts';
import { integer } from '../options/option.ts';

/** logger: writes every event into the log, for trying things out. */

const options = {
  maxBytesToLog: integer({
    default: 16,
    min: 0,
    unit: 'bytes',
    doc: 'How much of each body is shown. Flume has this option too, but shows 16 bytes whatever it says.',
  }),
};

/** Bytes of a line of a hex dump: shorter bodies are padded to it, so that what follows stands in a column. */
const LINE = 16;

class LoggerSink implements Sink {
  // Some 12 µs a line: a thousand events keep the agent busy for 12 ms.
  readonly window: DeliveryWindow = { rows: 1000, deliveries: 1, bytes: Number.POSITIVE_INFINITY };
  readonly #maxBytes: number;
  readonly #context: SinkContext;

  constructor(maxBytes: number, context: SinkContext) {
    this.#maxBytes = maxBytes;
    this.#context = context;
  }

  async open(): Promise<void> {}

  async deliver(batch: EventBatch): Promise<void> {
    for (let row = 0; row < batch.length; row++) {
      this.#context.log.info(`Event: { headers:${headersOf(batch, row)} body:${dump(this.#shown(batch, row))} }`);
    }
  }

  async close(): Promise<void> {}

  #shown(batch: EventBatch, row: number): Buffer {
    const start = batch.starts[row]!;
    return batch.body.subarray(start, Math.min(batch.ends[row]!, start + this.#maxBytes));
  }
}

/** `{a=1, b=2}` in the order of a Java HashMap. */
function headersOf(batch: EventBatch, row: number): string {
  const present = batch.headers.filter((column) => column.value(row) !== undefined);
  const born = batch.headers.slice(0, batch.bornWith).filter((column) => column.value(row) !== undefined).length;
  const order = javaHashOrder(
    present.map((column) => column.name),
    born,
  );
  return `{${order.map((i) => `${present[i]!.name}=${present[i]!.value(row)}`).join(', ')}}`;
}

/** ` 68 65 6C 6C 6F …   hello`: in hexadecimal, and as ASCII with a dot for what cannot be shown. */
function dump(bytes: Buffer): string {
  if (bytes.length === 0) return '';
  let hex = '';
  let ascii = '';
  for (const byte of bytes) {
    hex += ` ${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    ascii += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
  }
  return `${hex.padEnd(LINE * 3)} ${ascii}`;
}

/** `type = logger`. */
export const loggerSink = declare('sink', {
  type: 'logger',
  classNames: ['org.apache.flume.sink.LoggerSink'],
  summary: 'Writes each event into the log: headers, and the beginning of the body.',
  options,
  counted: false,
  create: (values, context) => new LoggerSink(values.maxBytesToLog, context),
});
