/**
 * How the body of an event is to be read: the values of the header `sentry.format`, and of the option `format` of the interceptor. Docker's wrapper (`{"log":…,"stream":…,"time":…}`) may be round any of
 * them and has no word of its own.
 */
export const FORMATS = {
  item: 'The payload of one item of an envelope; the header item_type says which.',
  envelope: 'A whole envelope.',
  event: 'An event as JSON, as SDKs send it or as Sentry stores it.',
  'kafka-events': 'A message of Sentry\'s topic `events`: [2,"insert",{…},{…}] and its other operations.',
  'kafka-outcomes': "A message of Sentry's topic `outcomes`.",
  relay: "A line of Relay's text log, with the lines that continue it.",
  'relay-json': "A line of Relay's JSON log.",
  sentry: "A line of Sentry's web, worker and consumer logs in the form `human`, with the traceback behind it.",
  'sentry-json': 'A line of the same in the form `machine`.',
  nginx: "A line of nginx's access log.",
  webhook: "The body of a webhook of Sentry's integration platform, or of the legacy plugin.",
} as const;

export type Format = keyof typeof FORMATS;

export const FORMAT_NAMES = Object.keys(FORMATS) as readonly Format[];
