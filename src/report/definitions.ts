/** What the figures mean, as the report says it. */
export const DEFINITIONS = {
  errors: 'Events of level error or fatal. A row without item_type is an event, an event without level an error.',
  all: 'Events of every level, transactions, and segment spans (which newer SDKs send in place of transactions). Check-ins, logs, attachments, sessions and security reports are not among them.',
  errorRate: 'errors / all. Of what was received: see `discarded` for what the clients and Sentry left out.',
  allUnsampled:
    'As all, with each transaction and segment counted 1 / sample_rate times, as many as there were before sampling.',
  repeats: 'Events, transactions and segments of the same project, type and id are counted once.',
  crashFree:
    '1 - crashed / all sessions. A session counts once, at its first message, with the highest state of its updates (crashed, abnormal, unhandled, errored, healthy); crash-free users likewise, by distinct id.',
  mttr: 'Time of repair / repairs. A repair begins when the issue is first seen, or unresolved again, and ends with the first resolve after it; it counts where it ends. Repeated webhooks and their order do no harm. Open issues are not in it.',
  new: 'First seen since newSince.',
  regressed: 'Unresolved again since newSince, after a resolve.',
  causes:
    'Of the five issues with the most events: values that are found in a larger share of its events than of those of the other issues of its project (lift = share / restShare, at least 1.5; at least 3 events and a tenth of the issue; a difference of at least two standard errors).',
} as const;
