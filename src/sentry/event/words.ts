import { type Fields, fieldsOf, framesOf, textOf, wordsOf } from '../payload.ts';
import { fieldOf } from './fields.ts';
import { exceptionText, valueText } from './stacktrace.ts';
import { firstLine, LIMITS, trim, trimmed } from './trim.ts';

/** What an event is called: message, title, culprit. */

/** What people read: the formatted message, else its template, else the exception in a line. */
export function messageOf(payload: Fields, raised: Fields | undefined): string | undefined {
  const words = wordsOf(payload);
  const text = words.formatted ?? words.message ?? (raised === undefined ? undefined : exceptionText(raised));
  return trimmed(text, LIMITS.text);
}

/** What Sentry has stored, else type and first line of the exception's text, else the first line of the message. */
export function titleOf(payload: Fields, raised: Fields | undefined, message: string | undefined): string | undefined {
  const stored = textOf(payload['title']);
  if (stored !== undefined) return trim(stored, LIMITS.title);
  const type = textOf(raised?.['type']);
  if (type === undefined)
    return message === undefined ? undefined : trim(firstLine(message), LIMITS.title) || undefined;
  const value = valueText(raised?.['value']);
  return trim(value === undefined ? type : `${type}: ${firstLine(value)}`, LIMITS.title);
}

/** What the client or Sentry says, else the transaction, else the last frame of the application, else the address of the request. */
export function culpritOf(payload: Fields, exceptions: readonly Fields[]): string | undefined {
  const said = textOf(payload['culprit']) ?? fieldOf(payload, 'transaction', 'transaction');
  return trimmed(said ?? frameCulprit(payload, exceptions) ?? requestUrl(payload), LIMITS.name);
}

function frameCulprit(payload: Fields, exceptions: readonly Fields[]): string | undefined {
  // What an SDK made up to hold the stack of a message names no place where something failed.
  if (fieldsOf(exceptions.at(-1)?.['mechanism'])?.['synthetic'] === true) return undefined;
  const platform = textOf(payload['platform']);
  for (let i = exceptions.length - 1; i >= 0; i--) {
    const frames = framesOf(exceptions[i]['stacktrace']);
    if (frames.length > 0) return lastOfApp(frames, platform);
  }
  return exceptions.length === 0 ? lastOfApp(framesOf(payload['stacktrace']), platform) : undefined;
}

function lastOfApp(frames: readonly Fields[], platform: string | undefined): string | undefined {
  let last: string | undefined;
  for (let i = frames.length - 1; i >= 0; i--) {
    const frame = frames[i];
    if (frame['in_app'] !== true && last !== undefined) continue;
    const name = placeOf(frame, platform);
    if (name === undefined) continue;
    if (frame['in_app'] === true) return name;
    last = name;
  }
  return last;
}

const NATIVE: ReadonlySet<string | undefined> = new Set(['native', 'c', 'cocoa', 'objc', 'swift']);

function placeOf(frame: Fields, platform: string | undefined): string | undefined {
  const named = textOf(frame['function']) ?? '?';
  if (NATIVE.has(textOf(frame['platform']) ?? platform)) return named;
  const where = textOf(frame['module']) ?? textOf(frame['filename']) ?? textOf(frame['abs_path']);
  return where === undefined ? undefined : `${where} in ${named}`;
}

function requestUrl(payload: Fields): string | undefined {
  return textOf(fieldsOf(payload['request'] ?? payload['sentry.interfaces.Http'])?.['url']);
}
