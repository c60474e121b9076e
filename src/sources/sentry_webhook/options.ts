import type { Report } from '../../options/bind.ts';
import { bool, choice, integer, type OptionValues, text } from '../../options/option.ts';
import { serverTlsOptions } from '../../rpc/tls/settings.ts';
import { scrubOptions } from '../../sentry/scrub/options.ts';

/** Sentry waits a second for an answer, and gives a receiver up that is too slow too often. */
const LONGEST_WAIT_MS = 800;

export const options = {
  bind: text({ default: '127.0.0.1', doc: 'The address to listen on.' }),
  port: integer({ required: true, min: 0, max: 65535, doc: 'The port to listen on.' }),
  path: text({
    default: '/',
    doc: 'Where webhooks are taken; 404 anywhere else.',
    check: (path) => (/^\/[^?#\s]*$/.test(path) ? undefined : 'it is not a path such as /sentry'),
  }),
  secret: text({
    secret: true,
    doc: 'The client secret of the integration in Sentry, by which webhooks are known to be its own. Better in secretFile, or from the environment: ${SENTRY_WEBHOOK_SECRET}.',
    check: (secret) => (secret === '' ? 'it is empty' : undefined),
  }),
  secretFile: text({ doc: 'A file whose first line is the secret.' }),
  tolerance: integer({
    default: 300,
    min: 0,
    unit: 's',
    doc: "How far the time of a webhook may be from this machine's clock; 0: any. (Sentry's signature covers the body, not the time.)",
  }),
  legacy: bool({
    default: false,
    doc: 'Also take what the legacy plugin sends: it is not signed, so anybody who reaches the port can make it up. It tells of alerts only, never that an issue was resolved.',
  }),
  dedupe: integer({
    default: 10_000,
    min: 0,
    max: 1_000_000,
    unit: 'webhooks',
    doc: 'So many webhooks are remembered: one that comes again, with the same body and time, is answered and dropped. 0: none is.',
  }),
  ...scrubOptions,
  maxBodyBytes: integer({
    default: 4 << 20,
    min: 1,
    max: 1 << 28,
    unit: 'bytes',
    doc: 'The longest body; a longer one is refused with 413. At most four times as much is held for all requests together.',
  }),
  maxConnections: integer({ default: 256, min: 1, doc: 'How many clients may be connected at once.' }),
  requestTimeout: integer({
    default: 10_000,
    min: 1,
    unit: 'ms',
    doc: 'How long a client may take to send a request.',
  }),
  maxWait: integer({
    default: LONGEST_WAIT_MS,
    min: 0,
    max: LONGEST_WAIT_MS,
    unit: 'ms',
    doc: 'How long a webhook waits for room in the channel (and, with ack = durable, for the disk) before the answer is 503: Sentry waits one second.',
  }),
  ack: choice(['accepted', 'durable'], {
    default: 'accepted',
    doc: 'When 200 is answered: as soon as the channels have the webhook, or only when it is durable behind them.',
  }),
  ...serverTlsOptions,
};

export type WebhookValues = OptionValues<typeof options>;

/** Rules between the options. */
export function checkOptions(values: WebhookValues, report: Report): void {
  const signed = values.secret !== undefined || values.secretFile !== undefined;
  if (!signed && !values.legacy) {
    const hint = 'the client secret of the integration, from Settings, Developer Settings in Sentry';
    report('error', 'secret', 'is missing, and so is secretFile: webhooks could not be told from forged ones', hint);
  }
  if (values.secret !== undefined && values.secretFile !== undefined) {
    report('error', 'secretFile', 'there is a secret, too', 'give one of the two');
  }
  if (values.legacy) {
    const message = 'anybody who reaches the port can send rows: the legacy plugin signs nothing';
    report('warning', 'legacy', message, 'use an integration of Sentry, whose webhooks are signed');
  }
}
