import { declare } from '../component/declaration.ts';
import type { Intercepted, Interceptor } from '../component/interceptor.ts';
import type { EventBatch } from '../event/event-batch.ts';
import { setHeader } from '../event/set-header.ts';
import { bool, text } from '../options/option.ts';

/* The static interceptor: one header with one value. */

const options = {
  key: text({ default: 'key', doc: 'The name of the header.' }),
  value: text({ default: 'value', doc: 'Its value.' }),
  preserveExisting: bool({ default: true, doc: 'Leaves events alone that have the header already.' }),
};

class StaticInterceptor implements Interceptor {
  readonly #key: string;
  readonly #value: string;
  readonly #preserve: boolean;

  constructor(key: string, value: string, preserve: boolean) {
    this.#key = key;
    this.#value = value;
    this.#preserve = preserve;
  }

  intercept(batch: EventBatch): Intercepted {
    return { batch: setHeader(batch, this.#key, this.#value, this.#preserve) };
  }
}

export const staticInterceptor = declare('interceptor', {
  type: 'static',
  classNames: ['org.apache.flume.interceptor.StaticInterceptor'],
  summary: 'Sets one header to one value.',
  options,
  create: (values) => new StaticInterceptor(values.key, values.value, values.preserveExisting),
});
