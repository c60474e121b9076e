import { declare } from '../component/declaration.ts';
import type { Processor } from '../component/processor.ts';

/* The default processor: one sink, tried again for as long as it takes. */

class DefaultProcessor implements Processor {
  readonly #sink: string;

  constructor(sink: string) {
    this.#sink = sink;
  }

  pick(_now: number, tried: readonly string[]): string | undefined {
    return tried.length === 0 ? this.#sink : undefined;
  }

  succeeded(): void {}

  failed(): void {}
}

export const defaultProcessor = declare('processor', {
  type: 'default',
  classNames: ['org.apache.flume.sink.DefaultSinkProcessor'],
  summary: 'Drives a single sink.',
  options: {},
  create: (_values, context) => new DefaultProcessor(context.sinks[0]!),
});
