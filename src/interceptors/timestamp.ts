import type { Clock } from '../component/context.ts';
import { declare } from '../component/declaration.ts';
import type { Intercepted, Interceptor } from '../component/interceptor.ts';
import type { EventBatch } from '../event/event-batch.ts';
import { setHeader } from '../event/set-header.ts';
import { bool, text } from '../options/option.ts';

/* The timestamp interceptor: when the event came by. */

const options = {
  headerName: text({ default: 'timestamp', doc: 'The name of the header.' }),
  preserveExisting: bool({ default: false, doc: 'Leaves events alone that have the header already.' }),
};

class TimestampInterceptor implements Interceptor {
  readonly #name: string;
  readonly #preserve: boolean;
  readonly #clock: Clock;

  constructor(name: string, preserve: boolean, clock: Clock) {
    this.#name = name;
    this.#preserve = preserve;
    this.#clock = clock;
  }

  intercept(batch: EventBatch): Intercepted {
    return { batch: setHeader(batch, this.#name, String(this.#clock.now()), this.#preserve) };
  }
}

export const timestamp = declare('interceptor', {
  type: 'timestamp',
  classNames: ['org.apache.flume.interceptor.TimestampInterceptor'],
  summary: 'Sets a header to the time at which the event came by, in milliseconds since 1970.',
  options,
  create: (values, context) => new TimestampInterceptor(values.headerName, values.preserveExisting, context.clock),
});
