import { isBigNumber } from './json.ts';

/**
 * The payload of an event as SDKs of all ages send it, seen alike: lists that come as `{values: […]}`, bare or single, old names, maps that come as
 * pairs. Everything is untrusted: nothing here throws, and what has the wrong shape counts as missing.
 */

/** A JSON object. Keys such as `__proto__` are its own. */
export type Fields = { readonly [key: string]: unknown };

/** So many entries of a list are looked at: exceptions, frames, threads, tags. Of those that end with the crash it is the last ones. */
const MOST_ENTRIES = 1000;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isBigNumber(value);
}

/** The object under a key, or `undefined`. */
export function fieldsOf(value: unknown): Fields | undefined {
  return isFields(value) ? value : undefined;
}

/** A text, or a number or boolean as text (`True` is Python's alone); empty texts, null and anything else are missing. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (isBigNumber(value)) return value.rawJSON;
  return undefined;
}

/** Any value as text: what is neither text nor number is written as JSON; null is missing. */
export function anyText(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return textOf(value) ?? (value === '' ? undefined : jsonText(value));
}

/** JSON of a value; `undefined` when it is nested deeper than can be written. */
export function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** The entries of a list that comes as `{values: […]}`, as an array or as one object; only objects count. */
export function listOf(value: unknown): readonly Fields[] {
  const inner = isFields(value) && 'values' in value ? value['values'] : value;
  if (Array.isArray(inner)) return inner.slice(-MOST_ENTRIES).filter(isFields);
  return isFields(inner) && Object.keys(inner).length > 0 ? [inner] : [];
}

/** A field by its name, or by its name in clients before 2015. */
export function interfaceOf(payload: Fields, name: string, old: string): unknown {
  return payload[name] ?? payload[old];
}

/** The exceptions: causes first, the one that was raised last. */
export function exceptionsOf(payload: Fields): readonly Fields[] {
  return listOf(interfaceOf(payload, 'exception', 'sentry.interfaces.Exception'));
}

/** The frames of a stack trace (of the payload, an exception or a thread): the oldest first, the crash last. */
export function framesOf(stacktrace: unknown): readonly Fields[] {
  const frames = fieldsOf(stacktrace)?.['frames'];
  return Array.isArray(frames) ? frames.slice(-MOST_ENTRIES).filter(isFields) : [];
}

/** What the payload says in words: the template and the text that was made of it. */
export interface Words {
  readonly message: string | undefined;
  readonly formatted: string | undefined;
}

/** `logentry` (also under its old name), else `message`, which is a text or an object of the same kind. `toText`: of what is no text but should be. */
export function wordsOf(payload: Fields, toText: typeof anyText = anyText): Words {
  const { message, formatted } = wordsIn(interfaceOf(payload, 'logentry', 'sentry.interfaces.Message'), toText);
  if (message !== undefined || formatted !== undefined) return { message, formatted };
  return wordsIn(payload['message'], toText);
}

function wordsIn(entry: unknown, toText: typeof anyText): Words {
  if (!isFields(entry)) return { message: entry === false ? undefined : textOf(entry), formatted: undefined };
  return { message: toText(entry['message']), formatted: toText(entry['formatted']) };
}

/** Name and value of each tag, in order; null, lists without both and values that are no text are left out. The first of a name counts. */
export function tagsOf(payload: Fields): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  const add = (key: unknown, value: unknown): void => {
    const name = textOf(key)?.trim();
    const text = tagText(value);
    if (name !== undefined && name !== '' && text !== undefined && !tags.has(name)) tags.set(name, text);
  };
  const given = payload['tags'];
  if (Array.isArray(given)) {
    for (const entry of given.slice(0, MOST_ENTRIES)) {
      if (Array.isArray(entry)) add(entry[0], entry[1]);
      else if (isFields(entry)) add(entry['key'], entry['value']);
    }
  } else if (isFields(given)) {
    for (const key of Object.keys(given).slice(0, MOST_ENTRIES)) add(key, given[key]);
  }
  return tags;
}

/** As Relay writes values of tags: True and False, numbers without a fraction. */
export function tagText(value: unknown): string | undefined {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return Number.isFinite(value) ? BigInt(Math.trunc(value)).toString() : undefined;
  return textOf(value);
}
