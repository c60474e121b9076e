/**
 * The columns of a Sentry row: what the serializer writes, and what the tables in `conf/` declare. Every value is text here; the kind says what the
 * text is and how it is written.
 */

/**
 * - `text`: any text
 * - `time`: `yyyy-MM-dd HH:mm:ss.SSSSSS` in UTC, which Hive, Spark and DuckDB read as TIMESTAMP
 * - `boolean`: true or false
 * - `integer`, `number`: decimal digits, as JSON writes them
 * - `map`: a JSON object whose values are all texts; JSON rows hold it as an object
 * - `json`: any JSON text; JSON rows hold it as a string, for its shape differs from row to row
 */
export type ColumnKind = 'text' | 'time' | 'boolean' | 'integer' | 'number' | 'map' | 'json';

interface Column {
  readonly kind: ColumnKind;
  /** What it holds, for the reference. */
  readonly doc: string;
}

/** What rows of every type have, in the order of the tables; written by default. */
export const EVENT_COLUMNS = {
  event_id: { kind: 'text', doc: '32 hexadecimal digits, lower case.' },
  project_id: { kind: 'text', doc: 'The number of the project in Sentry.' },
  timestamp: { kind: 'time', doc: 'When it happened; see `received`.' },
  platform: { kind: 'text', doc: 'python, javascript, java, …; other when it is not known.' },
  level: {
    kind: 'text',
    doc: 'fatal, error, warning, info or debug; an event without one has error, a transaction info.',
  },
  logger: { kind: 'text', doc: 'The logger that was used.' },
  type: { kind: 'text', doc: 'The type of the exception that was raised.' },
  value: { kind: 'text', doc: 'Its text.' },
  message: { kind: 'text', doc: 'The message as people read it; for an exception without one its type and text.' },
  stacktrace: { kind: 'text', doc: 'The frames of the exceptions as readable text.' },
  culprit: {
    kind: 'text',
    doc: 'Where it happened: the transaction, else module and function of the frame that matters.',
  },
  title: { kind: 'text', doc: 'Type and first line of the text, else the first line of the message.' },
  release: { kind: 'text', doc: 'The version of the application.' },
  environment: { kind: 'text', doc: 'production, staging, …' },
  server_name: { kind: 'text', doc: 'The host it ran on.' },
  transaction: { kind: 'text', doc: 'The name of the request or task.' },
  user_id: {
    kind: 'text',
    doc: 'Who was affected: id, else user name, e-mail or address; of a session its distinct id.',
  },
  sdk: { kind: 'text', doc: 'Name and version of the SDK, as in sentry.python/2.75.0.' },
  handled: { kind: 'boolean', doc: 'false: an exception that nobody caught; empty when the SDK does not say.' },
  tags: { kind: 'map', doc: 'Its tags.' },
  contexts: { kind: 'json', doc: 'Its contexts (os, runtime, trace, …).' },
  hash: { kind: 'text', doc: 'The md5 by which errors are grouped.' },
  issue_id: { kind: 'text', doc: "Sentry's own id of the issue where the data has one, else `v1-` and the hash." },
  received: { kind: 'time', doc: 'When it was taken in.' },
  item_type: { kind: 'text', doc: 'event, transaction, session, span, log, issue, outcome, … as in the envelope.' },
} as const satisfies Record<string, Column>;

/** What rows of some types have besides; JSON rows hold them where there is a value, delimited ones where they are named. */
export const OTHER_COLUMNS = {
  status: {
    kind: 'text',
    doc: 'Of a session (ok, exited, crashed, …), transaction, span, check-in or issue (resolved, …).',
  },
  duration: { kind: 'number', doc: 'Seconds that a transaction, span, session or check-in took.' },
  trace_id: { kind: 'text', doc: 'The trace of an event, transaction, span or log.' },
  span_id: { kind: 'text', doc: 'The span in it.' },
  is_segment: {
    kind: 'boolean',
    doc: 'true: the topmost span of a service, which newer SDKs send in place of a transaction.',
  },
  sample_rate: { kind: 'number', doc: 'The share of transactions that the SDK sent.' },
  session_id: { kind: 'text', doc: 'The session; its updates repeat it.' },
  init: { kind: 'boolean', doc: 'true: the first message of a session.' },
  errors: { kind: 'integer', doc: 'Errors in a session so far.' },
  started: { kind: 'time', doc: 'When a session or a bucket of sessions began.' },
  quantity: { kind: 'integer', doc: 'How many sessions, discarded or counted events a row stands for.' },
  outcome: {
    kind: 'text',
    doc: 'What became of events: accepted, filtered, rate_limited, invalid, abuse, client_discard, cardinality.',
  },
  reason: { kind: 'text', doc: 'Why they were dropped.' },
  category: { kind: 'text', doc: 'What they were: error, transaction, session, …' },
  project: { kind: 'text', doc: 'The short name (slug) of the project, from a webhook.' },
  action: { kind: 'text', doc: 'What happened to an issue: created, resolved, unresolved, assigned, archived, …' },
  substatus: { kind: 'text', doc: 'new, ongoing, escalating, regressed, archived_forever, …' },
  at: { kind: 'time', doc: 'When it happened to the issue.' },
  first_seen: { kind: 'time', doc: 'When the issue was first seen.' },
  actor_type: { kind: 'text', doc: 'Who did it: user, application, …' },
} as const satisfies Record<string, Column>;

/** Every column, by name. */
export const COLUMNS = { ...EVENT_COLUMNS, ...OTHER_COLUMNS };

export type ColumnName = keyof typeof COLUMNS;

/** A row: the text of each column that has a value. */
export type SentryRow = { readonly [name in ColumnName]?: string | undefined };

export const EVENT_COLUMN_NAMES = Object.keys(EVENT_COLUMNS) as readonly ColumnName[];
export const COLUMN_NAMES = Object.keys(COLUMNS) as readonly ColumnName[];
