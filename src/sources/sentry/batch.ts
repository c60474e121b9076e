import { EventBatch } from '../../event/event-batch.ts';
import { ConstantColumn, type HeaderColumn, NumberColumn, TextColumn } from '../../event/header-columns.ts';
import { HEADER } from '../../sentry/headers.ts';
import type { Row } from './rows.ts';

type TextOf = (row: Row) => string | undefined;
type NumberOf = (row: Row) => number;

const TEXTS: readonly (readonly [name: string, of: TextOf])[] = [
  [HEADER.itemType, (row) => row.itemType],
  [HEADER.eventId, (row) => row.eventId],
  [HEADER.projectId, (row) => row.projectId],
  [HEADER.platform, (row) => row.facts.platform],
  [HEADER.level, (row) => row.facts.level],
  [HEADER.release, (row) => row.release],
  [HEADER.environment, (row) => row.environment],
  [HEADER.sdk, (row) => row.facts.sdk],
  [HEADER.hash, (row) => row.facts.hash],
  [HEADER.issueId, (row) => row.facts.issueId],
  [HEADER.filename, (row) => row.filename],
  [HEADER.attachmentType, (row) => row.attachmentType],
  [HEADER.contentType, (row) => row.contentType],
  [HEADER.sampleRate, (row) => row.sampleRate],
  [HEADER.status, (row) => (row.parsed ? 'ok' : 'unparsed')],
];

const NUMBERS: readonly (readonly [name: string, of: NumberOf])[] = [
  [HEADER.timestamp, (row) => Math.floor(row.facts.timestamp)],
  [HEADER.received, (row) => Math.floor(row.received)],
  [HEADER.sentAt, (row) => Math.floor(row.sentAt)],
];

const FORMAT = new ConstantColumn(HEADER.format, 'item');
const LINE_FEED = 0x0a;

/** The rows as one batch, in memory of its own, a line feed behind each body. */
export function batchOf(rows: readonly Row[]): EventBatch {
  let bytes = rows.length;
  for (const { body } of rows) bytes += body.length;
  const body = Buffer.allocUnsafeSlow(bytes);
  const starts = new Uint32Array(rows.length);
  const ends = new Uint32Array(rows.length);
  let at = 0;
  rows.forEach((row, i) => {
    starts[i] = at;
    at += row.body.copy(body, at);
    ends[i] = at;
    body[at++] = LINE_FEED;
  });
  return new EventBatch({ body, starts, ends, headers: columnsOf(rows), delimiter: LINE_FEED });
}

function columnsOf(rows: readonly Row[]): HeaderColumn[] {
  const columns: HeaderColumn[] = [];
  for (const [name, of] of TEXTS) addTexts(columns, name, rows, of);
  for (const [name, of] of NUMBERS) addNumbers(columns, name, rows, of);
  columns.push(FORMAT);
  return columns;
}

/** One value where all rows agree; no column where none has one. */
function addTexts(columns: HeaderColumn[], name: string, rows: readonly Row[], of: TextOf): void {
  const first = of(rows[0]!);
  if (rows.every((row) => of(row) === first)) {
    if (first !== undefined) columns.push(new ConstantColumn(name, first));
    return;
  }
  columns.push(new TextColumn(name, rows.map(of)));
}

function addNumbers(columns: HeaderColumn[], name: string, rows: readonly Row[], of: NumberOf): void {
  const numbers = Float64Array.from(rows, of);
  if (!numbers.every(Number.isNaN)) columns.push(new NumberColumn(name, numbers));
}
