import type { Logger } from '../../component/context.ts';
import type { SourceCounters } from '../../component/counters.ts';
import { integer, type OptionValues, text } from '../../options/option.ts';
import { Forwarder, noForwards } from './forward.ts';

export const forwardOptions = {
  forward: text({
    ours: true,
    check: wrongBase,
    doc: 'The URL of the real Sentry: each request is passed on to it as well, untouched. What comes of that changes no answer.',
  }),
  'forward.maxBytes': integer({
    default: 64 << 20,
    min: 1 << 20,
    max: 2 ** 40,
    unit: 'bytes',
    ours: true,
    doc: 'How much may wait to be passed on; what comes when it is full is not passed on, and counted.',
  }),
  'forward.timeout': integer({
    default: 30_000,
    min: 1,
    unit: 'ms',
    ours: true,
    doc: 'How long the real Sentry may take to answer.',
  }),
};

/** The forwarder that the options ask for, if any. */
export function forwarderOf(
  options: OptionValues<typeof forwardOptions>,
  log: Logger,
  counters: SourceCounters,
): Forwarder | undefined {
  if (options.forward === undefined) return undefined;
  return new Forwarder({
    base: options.forward,
    maxBytes: options['forward.maxBytes'],
    timeout: options['forward.timeout'],
    log,
    counts: Object.assign(counters, { ...noForwards(), ...counters }),
  });
}

/** What is wrong with the URL, if anything. */
function wrongBase(base: string): string | undefined {
  const url = URL.canParse(base) ? new URL(base) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) return 'it is no URL that begins with https:// or http://';
  if (url.username !== '' || url.search !== '' || url.hash !== '')
    return 'only host, port and path: keys are those of the requests';
  return undefined;
}
