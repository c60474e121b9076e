import type { Given } from '../headers.ts';
import { type Fields, fieldsOf, interfaceOf, textOf } from '../payload.ts';
import { LIMITS, trim, trimmed } from './trim.ts';

/** The fields that events of every kind share, each in the one form that columns hold. */

const HEX_ID = /^[0-9a-f]{32}$/;
const PLATFORM = /^[A-Za-z][\w.+-]{0,63}$/;
const ISSUE_ID = /^[\w.:-]{1,64}$/;

/** 32 hexadecimal digits, lower case, of an id with or without dashes; `undefined` for anything else. */
export function hexId(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (HEX_ID.test(value)) return value;
  if (value.length > 48) return undefined;
  const id = value.trim().replaceAll('-', '').toLowerCase();
  return HEX_ID.test(id) ? id : undefined;
}

/** The id of the event: what the header says, else the payload. */
export function eventIdOf(payload: Fields, given: Given): string | undefined {
  return hexId(given.eventId) ?? hexId(payload['event_id']);
}

/** The number of the project; what the header says, else what Sentry stored. */
export function projectOf(payload: Fields, given: Given): string | undefined {
  return given.projectId ?? trimmed(textOf(payload['project_id']) ?? textOf(payload['project']), LIMITS.label);
}

/** Of events alone: what is no word is `other`. */
export function platformOf(payload: Fields): string {
  const platform = payload['platform'];
  return typeof platform === 'string' && PLATFORM.test(platform) ? platform : 'other';
}

const LEVELS: ReadonlyMap<string, string> = new Map([
  ['fatal', 'fatal'],
  ['critical', 'fatal'],
  ['error', 'error'],
  ['warning', 'warning'],
  ['warn', 'warning'],
  ['info', 'info'],
  ['log', 'info'],
  ['debug', 'debug'],
  ['trace', 'debug'],
  ['50', 'fatal'],
  ['40', 'error'],
  ['30', 'warning'],
  ['20', 'info'],
  ['10', 'debug'],
]);

/** The level, by its name or by its number in Python; `undefined` for what is neither. */
export function levelOf(value: unknown): string | undefined {
  if (typeof value === 'string') return LEVELS.get(value) ?? LEVELS.get(value.trim().toLowerCase());
  return typeof value === 'number' ? LEVELS.get(String(value)) : undefined;
}

/** The value of a tag that comes as a pair, as Sentry stores them; SDKs that send pairs do not mind. */
function pairOf(payload: Fields, name: string): unknown {
  const tags = payload['tags'];
  if (!Array.isArray(tags)) return undefined;
  const most = Math.min(tags.length, 200);
  for (let i = 0; i < most; i++) {
    const entry: unknown = tags[i];
    if (Array.isArray(entry) && entry[0] === name) return entry[1];
  }
  return undefined;
}

/** A field of the payload, or the tag that Sentry made of it. */
export function fieldOf(payload: Fields, name: string, tag: string): string | undefined {
  return textOf(payload[name]) ?? textOf(pairOf(payload, tag));
}

export function releaseOf(payload: Fields): string | undefined {
  return trimmed(fieldOf(payload, 'release', 'sentry:release'), LIMITS.name);
}

export function environmentOf(payload: Fields): string | undefined {
  return trimmed(fieldOf(payload, 'environment', 'environment'), LIMITS.label);
}

/** Name and version: `sentry.python/2.75.0`. */
export function sdkOf(payload: Fields, given: Given): string | undefined {
  return sdkText(payload['sdk'] ?? payload['client_sdk']) ?? given.sdk;
}

export function sdkText(value: unknown): string | undefined {
  const sdk = fieldsOf(value);
  const name = textOf(sdk?.['name']);
  if (name === undefined) return undefined;
  const version = textOf(sdk?.['version']);
  return trim(version === undefined ? name : `${name}/${version}`, LIMITS.sdk);
}

/** Sentry's own id of the issue, where the data has one. */
export function storedIssueOf(payload: Fields): string | undefined {
  const id = textOf(payload['group_id']) ?? textOf(payload['issue_id']) ?? textOf(fieldsOf(payload['issue'])?.['id']);
  return id !== undefined && ISSUE_ID.test(id) ? id : undefined;
}

/** The hash that Sentry itself has stored with an event. */
export function storedHashOf(payload: Fields): string | undefined {
  const hashes = payload['hashes'];
  return hexId(payload['primary_hash']) ?? (Array.isArray(hashes) ? hexId(hashes[0]) : undefined);
}

/** Who was affected; an address that the server was to fill in is none. */
export function userOf(payload: Fields): string | undefined {
  const user = interfaceOf(payload, 'user', 'sentry.interfaces.User');
  const fields = fieldsOf(user);
  if (fields === undefined) return trimmed(textOf(user), LIMITS.host);
  const address = textOf(fields['ip_address']);
  const id =
    textOf(fields['id']) ??
    textOf(fields['username']) ??
    textOf(fields['email']) ??
    (address === '{{auto}}' ? undefined : address);
  return trimmed(id, LIMITS.host);
}
