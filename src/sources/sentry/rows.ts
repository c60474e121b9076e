import { factsOf, type ItemFacts } from '../../sentry/event/facts.ts';
import type { Given } from '../../sentry/headers.ts';
import { parseJson } from '../../sentry/json.ts';
import { type Fields, isFields, textOf } from '../../sentry/payload.ts';
import type { Scrubber } from '../../sentry/scrub/index.ts';
import { belongsToEvent, eventIdOf, type Item, isEvent, newEventId, type Submission } from './submission.ts';
import type { Turns } from './turns.ts';

/** What becomes one event: its body and the values of its headers. */
export interface Row {
  readonly itemType: string;
  readonly body: Buffer;
  readonly projectId: string;
  readonly eventId: string | undefined;
  readonly received: number;
  readonly sentAt: number;
  readonly facts: ItemFacts;
  readonly release: string | undefined;
  readonly environment: string | undefined;
  readonly filename: string | undefined;
  readonly attachmentType: string | undefined;
  readonly contentType: string | undefined;
  readonly sampleRate: string | undefined;
  readonly parsed: boolean;
  /** Whether something was taken out. */
  readonly scrubbed: boolean;
}

/** Payloads that are no JSON; they stay byte for byte. */
const RAW: ReadonlySet<string> = new Set(['attachment', 'replay_recording', 'replay_video', 'statsd', 'unreal_report']);

const NOTHING: Fields = {};

/** A header longer than this is cut. */
const LONGEST = 1024;

/** An item read: its body as it is kept, and what is in it. */
interface Read {
  readonly body: Buffer;
  readonly payload: Fields;
  readonly parsed: boolean;
}

/** The rows of a request, and the id that it is answered with. */
export interface SubmissionRows {
  readonly rows: readonly Row[];
  readonly eventId: string | undefined;
}

/**
 * Scrubs the items of a request and reads what their headers say, one after the other: what is read takes many times the memory of its bytes. Long
 * requests make way for others between their items. An event without an id gets one.
 * @param scrubber `undefined`: they are kept as they came
 */
export async function rowsOf(
  submission: Submission,
  scrubber: Scrubber | undefined,
  turns: Turns,
): Promise<SubmissionRows> {
  const { items } = submission;
  let { eventId } = submission;
  let event = -1;
  let ahead: Read | undefined;
  if (eventId === undefined) {
    event = items.findIndex(({ type }) => isEvent(type));
    if (event >= 0) {
      await turns.take(items[event]!.payload.length);
      ahead = read(items[event]!, scrubber);
      eventId = eventIdOf(ahead.payload['event_id']) ?? newEventId();
    }
  }
  const rows: Row[] = [];
  for (const [i, item] of items.entries()) {
    const turn = i === event || RAW.has(item.type) ? undefined : turns.take(item.payload.length);
    if (turn !== undefined) await turn;
    rows.push(toRow(item, i === event ? ahead! : read(item, scrubber), submission, eventId));
  }
  return { rows, eventId: eventId ?? items[0]?.eventId };
}

function read({ type, payload: bytes }: Item, scrubber: Scrubber | undefined): Read {
  if (RAW.has(type)) return { body: bytes, payload: NOTHING, parsed: true };
  try {
    const body = scrubber === undefined ? bytes : scrubber.json(bytes);
    const payload = parseJson(body.toString('utf8'));
    return { body, payload: isFields(payload) ? payload : NOTHING, parsed: true };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { body: scrubber === undefined ? bytes : scrubber.text(bytes), payload: NOTHING, parsed: false };
  }
}

function toRow(item: Item, { body, payload, parsed }: Read, submission: Submission, eventId: string | undefined): Row {
  const { type, headers } = item;
  const { project, received, sdk } = submission;
  // As the header holds it: rows are made of that, and the two must not fall on different days.
  const sentAt = Math.floor(submission.sentAt);
  const id = item.eventId ?? (belongsToEvent(type) ? eventId : undefined);
  const given: Given = {
    itemType: type,
    eventId: id,
    projectId: project,
    received,
    sentAt,
    timestamp: Number.NaN,
    sdk,
    format: 'item',
  };
  const facts = factsOf(type, payload, given);
  return {
    itemType: bounded(type)!,
    body,
    projectId: project,
    eventId: id ?? facts.eventId,
    received,
    sentAt,
    facts,
    release: facts.release ?? submission.release,
    environment: facts.environment ?? submission.environment,
    filename: bounded(textOf(headers['filename'])),
    attachmentType: bounded(textOf(headers['attachment_type'])),
    contentType: bounded(textOf(headers['content_type'])),
    sampleRate: type === 'transaction' ? submission.sampleRate : undefined,
    parsed,
    scrubbed: body !== item.payload,
  };
}

function bounded(text: string | undefined): string | undefined {
  return text === undefined || text.length <= LONGEST ? text : text.slice(0, LONGEST);
}
