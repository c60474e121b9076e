import { integer, type OptionValues } from '../../options/option.ts';
import { Refusal } from '../../rpc/http/refusal.ts';
import type { Item } from './submission.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

function bytes(most: number, doc: string) {
  return integer({ default: most, min: 1, max: 1 << 30, unit: 'bytes', ours: true, doc });
}

/** The defaults are Relay's. */
export const limitOptions = {
  'limits.envelope': bytes(
    200 * MIB,
    'The longest body of a request, as it came and decompressed; a longer one is refused with 413, as with all that follow.',
  ),
  'limits.event': bytes(MIB, 'The longest event, transaction or report, and all of one request together.'),
  'limits.attachments': bytes(200 * MIB, 'The longest attachment, and all of one request together.'),
  'limits.attachmentCount': integer({
    default: 30,
    min: 0,
    ours: true,
    doc: 'How many attachments a request may have.',
  }),
  'limits.sessionCount': integer({
    default: 100,
    min: 0,
    ours: true,
    doc: 'How many items of sessions a request may have.',
  }),
  'limits.sessions': bytes(10 * MIB, 'The longest item of sessions.'),
  'limits.clientReport': bytes(100 * KIB, 'The longest client report, and all of one request together.'),
  'limits.checkIn': bytes(100 * KIB, 'The longest check-in.'),
  'limits.profile': bytes(50 * MIB, 'The longest profile.'),
  'limits.logs': bytes(
    12 * MIB,
    'The longest container of logs or metrics, and the longest item of a type that is not known.',
  ),
  'limits.spans': bytes(10 * MIB, 'The longest span or container of spans.'),
  'limits.statsd': bytes(MIB, 'The longest item of old metrics.'),
  'limits.replay': bytes(10 * MIB, 'The longest recording of a replay.'),
};

export type LimitValues = OptionValues<typeof limitOptions>;
type LimitName = keyof LimitValues;

/** Which limit is for an item by itself. */
const BY_TYPE: Readonly<Record<string, LimitName | undefined>> = {
  session: 'limits.sessions',
  sessions: 'limits.sessions',
  check_in: 'limits.checkIn',
  profile: 'limits.profile',
  profile_chunk: 'limits.profile',
  log: 'limits.logs',
  otel_log: 'limits.logs',
  trace_metric: 'limits.logs',
  metric: 'limits.logs',
  span: 'limits.spans',
  otel_span: 'limits.spans',
  statsd: 'limits.statsd',
  metric_buckets: 'limits.statsd',
  replay_recording: 'limits.replay',
  replay_video: 'limits.replay',
};

/** Which limit is for all items of a type together. */
const TOGETHER: Readonly<Record<string, LimitName | undefined>> = {
  event: 'limits.event',
  transaction: 'limits.event',
  feedback: 'limits.event',
  user_report: 'limits.event',
  security: 'limits.event',
  raw_security: 'limits.event',
  csp: 'limits.event',
  hpkp: 'limits.event',
  expectct: 'limits.event',
  expectstaple: 'limits.event',
  nel: 'limits.event',
  form_data: 'limits.event',
  replay_event: 'limits.event',
  attachment: 'limits.attachments',
  unreal_report: 'limits.attachments',
  client_report: 'limits.clientReport',
};

/**
 * Refuses a request whose items are too long or too many; as with Relay the whole of it.
 * @throws Refusal 413
 */
export function checkLimits(items: readonly Item[], limits: LimitValues): void {
  let events = 0;
  let attachments = 0;
  let reports = 0;
  let attachmentCount = 0;
  let sessionCount = 0;
  for (const { type, payload } of items) {
    const together = Object.hasOwn(TOGETHER, type) ? TOGETHER[type] : undefined;
    if (together === undefined) {
      const known = Object.hasOwn(BY_TYPE, type) ? BY_TYPE[type] : undefined;
      const limit = known ?? 'limits.logs';
      // Nothing of the client's is repeated in the answer.
      if (payload.length > limits[limit]) throw tooLarge(known === undefined ? 'unknown' : type, limit);
      if (type === 'session' || type === 'sessions') sessionCount++;
      continue;
    }
    if (together === 'limits.event') events += payload.length;
    else if (together === 'limits.clientReport') reports += payload.length;
    else attachments += payload.length;
    if (type === 'attachment') attachmentCount++;
    const sum = together === 'limits.event' ? events : together === 'limits.clientReport' ? reports : attachments;
    if (sum > limits[together]) throw tooLarge(type, together);
  }
  if (attachmentCount > limits['limits.attachmentCount']) throw tooLarge('attachment', 'limits.attachmentCount');
  if (sessionCount > limits['limits.sessionCount']) throw tooLarge('session', 'limits.sessionCount');
}

/**
 * The same for a body that is one event, before it is read.
 * @throws Refusal 413
 */
export function checkEvent(payload: Buffer, limits: LimitValues): void {
  if (payload.length > limits['limits.event']) throw tooLarge('event', 'limits.event');
}

function tooLarge(type: string, limit: LimitName): Refusal {
  return new Refusal(413, `envelope exceeded size limits for type '${type}' (${limit})`);
}
