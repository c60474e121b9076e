import { bool, choice, integer, type OptionValues, text, words } from '../../options/option.ts';
import { serverTlsOptions } from '../../rpc/tls/settings.ts';
import { scrubOptions } from '../../sentry/scrub/options.ts';
import { forwardOptions } from './forward-options.ts';
import { limitOptions } from './limits.ts';

export const options = {
  bind: text({
    default: '127.0.0.1',
    ours: true,
    doc: 'The address to listen on; 0.0.0.0 is every address.',
  }),
  port: integer({ required: true, min: 0, max: 65535, ours: true, doc: 'The port to listen on.' }),
  projects: text({
    secret: true,
    ours: true,
    doc: 'The projects and the public keys of their DSNs: 42:KEY 43:KEY2, separated by blanks or commas; a project may have several keys. Without it every project and every key is taken.',
  }),
  tunnel: words({
    default: ['/tunnel'],
    separator: /[\s,]+/,
    ours: true,
    doc: "Paths that take envelopes without a key of their own, for the option `tunnel` of browsers' SDKs: key and project are in the envelope. Separated by blanks or commas.",
  }),
  strictDsn: bool({
    default: false,
    ours: true,
    doc: 'Refuse (400) an envelope that names another project or key than its request, as Relay does; else the request counts: it may have come through a proxy.',
  }),
  ack: choice(['accepted', 'durable'], {
    default: 'accepted',
    ours: true,
    doc: 'When 200 is answered: as soon as the channels have the events, or only when they are durable behind them. SDKs wait for about 30 s.',
  }),
  maxWait: integer({
    default: 10_000,
    min: 0,
    unit: 'ms',
    ours: true,
    doc: 'How long a request waits for room in the channel before it is refused with 429.',
  }),
  retryAfter: integer({
    default: 10,
    min: 1,
    max: 3600,
    unit: 's',
    ours: true,
    doc: 'How long an SDK sends nothing after a 429: what it has in that time it drops, and counts.',
  }),
  maxWaiting: integer({
    default: 10_000,
    min: 1,
    ours: true,
    doc: 'How many requests may wait for the channel (with ack = durable: for the disk) at a time; more are refused with 429 at once.',
  }),
  dedupe: bool({
    default: true,
    ours: true,
    doc: 'Leave out, and count, an event that has come before: the same project, type of item and id. Attachments and the like must be the same in content, too; sessions, logs, spans and client reports always pass.',
  }),
  'dedupe.window': integer({
    default: 100_000,
    min: 1,
    max: 10_000_000,
    unit: 'events',
    ours: true,
    doc: 'How many events are remembered for that, some 200 bytes each; none over a restart.',
  }),
  'dedupe.maxAge': integer({ default: 86_400, min: 1, unit: 's', ours: true, doc: 'How long they are remembered.' }),
  maxBytesHeld: integer({
    default: 512 << 20,
    min: 1 << 20,
    max: 2 ** 40,
    unit: 'bytes',
    ours: true,
    doc: 'How much the bodies of all requests under way may hold together, as they came and decompressed; what is over is refused with 503.',
  }),
  maxConnections: integer({ default: 10_000, min: 1, ours: true, doc: 'How many clients may be connected at once.' }),
  requestTimeout: integer({
    default: 60_000,
    min: 1,
    unit: 'ms',
    ours: true,
    doc: 'How long a client may take to send a request.',
  }),
  idleTimeout: integer({
    default: 75_000,
    min: 1,
    unit: 'ms',
    ours: true,
    doc: 'How long a connection may be idle between two requests.',
  }),
  ...forwardOptions,
  ...limitOptions,
  ...scrubOptions,
  ...serverTlsOptions,
};

export type Options = OptionValues<typeof options>;

/** `42:KEY` of each. */
export function projectEntries(projects: string | undefined): string[] {
  return (projects ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
}
