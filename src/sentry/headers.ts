import type { EventBatch } from '../event/event-batch.ts';
import type { HeaderColumn } from '../event/header-columns.ts';

/**
 * The headers that the source and the interceptor give an event, each a column of the batch. The body stays what it was: the bytes of one item of an
 * envelope, one message, one line. `rowsOf` makes rows of both together.
 */
export const HEADER = {
  /** As in the envelope; `log` and `access` for lines, `outcome` for messages of that topic, `issue` for webhooks. */
  itemType: 'item_type',
  eventId: 'event_id',
  projectId: 'project_id',
  /** When it happened, in ms since 1970: what the time escapes of a path take. */
  timestamp: 'timestamp',
  /** When it was taken in, in ms since 1970. */
  received: 'received',
  /** When the SDK sent it, in ms since 1970 by its own clock. */
  sentAt: 'sent_at',
  platform: 'platform',
  level: 'level',
  release: 'release',
  environment: 'environment',
  sdk: 'sdk',
  hash: 'hash',
  issueId: 'issue_id',
  /** Of an attachment. */
  filename: 'filename',
  attachmentType: 'attachment_type',
  contentType: 'content_type',
  /** Of a transaction: the share of them that the SDK sent (`trace.sample_rate` of the envelope's header). */
  sampleRate: 'sample_rate',
  /** How the body is to be read: a word of `FORMATS`. */
  format: 'sentry.format',
  /** `ok`, `unparsed`, … */
  status: 'sentry.status',
} as const;

/** What is known of an event before its body is read. Everything may be missing. */
export interface Given {
  readonly itemType?: string | undefined;
  readonly eventId?: string | undefined;
  readonly projectId?: string | undefined;
  /** Milliseconds since 1970, or NaN. */
  readonly received: number;
  /** Milliseconds since 1970, or NaN. */
  readonly sentAt: number;
  /** Of events that the `timestamp` interceptor or another reader has dated, or NaN: for lines without a date of their own. */
  readonly timestamp: number;
  readonly sdk?: string | undefined;
  readonly hash?: string | undefined;
  readonly issueId?: string | undefined;
  readonly format?: string | undefined;
  /** Of an attachment. */
  readonly filename?: string | undefined;
  readonly attachmentType?: string | undefined;
  readonly sampleRate?: string | undefined;
  /** For payloads that do not say. */
  readonly release?: string | undefined;
  readonly environment?: string | undefined;
}

/** Reads the headers of the rows of a batch; finds their columns once. */
export class GivenReader {
  readonly #columns: Readonly<Record<keyof Given, HeaderColumn | undefined>>;

  constructor(batch: EventBatch) {
    this.#columns = {
      itemType: batch.header(HEADER.itemType),
      eventId: batch.header(HEADER.eventId),
      projectId: batch.header(HEADER.projectId),
      received: batch.header(HEADER.received),
      sentAt: batch.header(HEADER.sentAt),
      timestamp: batch.header(HEADER.timestamp),
      sdk: batch.header(HEADER.sdk),
      hash: batch.header(HEADER.hash),
      issueId: batch.header(HEADER.issueId),
      format: batch.header(HEADER.format),
      filename: batch.header(HEADER.filename),
      attachmentType: batch.header(HEADER.attachmentType),
      sampleRate: batch.header(HEADER.sampleRate),
      release: batch.header(HEADER.release),
      environment: batch.header(HEADER.environment),
    };
  }

  of(row: number): Given {
    const columns = this.#columns;
    return {
      itemType: columns.itemType?.value(row),
      eventId: columns.eventId?.value(row),
      projectId: columns.projectId?.value(row),
      received: columns.received?.number(row) ?? Number.NaN,
      sentAt: columns.sentAt?.number(row) ?? Number.NaN,
      timestamp: columns.timestamp?.number(row) ?? Number.NaN,
      sdk: columns.sdk?.value(row),
      hash: columns.hash?.value(row),
      issueId: columns.issueId?.value(row),
      format: columns.format?.value(row),
      filename: columns.filename?.value(row),
      attachmentType: columns.attachmentType?.value(row),
      sampleRate: columns.sampleRate?.value(row),
      release: columns.release?.value(row),
      environment: columns.environment?.value(row),
    };
  }
}
