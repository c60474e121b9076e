import { hash as digest } from 'node:crypto';
import { exceptionsOf, type Fields, fieldsOf, interfaceOf, listOf, textOf, wordsOf } from '../payload.ts';
import { type Found, groupByExceptions, groupByStack } from './exceptions.ts';
import { fingerprintOf, isHybrid, resolveFingerprint } from './fingerprint.ts';
import { Inputs } from './inputs.ts';
import { addMessage } from './message.ts';
import { groupByReport, type SecurityKind } from './security.ts';
import { stableText } from './stable-text.ts';
import { threadInQuestion } from './threads.ts';

/** What decided about the hash of an event. */
export type GroupedBy =
  | 'checksum'
  | 'fingerprint'
  | 'exception'
  | 'threads'
  | 'stacktrace'
  | 'template'
  | SecurityKind
  | 'message'
  | 'nothing';

export interface Grouping {
  /** Lower-case hexadecimal md5. */
  readonly hash: string;
  readonly by: GroupedBy;
  /** `app`: frames of the application alone; `system`: all frames; `undefined` where no frame counts. */
  readonly variant: 'app' | 'system' | undefined;
  /** What was hashed, in order, concatenated without a separator; a checksum that is an md5 is the hash itself. */
  readonly inputs: readonly string[];
  /** Beside each input a word that says where it came from: `type`, `module`, `value, parameterised`. */
  readonly origins: readonly string[];
}

/** Names the rules: ids of other rules never mix. */
export const GROUPING_VERSION = 'v1';

const MD5 = /^[0-9a-fA-F]{32}$/;

/** The id of the issue that an event belongs to by our own grouping. */
export function issueIdOf(hash: string): string {
  return `${GROUPING_VERSION}-${hash}`;
}

/** Groups an event. Never throws. */
export function group(payload: Fields): Grouping {
  const checksum = textOf(payload['checksum']);
  if (checksum !== undefined) return byChecksum(checksum);
  const fingerprint = fingerprintOf(payload);
  if (fingerprint === undefined) {
    const { by, variant, inputs } = byStrategies(payload);
    return hashed(by, variant, inputs);
  }
  const strategies = isHybrid(fingerprint) ? byStrategies(payload) : undefined;
  const inputs = resolveFingerprint(fingerprint, payload, () => strategies?.inputs ?? new Inputs());
  return hashed('fingerprint', strategies?.variant, inputs);
}

function hashed(by: GroupedBy, variant: Grouping['variant'], { texts, origins }: Inputs): Grouping {
  return { hash: digest('md5', texts.join('')), by, variant, inputs: texts, origins };
}

function byChecksum(checksum: string): Grouping {
  const inputs = new Inputs();
  inputs.add(checksum, 'checksum');
  const grouping = hashed('checksum', undefined, inputs);
  return MD5.test(checksum) ? { ...grouping, hash: checksum.toLowerCase() } : grouping;
}

/** The first strategy that has something to say. */
function byStrategies(payload: Fields): Found & { readonly by: GroupedBy } {
  const platform = textOf(payload['platform']) ?? 'other';
  const exceptions = exceptionsOf(payload);
  if (exceptions.length > 0) {
    const found = groupByExceptions(exceptions, platform);
    if (!found.inputs.empty) return { by: 'exception', ...found };
  }
  const thread = threadInQuestion(listOf(payload['threads']));
  if (thread !== undefined) {
    const found = groupByStack(thread['stacktrace'], platform);
    if (!found.inputs.empty) return { by: 'threads', ...found };
  }
  const stacktrace = interfaceOf(payload, 'stacktrace', 'sentry.interfaces.Stacktrace');
  if (stacktrace !== undefined) {
    const found = groupByStack(stacktrace, platform);
    if (!found.inputs.empty) return { by: 'stacktrace', ...found };
  }
  const template = fieldsOf(interfaceOf(payload, 'template', 'sentry.interfaces.Template'));
  if (template !== undefined) {
    const inputs = byTemplate(template);
    if (!inputs.empty) return { by: 'template', variant: undefined, inputs };
  }
  const report = groupByReport(payload);
  if (report !== undefined) return { by: report.kind, variant: undefined, inputs: report.inputs };
  return byMessage(payload);
}

function byTemplate(template: Fields): Inputs {
  const inputs = new Inputs();
  const filename = textOf(template['filename']);
  const line = textOf(template['context_line']);
  if (filename !== undefined) inputs.add(filename, 'template');
  if (line !== undefined) inputs.add(line, 'context line');
  return inputs;
}

function byMessage(payload: Fields): Found & { readonly by: GroupedBy } {
  const inputs = new Inputs();
  const words = wordsOf(payload, stableText);
  const message = words.message ?? words.formatted;
  if (message === undefined) return { by: 'nothing', variant: undefined, inputs };
  addMessage(message, 'message', inputs);
  return { by: 'message', variant: undefined, inputs };
}
