import { levelOf } from '../event/fields.ts';
import { isBigNumber } from '../json.ts';
import { exceptionsOf, type Fields, fieldsOf, framesOf, listOf, tagsOf, textOf, wordsOf } from '../payload.ts';
import { Inputs } from './inputs.ts';
import { stableText } from './stable-text.ts';

/** More entries, and what is longer, would let a small event make a large one: a message named a thousand times. */
const MOST_ENTRIES = 100;
const LONGEST_VALUE = 8192;

const VARIABLE = /^\{\{\s*([^\s{}]+)\s*\}\}$/;

/** The entries as texts, as Relay makes them; `undefined` when there is nothing to go by but the default. */
export function fingerprintOf(payload: Fields): readonly string[] | undefined {
  const given = payload['fingerprint'];
  if (!Array.isArray(given)) return undefined;
  const entries = given
    .slice(0, MOST_ENTRIES)
    .map(entryText)
    .filter((entry) => entry !== undefined);
  if (entries.length === 0 || (entries.length === 1 && variableOf(entries[0]!) === 'default')) return undefined;
  return entries;
}

/**
 * What a fingerprint says.
 * @param byDefault what the event would be grouped by without it
 */
export function resolveFingerprint(entries: readonly string[], payload: Fields, byDefault: () => Inputs): Inputs {
  const inputs = new Inputs();
  let spliced = false;
  for (const entry of entries) {
    const variable = variableOf(entry);
    if (variable === undefined) inputs.add(entry, 'fingerprint');
    else if (variable !== 'default') {
      inputs.add(resolve(variable, payload).slice(0, LONGEST_VALUE), `fingerprint, {{ ${variable} }}`);
    } else if (!spliced) {
      inputs.append(byDefault());
      spliced = true;
    }
  }
  return inputs;
}

/** Whether the default is one of the entries. */
export function isHybrid(entries: readonly string[]): boolean {
  return entries.some((entry) => variableOf(entry) === 'default');
}

function variableOf(entry: string): string | undefined {
  return entry.startsWith('{{') ? VARIABLE.exec(entry)?.[1] : undefined;
}

function entryText(entry: unknown): string | undefined {
  if (typeof entry === 'string') return entry;
  if (typeof entry === 'boolean') return entry ? 'True' : 'False';
  if (typeof entry === 'number') {
    return Math.abs(entry) <= Number.MAX_SAFE_INTEGER ? String(Math.trunc(entry) + 0) : undefined;
  }
  return isBigNumber(entry) ? entry.rawJSON : undefined;
}

function resolve(variable: string, payload: Fields): string {
  switch (variable) {
    case 'transaction':
      return textOf(payload['transaction']) ?? '<no-transaction>';
    case 'message': {
      const words = wordsOf(payload, stableText);
      return words.formatted ?? words.message ?? stableText(last(payload)?.['value']) ?? '<no-message>';
    }
    case 'type':
    case 'error.type':
      return textOf(last(payload)?.['type']) ?? '<no-type>';
    case 'value':
    case 'error.value':
      return stableText(last(payload)?.['value']) ?? '<no-value>';
    case 'function':
    case 'stack.function':
      return textOf(crashFrame(payload)?.['function']) ?? '<no-function>';
    case 'path':
    case 'stack.abs_path': {
      const frame = crashFrame(payload);
      return textOf(frame?.['abs_path']) ?? textOf(frame?.['filename']) ?? '<no-abs-path>';
    }
    case 'stack.filename': {
      const frame = crashFrame(payload);
      return textOf(frame?.['filename']) ?? textOf(frame?.['abs_path']) ?? '<no-filename>';
    }
    case 'module':
    case 'stack.module':
      return textOf(crashFrame(payload)?.['module']) ?? '<no-module>';
    case 'package':
    case 'stack.package':
      return textOf(crashFrame(payload)?.['package'])?.replace(/^.*[\\/]/s, '') || '<no-package>';
    case 'level':
      return level(payload);
    case 'logger':
      return textOf(payload['logger']) ?? '<no-logger>';
    default:
      break;
  }
  if (!variable.startsWith('tags.')) return `<unrecognized-variable-${variable}>`;
  const tag = variable.slice('tags.'.length);
  return tagsOf(payload).get(tag) ?? tagOfField(tag, payload) ?? `<no-value-for-tag-${tag}>`;
}

/** What Sentry makes a tag of when it takes an event. */
function tagOfField(tag: string, payload: Fields): string | undefined {
  switch (tag) {
    case 'level':
      return level(payload);
    case 'release':
    case 'sentry:release':
      return textOf(payload['release']);
    case 'environment':
    case 'logger':
    case 'server_name':
      return textOf(payload[tag]);
    default:
      return undefined;
  }
}

/** As Sentry stores it: an event without one has `error`. */
function level(payload: Fields): string {
  return levelOf(payload['level']) ?? 'error';
}

/** The exception that was raised. */
function last(payload: Fields): Fields | undefined {
  return exceptionsOf(payload).at(-1);
}

/** The latest frame of the application, else the latest one. */
function crashFrame(payload: Fields): Fields | undefined {
  const threads = listOf(payload['threads']);
  const stacks = [
    last(payload)?.['stacktrace'],
    payload['stacktrace'],
    threads.length === 1 ? threads[0]?.['stacktrace'] : undefined,
  ];
  for (const stack of stacks) {
    const frames = framesOf(fieldsOf(stack));
    if (frames.length > 0) return frames.findLast((frame) => frame['in_app'] === true) ?? frames.at(-1);
  }
  return undefined;
}
