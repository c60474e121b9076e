import { declare } from '../component/declaration.ts';
import type { Intercepted, Interceptor } from '../component/interceptor.ts';
import type { EventBatch } from '../event/event-batch.ts';
import { setHeader } from '../event/set-header.ts';
import { bool, text } from '../options/option.ts';

/* The host interceptor: the machine that the event came by. */

const options = {
  hostHeader: text({ default: 'host', doc: 'The name of the header.' }),
  useIP: bool({ default: true, doc: 'The address of this machine; else its name.' }),
  preserveExisting: bool({ default: false, doc: 'Leaves events alone that have the header already.' }),
};

class HostInterceptor implements Interceptor {
  readonly #header: string;
  readonly #value: string;
  readonly #preserve: boolean;

  constructor(header: string, value: string, preserve: boolean) {
    this.#header = header;
    this.#value = value;
    this.#preserve = preserve;
  }

  intercept(batch: EventBatch): Intercepted {
    return { batch: setHeader(batch, this.#header, this.#value, this.#preserve) };
  }
}

export const host = declare('interceptor', {
  type: 'host',
  classNames: ['org.apache.flume.interceptor.HostInterceptor'],
  summary: 'Sets a header to the address or name of this machine.',
  options,
  create: (values, context) =>
    new HostInterceptor(
      values.hostHeader,
      values.useIP ? context.host.address : context.host.canonicalName,
      values.preserveExisting,
    ),
});
