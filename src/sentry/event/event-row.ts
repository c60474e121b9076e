import type { SentryRow } from '../columns.ts';
import type { Given } from '../headers.ts';
import { isGrouped } from '../items/kinds.ts';
import { exceptionsOf, type Fields, fieldsOf, interfaceOf, tagsOf, textOf } from '../payload.ts';
import { parseTime, secondsBetween, timeText } from '../time.ts';
import { boundedMap } from './bounded-json.ts';
import { correct } from './clock.ts';
import { eventLevel, hashOf, issueOf } from './facts.ts';
import { environmentOf, eventIdOf, fieldOf, platformOf, projectOf, releaseOf, sdkOf, userOf } from './fields.ts';
import { type Crash, stacktraceText, valueText } from './stacktrace.ts';
import { LIMITS, trim, trimmed } from './trim.ts';
import { culpritOf, messageOf, titleOf } from './words.ts';

/** So many characters a context has, and all of them. */
const CONTEXT = 8192;
const CONTEXTS = 64 * 1024;
/** Tags beyond this are left out. */
const MOST_TAGS = 200;

/** The row of an event: an error, a message, a transaction, a report, feedback. */
export function eventRow(itemType: string, payload: Fields, given: Given, crash: Crash): SentryRow {
  const exceptions = exceptionsOf(payload);
  const raised = exceptions.at(-1);
  const contexts = fieldsOf(interfaceOf(payload, 'contexts', 'sentry.interfaces.Contexts'));
  const trace = fieldsOf(contexts?.['trace']);
  const time = correct(parseTime(payload['timestamp']), given);
  const transaction = trimmed(fieldOf(payload, 'transaction', 'transaction'), LIMITS.name);
  const timed = itemType === 'transaction';
  const message = messageOf(payload, raised);
  const hash = isGrouped(itemType) ? hashOf(payload, given) : given.hash;
  return {
    event_id: eventIdOf(payload, given),
    project_id: projectOf(payload, given),
    timestamp: timeText(time),
    platform: platformOf(payload),
    level: eventLevel(itemType, payload),
    logger: trimmed(fieldOf(payload, 'logger', 'logger'), LIMITS.label),
    type: trimmed(textOf(raised?.['type']), LIMITS.host),
    value: trimmed(valueText(raised?.['value']), LIMITS.text),
    message,
    stacktrace: stacktraceText(payload, exceptions, crash),
    culprit: culpritOf(payload, exceptions),
    title: titleOf(payload, raised, message) ?? transaction ?? '<unlabeled event>',
    release: releaseOf(payload) ?? given.release,
    environment: environmentOf(payload) ?? given.environment,
    server_name: trimmed(fieldOf(payload, 'server_name', 'server_name'), LIMITS.host),
    transaction,
    user_id: userOf(payload),
    sdk: sdkOf(payload, given),
    handled: handledOf(exceptions),
    tags: tagsText(tagsOf(payload)),
    contexts: contexts === undefined ? undefined : contextsText(contexts),
    hash,
    issue_id: issueOf(payload, given, hash),
    received: receivedText(payload, given),
    item_type: itemType,
    status: timed ? trimmed(textOf(trace?.['status']), LIMITS.label) : undefined,
    duration: timed ? durationOf(payload) : undefined,
    trace_id: trimmed(textOf(trace?.['trace_id']), LIMITS.label),
    span_id: trimmed(textOf(trace?.['span_id']), LIMITS.label),
    sample_rate: timed ? (given.sampleRate ?? numberText(trace?.['client_sample_rate'])) : undefined,
  };
}

/** false: a mechanism says that nobody caught it; true: all that say anything say it was caught. */
function handledOf(exceptions: readonly Fields[]): string | undefined {
  let handled: string | undefined;
  for (const exception of exceptions) {
    const said = fieldsOf(exception['mechanism'])?.['handled'];
    if (said === false) return 'false';
    if (said === true) handled = 'true';
  }
  return handled;
}

function durationOf(payload: Fields): string | undefined {
  return secondsBetween(parseTime(payload['start_timestamp']), parseTime(payload['timestamp']));
}

/** When Sentry took the event in, where it was stored there; else when we did. */
export function receivedText(payload: Fields, given: Given): string | undefined {
  const stored = given.format === undefined || given.format === 'item' || given.format === 'envelope';
  const time = stored ? Number.NaN : parseTime(payload['received']);
  return timeText(Number.isNaN(time) ? given.received * 1000 : time);
}

/** The tags as a JSON object of texts; `undefined` without any. */
export function tagsText(tags: ReadonlyMap<string, string>): string | undefined {
  if (tags.size === 0) return undefined;
  let json = '';
  // Names that are alike once they are cut: readers refuse a map that has one twice.
  const names = new Set<string>();
  // Written by hand: an object would take names such as __proto__ and 1 for something else, or put them in another order.
  for (const [name, value] of tags) {
    if (names.size === MOST_TAGS) break;
    const key = quoted(name);
    if (names.has(key)) continue;
    names.add(key);
    json += `${json === '' ? '{' : ','}${key}:${quoted(value)}`;
  }
  return `${json}}`;
}

function quoted(text: string): string {
  return JSON.stringify(trim(text, LIMITS.name).toWellFormed());
}

/** The contexts as JSON text; `undefined` without any. */
export function contextsText(contexts: Fields): string | undefined {
  const json = boundedMap(contexts, CONTEXT, CONTEXTS);
  return json === '{}' ? undefined : json;
}

/** A number, or a text of digits, as JSON writes numbers. */
export function numberText(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  const text = textOf(value);
  return text !== undefined && /^-?(?:0|[1-9]\d{0,29})(?:\.\d{1,30})?$/.test(text) ? text : undefined;
}
