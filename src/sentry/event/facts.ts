import { group, issueIdOf } from '../grouping/index.ts';
import type { Given } from '../headers.ts';
import { attributeOf, attributesOf, firstEntryOf } from '../items/entries.ts';
import { isGrouped, kindOf } from '../items/kinds.ts';
import { securityEvent } from '../items/security.ts';
import { type Fields, fieldsOf, isFields, textOf } from '../payload.ts';
import { parseTime } from '../time.ts';
import { correct } from './clock.ts';
import {
  environmentOf,
  eventIdOf,
  levelOf,
  platformOf,
  releaseOf,
  sdkOf,
  storedHashOf,
  storedIssueOf,
} from './fields.ts';
import { LIMITS, trim, trimmed } from './trim.ts';

/** What the headers of an item say: read once where it comes in. */
export interface ItemFacts {
  readonly eventId: string | undefined;
  /** Milliseconds since 1970, clamped and corrected; never NaN when `received` is known. */
  readonly timestamp: number;
  readonly platform: string | undefined;
  readonly level: string | undefined;
  readonly release: string | undefined;
  readonly environment: string | undefined;
  readonly sdk: string | undefined;
  /** Of errors alone. */
  readonly hash: string | undefined;
  readonly issueId: string | undefined;
}

/** Reads the facts of an item; never throws. `payload` is what `parseJson` made of its bytes. */
export function factsOf(itemType: string, payload: Fields, given: Given): ItemFacts {
  switch (kindOf(itemType)) {
    case 'event':
      return ofEvent(itemType, payload, payload, given);
    case 'security':
      return ofEvent(itemType, securityEvent(payload), payload, given);
    case 'session':
      return plain(payload, payload['timestamp'], fieldsOf(payload['attrs']) ?? payload, given);
    case 'sessions':
      return ofSessions(payload, given);
    case 'entries':
      return ofEntries(payload, given);
    default:
      return plain(payload, payload['timestamp'], payload, given);
  }
}

function ofEvent(itemType: string, event: Fields, payload: Fields, given: Given): ItemFacts {
  // A list of reports comes as nothing: each has an issue of its own, which its row says.
  const grouped = isGrouped(itemType) && !(kindOf(itemType) === 'security' && Object.keys(payload).length === 0);
  const hash = grouped ? hashOf(event, given) : given.hash;
  return {
    eventId: eventIdOf(payload, given),
    timestamp: Math.floor(correct(parseTime(event['timestamp']), given) / 1000),
    platform: platformOf(event),
    level: eventLevel(itemType, event),
    release: releaseOf(event),
    environment: environmentOf(event),
    sdk: sdkOf(event, given),
    hash,
    issueId: issueOf(event, given, hash),
  };
}

/** The hash of an event: the header's, Sentry's own, else by our rules. */
export function hashOf(event: Fields, given: Given): string {
  return given.hash ?? storedHashOf(event) ?? group(event).hash;
}

/** The issue of an event: the header's, Sentry's own, else the one that our hash makes. */
export function issueOf(event: Fields, given: Given, hash: string | undefined): string | undefined {
  return given.issueId ?? storedIssueOf(event) ?? (hash === undefined ? undefined : issueIdOf(hash));
}

/** The level of an event, or the one that events of its type have when they do not say. */
export function eventLevel(itemType: string, event: Fields): string {
  return levelOf(event['level']) ?? (itemType === 'transaction' || itemType === 'feedback' ? 'info' : 'error');
}

/** Their time is that of the first bucket. */
function ofSessions(payload: Fields, given: Given): ItemFacts {
  const aggregates = payload['aggregates'];
  const first = Array.isArray(aggregates) ? aggregates.find(isFields) : undefined;
  return plain(payload, first?.['started'], fieldsOf(payload['attrs']) ?? payload, given);
}

/** Times and versions of a container are those of its first entry. */
function ofEntries(payload: Fields, given: Given): ItemFacts {
  const entry = firstEntryOf(payload) ?? payload;
  const attributes = attributesOf(entry);
  return {
    ...plain(payload, entry['end_timestamp'] ?? entry['timestamp'], payload, given),
    release: trimmed(textOf(attributeOf(attributes, 'sentry.release')), LIMITS.name),
    environment: trimmed(textOf(attributeOf(attributes, 'sentry.environment')), LIMITS.label),
    sdk: given.sdk ?? entrySdk(attributes),
  };
}

/** Name and version of the SDK that an entry names. */
export function entrySdk(attributes: Fields | undefined): string | undefined {
  const name = textOf(attributeOf(attributes, 'sentry.sdk.name'));
  if (name === undefined) return undefined;
  const version = textOf(attributeOf(attributes, 'sentry.sdk.version'));
  return trim(version === undefined ? name : `${name}/${version}`, LIMITS.sdk);
}

/** Of what is no event: it has neither platform nor level. `holder` is where release and environment stand. */
function plain(payload: Fields, time: unknown, holder: Fields, given: Given): ItemFacts {
  return {
    eventId: eventIdOf(payload, given),
    timestamp: Math.floor(correct(parseTime(time), given) / 1000),
    platform: undefined,
    level: undefined,
    release: releaseOf(holder),
    environment: environmentOf(holder),
    sdk: sdkOf(payload, given),
    hash: given.hash,
    issueId: given.issueId,
  };
}
