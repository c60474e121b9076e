import { declare } from '../component/declaration.ts';
import type { Route, Selector } from '../component/selector.ts';
import { words } from '../options/option.ts';

/* The replicating selector: every event to every channel of the source. */

const options = {
  optional: words({
    doc: 'Channels that get what they have room for; a failure there does not count.',
  }),
};

class ReplicatingSelector implements Selector {
  readonly #routes: readonly Route[];

  constructor(channels: readonly string[], optional: readonly string[]) {
    this.#routes = channels.map((channel) => ({ channel, required: !optional.includes(channel) }));
  }

  route(): readonly Route[] {
    return this.#routes;
  }
}

export const replicating = declare('selector', {
  type: 'replicating',
  classNames: ['org.apache.flume.channel.ReplicatingChannelSelector'],
  summary: 'Sends every event to every channel of the source.',
  options,
  create: (values, context) => new ReplicatingSelector(context.channels, values.optional ?? []),
});
