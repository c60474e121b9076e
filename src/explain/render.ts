import type { GroupedBy } from '../sentry/grouping/index.ts';
import type { Explained } from './explained.ts';

/** So many inputs are shown, and so much of each; all of it with `--json`. */
const MOST_INPUTS = 60;
const MOST_CHARACTERS = 160;

const DECIDED: Readonly<Record<GroupedBy, string>> = {
  checksum: 'the checksum, which overrides all',
  fingerprint: 'the fingerprint that the application has set',
  exception: 'the exceptions',
  threads: 'the stack trace of the thread in question',
  stacktrace: 'the stack trace',
  template: 'the template',
  csp: 'the report of a content security policy',
  hpkp: 'the report of pinned keys',
  'expect-ct': 'the report of certificate transparency',
  'expect-staple': 'the report of stapling',
  message: 'the message',
  nothing: 'nothing that was found: all such events are one issue',
};

const VARIANTS = {
  app: 'frames of the application alone (app)',
  system: 'all frames, since none of the application counts (system)',
} as const;

/** An event in plain words. */
export function renderExplained(event: Explained): string {
  const { variant, inputs, sentry } = event;
  const decided = variant === undefined ? DECIDED[event.by] : `${DECIDED[event.by]}; ${VARIANTS[variant]}`;
  const lines = [
    row('event', event.event_id ?? 'without an id'),
    ...(event.title === undefined ? [] : [row('title', quoted(event.title))]),
    row('decided by', decided),
    ...renderInputs(inputs),
    row('hash', event.hash),
    row('issue', event.issue_id + (sentry?.issue_id === undefined ? '' : ", Sentry's own")),
  ];
  if (sentry?.hash !== undefined) {
    lines.push(row('in Sentry', sentry.hash === event.hash ? 'the same hash' : `hash ${sentry.hash}`));
  }
  return lines.join('\n');
}

function renderInputs(inputs: Explained['inputs']): string[] {
  const shown = inputs.slice(0, MOST_INPUTS);
  const width = Math.max(0, ...shown.map(({ from }) => from.length));
  const lines = shown.map(({ from, text }, i) =>
    row(i === 0 ? 'hashed' : '', `${from.padEnd(width)}  ${quoted(text)}`),
  );
  if (shown.length < inputs.length)
    lines.push(row('', `… and ${inputs.length - shown.length} more (--json shows all)`));
  return lines;
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(10)}  ${text}`;
}

/** In quotes, and without anything that a terminal would obey. */
function quoted(text: string): string {
  const cut = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  return JSON.stringify(cut.toWellFormed()).replace(
    /[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
